"""manage.py recordings: what was recorded, and fetching it now. The worker fetches by itself."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from calls.control.recordings import fetch_anew, fetch_one, in_kb, look
from calls.models import Recording, RecordingState
from calls.templatetags.calls_format import duration

WORDS = {"waiting": "waits", "kept": "kept", "failed": "failed"}
SHOWN = 50


class Command(BaseCommand):
    help = "List recordings, or fetch them now. The worker looks for new ones every five seconds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        ways = parser.add_subparsers(dest="way", required=True)
        listing = ways.add_parser("list", help="say what was recorded, the newest first, and why what is missing is")
        listing.add_argument("--state", choices=RecordingState.values, help="those alone that are so")
        listing.add_argument("--count", type=int, default=SHOWN, help=f"how many at most; {SHOWN} unless told")
        fetching = ways.add_parser(
            "fetch", help="fetch those that are due, or the ones named, whatever was tried before"
        )
        fetching.add_argument("ids", nargs="*", type=int, help="numbers as listed")

    def handle(self, *, way: str, **options: Any) -> None:
        while look(60):
            pass
        if way == "list":
            self.tell(options["state"], options["count"])
        elif not self.fetch(options["ids"]):
            sys.exit(1)

    def tell(self, state: str | None, count: int) -> None:
        """List them in lines."""
        found = Recording.objects.select_related("event").order_by("-pk")
        if state:
            found = found.filter(state=state)
        rows = list(found[: max(count, 0)])
        for recording in rows:
            self.stdout.write(line(recording))
        left = found.count() - len(rows)
        self.stdout.write(
            f"… and {left:,} more." if left else "" if rows else "There is none.",
            ending="\n" if left or not rows else "",
        )

    def fetch(self, ids: list[int]) -> bool:
        """Fetch, and say what came of it. Gives whether all went well."""
        missing = set(ids) - set(Recording.objects.filter(pk__in=ids).values_list("pk", flat=True))
        if missing:
            raise CommandError(f"There is no recording {min(missing)}. `manage.py recordings list` names them.")
        wanted = ids or list(Recording.objects.due().values_list("pk", flat=True))
        well = True
        for pk in wanted:
            recording = fetch_anew(pk) if ids else fetch_one(pk)
            if recording is None:
                self.stdout.write(f"{pk}  is kept already, or being fetched by the worker")
                continue
            well = well and recording.state == RecordingState.KEPT
            self.stdout.write(line(recording))
        if not wanted:
            self.stdout.write("Nothing is due.")
        return well


def line(recording: Recording) -> str:
    """Tell one in a line: number, state, call, time, length, size, and what is the matter."""
    at = timezone.localtime(recording.event.occurred_at)
    facts = [f"call {recording.event.call_id or '–'}", f"{at:%Y-%m-%d %H:%M:%S}", duration(recording.lasts)]
    if recording.state == RecordingState.KEPT:
        facts += [in_kb(recording.size or 0), str(recording.file.name)]
    if recording.state == RecordingState.WAITING and recording.tries:
        facts.append(f"tried {recording.tries}×, again at {timezone.localtime(recording.next_at):%H:%M:%S}")
    return "  ".join([str(recording.pk), WORDS[recording.state], *facts, recording.problem]).rstrip()
