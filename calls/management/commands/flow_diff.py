"""manage.py flow_diff: what callers notice between two versions of a flow, its draft, or a file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from calls.flows import text
from calls.flows.compile import compile_draft
from calls.flows.diff import differences
from calls.flows.importing import take_in
from calls.flows.parsing import BadText
from calls.flows.program import Program
from calls.flows.reading import known_of
from calls.management.flow_files import content_of, find_flow, refusal, version_of
from calls.models import CallFlow


class Command(BaseCommand):
    help = (
        "Say what callers notice between two of: “live”, “draft”, a version’s number, a file that flow_import reads. "
        "Without them: between what is live and the draft. What goes stands in [-…-], what comes in [+…+]. Exits with "
        "0 where they say the same, and with 1 where they don’t."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("flow", help="its name, or a number that has it")
        parser.add_argument("old", nargs="?", default="live", help="live, draft, 3 or a file (live)")
        parser.add_argument("new", nargs="?", default="draft", help="the same (draft)")

    def handle(self, *, flow: str, old: str, new: str, **options: Any) -> None:
        found = find_flow(flow)
        before, after = program_of(found, old), program_of(found, new)
        if after is None:
            raise CommandError(f"Nothing of {found} is live yet.")
        changes = differences(before, after, known_of(before, after))
        for change in changes:
            self.stdout.write(str(change).rstrip())
        if not changes:
            self.stdout.write("They say the same.")
            return
        count = "1 change" if len(changes) == 1 else f"{len(changes)} changes"
        raise CommandError(f"{count} from {old} to {new}.")


def program_of(flow: CallFlow, which: str) -> Program | None:
    """Find a program. None: nothing was live yet. Raises CommandError."""
    if which == "live":
        version = flow.live_version()
        return version.program if version else None
    if which == "draft":
        return compile_draft(flow).program
    if which.isascii() and which.removeprefix("v").isdigit():
        found: Program = version_of(flow.pk, int(which.removeprefix("v"))).program
        return found
    if not Path(which).is_file() and which != "-":
        raise CommandError(f"“{which}” is neither live, draft, a version’s number nor a file.")
    try:
        with transaction.atomic():  # it is taken in to be compared, and that undone
            compiled = compile_draft(take_in(text.read(content_of(which)), into=flow))
            transaction.set_rollback(True)
        return compiled.program
    except BadText as error:
        raise refusal(which, error) from error
