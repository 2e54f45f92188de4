"""manage.py export_fallback: a static NCCO for the fallback URL of any web server."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from calls.flows.fallback import fallback_ncco
from calls.flows.routing import directory
from calls.management.commands.flow_publish import time_of
from calls.vonage import numbers


class Command(BaseCommand):
    help = (
        "Write what callers of a number hear as an NCCO that asks nothing: put it on any web server, and let the "
        "application's fallback URL name it. Menus lead where they lead callers who press nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--number", required=True)
        parser.add_argument("--at", help="as at this time, 2026-12-24T14:00 (now)")
        parser.add_argument("--output", metavar="FILE", help="a file instead of standard output")

    def handle(self, *, number: str, at: str | None, output: str | None, **options: Any) -> None:
        directory.look()
        msisdn = numbers.typed(number)
        try:
            said = fallback_ncco(directory, msisdn, time_of(at) or timezone.now())
        except LookupError:
            raise CommandError(f"{number} is no number of ours, or nothing is published for it.") from None
        written = json.dumps(said, ensure_ascii=False, indent=2) + "\n"
        if output is None:
            self.stdout.write(written, ending="")
            return
        try:
            Path(output).write_text(written, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"Wrote {len(said)} actions to {output}.")
