"""manage.py flow_export: write a flow's draft as YAML or JSON."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from calls.flows import text
from calls.management.flow_files import find_flow


class Command(BaseCommand):
    help = "Write a call flow's draft as YAML (or JSON), which flow_import takes in again without loss."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("flow", help="its name, or a number that has it")
        parser.add_argument("--json", action="store_true", help="JSON instead of YAML")
        parser.add_argument("--output", metavar="FILE", help="a file instead of standard output")

    def handle(self, *, flow: str, json: bool, output: str | None, **options: Any) -> None:
        data = text.export(find_flow(flow))
        written = text.as_json(data) if json else text.as_yaml(data)
        if output is None:
            self.stdout.write(written, ending="")
            return
        try:
            Path(output).write_text(written, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"Wrote “{data['name']}”, {len(data['steps'])} steps, to {output}.")
