"""manage.py flow_lint: say what is wrong or odd with flows, here or in files."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from calls.flows import text
from calls.flows.compile import Compiled, compile_draft
from calls.flows.importing import problems_of, take_in
from calls.flows.parsing import BadText, parse
from calls.management.flow_files import content_of, find_flow
from calls.models import CallFlow


class Command(BaseCommand):
    help = (
        "Check drafts of call flows by name or number, or files: flows as YAML or JSON, or NCCOs. Without any it "
        "checks all drafts. Exits with 1 where something forbids to publish; with --strict also where something is odd."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", nargs="*", help="a flow's name, a number, or a file")
        parser.add_argument("--strict", action="store_true", help="exit with 1 for warnings as well")

    def handle(self, *, what: list[str], strict: bool, **options: Any) -> None:
        errors = warnings = 0
        for name in what or [flow.name for flow in CallFlow.objects.all()]:
            wrong, odd = self.check_one(name)
            for line in wrong:
                self.stdout.write(f"{name}: error: {line}")
            for line in odd:
                self.stdout.write(f"{name}: warning: {line}")
            if not wrong and not odd:
                self.stdout.write(f"{name}: fine")
            errors, warnings = errors + len(wrong), warnings + len(odd)
        if errors or (strict and warnings):
            raise CommandError(f"{errors} errors, {warnings} warnings.")

    def check_one(self, name: str) -> tuple[list[str], list[str]]:
        if name != "-" and not Path(name).is_file():
            return told(compile_draft(find_flow(name)))
        content = content_of(name)
        try:
            if isinstance(given := parse(content), list):
                return problems_of(given)
            return self.check_text(text.read(content))
        except BadText as error:
            return list(error.reasons), []

    @staticmethod
    def check_text(given: text.FlowText) -> tuple[list[str], list[str]]:
        """Take it in, check it, and undo that."""
        with transaction.atomic():
            checked = compile_draft(take_in(given))
            transaction.set_rollback(True)
        return told(checked)


def told(checked: Compiled) -> tuple[list[str], list[str]]:
    return [str(one) for one in checked.errors], [str(one) for one in checked.warnings]
