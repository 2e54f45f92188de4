"""manage.py flow_import: take in a flow from its text form, or any NCCO for a number."""

from argparse import ArgumentParser
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from calls.flows import text
from calls.flows.compile import compile_draft
from calls.flows.importing import ncco_for_number, problems_of, take_in
from calls.flows.parsing import BadText, parse
from calls.flows.publish import publish
from calls.management.flow_files import content_of, find_flow, refusal
from calls.models import CallFlow, PhoneNumber
from calls.vonage import numbers


class Command(BaseCommand):
    help = (
        "Take in a call flow from YAML or JSON as flow_export writes it, as a draft; or with --number and --ncco any "
        "NCCO, which is served as it was given. With --publish callers hear it from the next call on. Exits with 1, "
        "and changes nothing, where something forbids it; with --strict also where something is odd."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", help="a flow as YAML or JSON; “-” for standard input")
        parser.add_argument(
            "--into", metavar="FLOW", help="replace the draft of this flow; without it a new one is made"
        )
        parser.add_argument("--name", help="call it so, whatever the file says")
        parser.add_argument("--number", help="the number whose callers get it; made where it is not here")
        parser.add_argument("--ncco", metavar="FILE", help="a JSON array of actions, for --number")
        parser.add_argument("--as-steps", action="store_true", help="of an NCCO make steps, where that means the same")
        parser.add_argument("--publish", action="store_true", help="let callers hear it")
        parser.add_argument("--note", default="", help="what changed, for the list of versions")
        parser.add_argument("--strict", action="store_true", help="exit with 1 for warnings as well")

    def handle(self, **options: Any) -> None:
        if bool(options["file"]) == bool(options["ncco"]):
            raise CommandError("Give a file with a flow, or --number and --ncco FILE.")
        if options["ncco"] and not options["number"]:
            raise CommandError("Give --number: the number whose callers get the NCCO.")
        with transaction.atomic():
            flow = self.take_ncco(**options) if options["ncco"] else self.take_flow(**options)
            self.finish(flow, **options)

    def take_ncco(self, *, ncco: str, number: str, as_steps: bool, **options: Any) -> CallFlow:
        try:
            actions = parse(content_of(ncco))
        except BadText as error:
            raise refusal(ncco, error) from error
        if isinstance(actions, dict) and "callflow" in actions:
            raise CommandError(f"{ncco}: it is a flow, not an NCCO. Give the file without --ncco.")
        wrong, _ = problems_of(actions)
        if wrong:
            raise CommandError("\n".join(f"{ncco}: {reason}" for reason in wrong))
        if not actions:
            raise CommandError(f"{ncco}: there is no action in it, so callers would hear nothing. Write one.")
        try:
            return ncco_for_number(number, actions, as_steps=as_steps)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error

    def take_flow(
        self, *, file: str, into: str | None, name: str | None, number: str | None, **options: Any
    ) -> CallFlow:
        try:
            content = content_of(file)
            if isinstance(parse(content), list):
                raise CommandError(f"{file}: it is a list, as an NCCO is. Give it with --number NUMBER --ncco {file}.")
            given = text.read(content)
            target = find_flow(into) if into else None
            if target is None and CallFlow.objects.filter(name=name or given.name).exists():
                called = name or given.name
                raise CommandError(f"There is a flow “{called}” already. Replace its draft: --into “{called}”.")
            flow = take_in(replace(given, name=name or (target.name if target else given.name)), into=target)
        except BadText as error:
            raise refusal(file, error) from error
        if number:
            self.assign(number, flow)
        return flow

    def assign(self, msisdn: str, flow: CallFlow) -> None:
        number = PhoneNumber.objects.filter(msisdn=numbers.typed(msisdn)).first()
        number = number or PhoneNumber(msisdn=numbers.typed(msisdn))
        number.flow = flow
        try:
            number.full_clean(validate_constraints=False)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        number.save()

    def finish(self, flow: CallFlow, *, publish: bool, strict: bool, note: str, **options: Any) -> None:
        """Say how it stands, publish if told to. Raises CommandError, which undoes all."""
        checked = compile_draft(flow)
        for warning in checked.warnings:
            self.stderr.write(f"Warning: {warning}", self.style.WARNING)
        if strict and checked.warnings:
            raise CommandError("With --strict a warning forbids it: nothing was changed.")
        if publish and checked.errors:
            raise CommandError("\n".join(str(error) for error in checked.errors))
        for error in checked.errors:
            self.stderr.write(f"Before it can be published: {error}", self.style.WARNING)
        count = flow.steps.count()
        steps = "one step" if count == 1 else f"{count} steps"
        if not publish:
            self.stdout.write(f"Took in “{flow}”, {steps}, as a draft: nobody hears it before it is published.")
            return
        version = _publish(flow, note=note)
        self.stdout.write(f"Published “{flow}” as v{version.number}, {steps}: heard from the next call on.")


_publish = publish  # the option has this name too
