import random
import secrets
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Max

from calls.management.progress import Progress
from calls.management.seeding.copies import Pattern, patterns
from calls.management.seeding.when import starts
from calls.management.seeding.writing import Copy, Portion, at_once, in_turn, side_by_side
from calls.models import Bookmark, Call, CallEvent, PhoneNumber
from calls.records import counting
from calls.records.quarters import DAY, quarter_of

AT_ONCE = 2_000  # calls of one portion
MANY = 2  # times what is to be added: with fewer calls there, indexes are made anew
SINCE_THE_LAST = timedelta(minutes=30)
A_MONTH = 30 * DAY  # quarters of an hour that are summed up at a time
CALLERS = [f"447700900{number:03}" for number in range(1_000)]
OURS = [f"442079460{number:03}" for number in (0, 10, 21, 34, 55, 70, 88, 99)]
FICTITIOUS = "442079460"
FOLLOWERS = ("recordings", "search", counting.NAME)  # what these make of events is written here already


class Command(BaseCommand):
    help = "Add many calls that never were, with all their events, to see what a long history looks like."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--count", type=int, default=10_000, help="calls: 10000")
        parser.add_argument("--days", type=int, default=90, help="over which they are spread: 90")
        parser.add_argument("--seed", type=int, help="any number; with the same one the same calls are made")
        parser.add_argument("--until", type=datetime.fromisoformat, help="2026-11-23T14:00: now, unless told")

    def handle(self, *, count: int, days: int, seed: int | None, until: datetime | None, **options: Any) -> None:
        if count < 1 or days < 1:
            raise CommandError("Give a --count and --days of 1 or more.")
        seed = secrets.randbelow(10**6) if seed is None else seed
        begun, chance = time.monotonic(), random.Random(seed)  # noqa: S311 -- no secret
        until = (until or datetime.now(UTC)).replace(second=0, microsecond=0, tzinfo=UTC)
        progress = Progress(self.stdout, count)
        try:
            quarters = range(quarter_of(until - timedelta(days=days + 1)), quarter_of(until) + 1)
            _add(_portions(patterns(chance), count, days, until, chance), count, quarters, progress)
        except IntegrityError as error:
            raise CommandError(f"Calls of --seed {seed} are there already: give another one.") from error
        except OperationalError as error:
            raise CommandError(f"Nothing was added: {str(error).strip()}") from error
        finally:
            progress.clear()
        seconds = time.monotonic() - begun
        self.stdout.write(f"Added {count:,} calls in {seconds:.1f} s, {count / seconds:,.0f} a second. --seed {seed}")


def _add(portions: Iterator[Portion], count: int, quarters: range, progress: Progress) -> None:
    """Write them: many in one transaction that has the call log for itself, few as events come in."""
    if Call.objects.count() <= MANY * count:
        with transaction.atomic():
            caught_up = _caught_up()
            at_ease = connection.vendor == "postgresql"
            for done in at_once(portions, progress.tell) if at_ease else in_turn(portions):
                progress.move(done)
            _sum_up(quarters, progress)
            newest = CallEvent.objects.aggregate(newest=Max("pk"))["newest"]
            Bookmark.objects.filter(name__in=caught_up).update(seen=newest, newest=newest)
        return
    alone = connection.vendor == "postgresql" and not connection.in_atomic_block
    for done in side_by_side(portions) if alone else in_turn(portions):
        progress.move(done)
    with transaction.atomic():
        _sum_up(quarters, progress)


def _portions(made: list[Pattern], count: int, days: int, until: datetime, chance: random.Random) -> Iterator[Portion]:
    """Give what is to be written, in order of start."""
    ours = list(PhoneNumber.objects.filter(msisdn__startswith=FICTITIOUS).values_list("msisdn", flat=True)) or OURS
    weights = [pattern.weight for pattern in made]
    popular = [1 / (number + 5) for number in range(len(CALLERS))]  # some call often
    moments = starts(count, days, until - SINCE_THE_LAST, chance)
    while portion := list(islice(moments, AT_ONCE)):
        chosen = chance.choices(made, weights, k=len(portion))
        callers = chance.choices(CALLERS, popular, k=2 * len(portion))
        named = zip(callers[: len(portion)], callers[len(portion) :], strict=True)
        names = [_names(caller, chance.choice(ours), person, chance) for caller, person in named]
        copies = [Copy(*one) for one in zip(chosen, names, portion, strict=True)]
        yield Portion(copies, until, chance)


def _names(caller: str, ours: str, person: str, chance: random.Random) -> dict[str, str]:
    ids = [f"{chance.getrandbits(128):032x}" for _ in range(4)]
    leg1, room, file = (f"{one[:8]}-{one[8:12]}-4{one[13:16]}-8{one[17:20]}-{one[20:]}" for one in ids[1:])
    person = person if person != caller else CALLERS[CALLERS.index(caller) - 1]
    parties = {"caller": caller, "ours": ours, "person": person}
    return {**parties, "leg0": ids[0], "leg1": leg1, "room": f"CON-{room}", "file": file}


def _caught_up() -> list[str]:
    """Name those followers of the log that have seen all there is: they need not see what is made here."""
    newest = CallEvent.objects.aggregate(newest=Max("pk"))["newest"] or 0
    there = {mark.name: mark for mark in Bookmark.objects.filter(name__in=FOLLOWERS)}
    if not newest:
        Bookmark.objects.bulk_create([Bookmark(name=name) for name in FOLLOWERS if name not in there])
        return list(FOLLOWERS)
    return [name for name, mark in there.items() if mark.newest >= newest]


def _sum_up(quarters: range, progress: Progress) -> None:
    """Make the sums of the reports. Their rows were written already."""
    progress.tell("sums")
    counting.hold()
    for first in range(0, len(quarters), A_MONTH):
        counting.sum_up(quarters[first : first + A_MONTH])
