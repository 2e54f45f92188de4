"""manage.py flow_publish: let callers hear a flow's draft, or an earlier version again."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from calls.flows.compile import compile_draft
from calls.flows.publish import go_live, publish
from calls.management.flow_files import find_flow, version_of


class Command(BaseCommand):
    help = (
        "Publish a call flow's draft, or with --version-number bring an earlier version back. "
        "Exits with 1 where it cannot be."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("flow", help="its name, or a number that has it")
        parser.add_argument("--note", default="", help="what changed, for the list of versions")
        parser.add_argument("--version-number", type=int, metavar="N", help="bring this version back")
        parser.add_argument(
            "--at", help="go live at this time, 2026-12-24T14:00, in TIME_ZONE unless it says otherwise"
        )
        parser.add_argument("--until", help="and go back at this one")
        parser.add_argument("--strict", action="store_true", help="exit with 1 for warnings as well")

    def handle(self, *, flow: str, note: str, version_number: int | None, strict: bool, **options: Any) -> None:
        found = find_flow(flow)
        at, until = time_of(options["at"]), time_of(options["until"])
        try:
            if version_number is None:
                checked = compile_draft(found)
                for warning in checked.warnings:
                    self.stderr.write(f"Warning: {warning}", self.style.WARNING)
                if strict and checked.warnings:
                    raise CommandError("With --strict a warning forbids it: nothing was published.")
                version = publish(found, note=note, from_at=at, until_at=until)
            else:
                version = version_of(found.pk, version_number)
                go_live(version, note=note, from_at=at, until_at=until)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        since = f"from {at:%Y-%m-%d %H:%M %Z} on" if at else "from the next call on"
        back = f", until {until:%Y-%m-%d %H:%M %Z}" if until else ""
        self.stdout.write(f"“{found}” v{version.number}: heard {since}{back}.")


def time_of(given: str | None) -> datetime | None:
    """Read a time. Raises CommandError."""
    if given is None:
        return None
    try:
        moment = parse_datetime(given)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"“{given}” is no time. Write 2026-12-24T14:00.")
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
