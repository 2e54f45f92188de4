"""manage.py prune: let go of what PAYLOAD_DAYS and CALL_DAYS say, now. The worker does so by itself."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from calls.records.lost_ends import close_lost_calls
from calls.records.retention import Done, prune


class Command(BaseCommand):
    help = (
        "Empty payloads after PAYLOAD_DAYS and delete calls after CALL_DAYS, counted from the last thing received of a "
        "call, some thousands of events at a time. Calls in progress stay; those that nothing was told of for "
        "CALL_STALE_HOURS are closed first. The server may run meanwhile."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, do nothing")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        days = {"PAYLOAD_DAYS": settings.PAYLOAD_DAYS, "CALL_DAYS": settings.CALL_DAYS}
        if not any(days.values()):
            self.stdout.write("PAYLOAD_DAYS and CALL_DAYS are 0: everything is kept for ever.")
            return
        closed = 0 if dry_run else sum(1 for _ in close_lost_calls())
        if closed:
            self.stdout.write(f"Closed {counted(closed, 'calls whose end was never told')}.")
        done = Done()
        for portion in prune(dry_run=dry_run):
            done += portion
        self.stdout.write(f"{' and '.join(f'{name}={value}' for name, value in days.items())}.")
        self.stdout.write(in_words(done, dry_run=dry_run))


def in_words(done: Done, *, dry_run: bool) -> str:
    """Say what was done: "Done: 3 calls deleted, 20 events deleted."."""
    what = ", ".join(counted(count, name) for name, count in done.items() if count) or "nothing"
    return f"{'Would be done' if dry_run else 'Done'}: {what}."


def counted(count: int, name: str) -> str:
    """Say how many: "3 calls deleted", "1 call deleted"."""
    return f"{count:,} {name.replace('s ', ' ', 1) if count == 1 else name}"
