"""manage.py refold: read all that was kept again, as after a correction of how we read it."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from calls.management.progress import Progress
from calls.models import Call
from calls.records.refold import refold, what_to_read

WORDS = ("call", "leg", "event")
Changed = dict[str, set[int | str]]  # names of rows by their word


class Command(BaseCommand):
    help = (
        "Read the payloads that were kept again, and write the columns of events, legs and calls anew. Say what "
        "changed; -v 2 names it. The server may run meanwhile. Sealed calls have no payloads, and stay as they are."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", type=moment, help="only calls of which something was received since: 2026-11-23")
        parser.add_argument(
            "--call", metavar="CALL", help="one call alone: its number, or the uuid of a leg or conversation"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would change, change nothing")

    def handle(
        self, *, since: datetime | None, call: str | None, dry_run: bool, verbosity: int, **options: Any
    ) -> None:
        chosen = None if call is None else [find(call).pk]
        calls, loose = what_to_read(since=since, calls=chosen)
        progress = Progress(self.stderr, len(calls) + len(loose))
        changed: Changed = {word: set() for word in WORDS}
        for count, changes in refold(calls, loose, dry_run=dry_run):
            for word, rows in changes.items():
                changed[word] |= rows.keys()
                if verbosity > 1:
                    progress.clear()
                    self.stdout.writelines(f"{word} {name}: {', '.join(what)}\n" for name, what in rows.items())
            progress.move(count)
        progress.clear()
        self.stdout.write(in_words(changed, len(calls), len(loose), dry_run=dry_run))


def moment(text: str) -> datetime:
    """Read the day or time of --since; without a zone it is in TIME_ZONE."""
    try:
        found = parse_datetime(text)
    except ValueError as error:
        raise ArgumentTypeError(f"“{text}” is no time: {error}") from error
    if found is None:
        raise ArgumentTypeError(f"“{text}” is no time. Write 2026-11-23 or 2026-11-23T14:00.")
    return timezone.make_aware(found) if timezone.is_naive(found) else found


def find(name: str) -> Call:
    """Find a call that can be read again. Raises CommandError."""
    by_name = Q(legs__uuid=name) | Q(conversations__uuid=name) | Q(origin_uuid=name)
    if name.isascii() and name.isdigit() and len(name) < 16:
        by_name |= Q(pk=int(name))
    call = Call.objects.filter(by_name).distinct().order_by("-pk").first()
    if call is None:
        raise CommandError(f"There is no call {name}: give its number, or the uuid of a leg or conversation.")
    if call.sealed:
        raise CommandError(f"Call {call.pk} is sealed: its payloads were emptied, so it cannot be read again.")
    return call


def in_words(changed: Changed, calls: int, loose: int, *, dry_run: bool) -> str:
    """Say what changed: "…; 3 calls, 5 legs, 7 events changed."."""
    read = f"{counted(calls, 'call')} and {counted(loose, 'event')} without a call were read again"
    what = (
        ", ".join(counted(len(names), word) for word, names in changed.items()) if any(changed.values()) else "nothing"
    )
    return f"{read}; {what} {'would change' if dry_run else 'changed'}."


def counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
