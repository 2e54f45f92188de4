import random
import secrets
import signal
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error, IntegrityError, OperationalError, connection

from calls.management.progress import Progress
from calls.management.seeding.copies import Pattern, patterns
from calls.management.seeding.followers import Followers
from calls.management.seeding.when import portions, starts
from calls.management.seeding.writing import Copy, Portion, analyze, write
from calls.models import PhoneNumber

AT_ONCE = {"postgresql": 2_000, "sqlite": 500}  # calls of one portion; on SQLite events wait for it
SINCE_THE_LAST = timedelta(minutes=30)
CALLERS = [f"447700900{number:03}" for number in range(1_000)]
OURS = [f"442079460{number:03}" for number in (0, 10, 21, 34, 55, 70, 88, 99)]
FICTITIOUS = "442079460"


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
        progress, added = Progress(self.stdout, count), list[int]()
        try:
            with ended_by_signals():
                _add(_portions(patterns(chance), count, days, until, chance), progress, added)
        except (IntegrityError, OperationalError) as error:
            if isinstance(error, IntegrityError) and not added:
                raise CommandError(f"Calls of --seed {seed} are there already: give another one.") from error
            raise CommandError(f"{_so_far(added)} --seed {seed}\nThen: {str(error).strip()}") from error
        except KeyboardInterrupt as end:
            progress.clear()
            self.stdout.write(f"{_so_far(added)} --seed {seed}")
            sys.exit(128 + (signal.SIGTERM if isinstance(end, Terminated) else signal.SIGINT))  # as a shell says it
        finally:
            progress.clear()
        seconds = time.monotonic() - begun
        self.stdout.write(f"Added {count:,} calls in {seconds:.1f} s, {count / seconds:,.0f} a second. --seed {seed}")


class Terminated(KeyboardInterrupt):
    """SIGTERM, which is to end the command as Ctrl-C does."""


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM raise Terminated, and SIGINT KeyboardInterrupt also where a shell's background ignores it."""

    def end(number: int, _: object) -> None:
        raise Terminated if number == signal.SIGTERM else KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # nobody else may
        yield
        return
    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _add(made: Iterator[Portion], progress: Progress, added: list[int]) -> None:
    """Write them, while others read and write."""
    followers = Followers()
    try:
        with closing(write(made, added)) as written:
            for filled in written:
                followers.add(filled.events)
                followers.move()
                progress.move(filled.calls)
        followers.move()
    finally:  # ended early, too
        progress.tell("statistics")
        with suppress(Error):  # what went wrong before is to be told, and Postgres does it later by itself
            analyze()


def _so_far(added: list[int]) -> str:
    """Say what was added by a command that is ended early: of what was under way then, each portion is, or it isn't."""
    return f"Ended early. Added {sum(added):,} calls, which are whole." if added else "Ended early. Nothing was added."


def _portions(made: list[Pattern], count: int, days: int, until: datetime, chance: random.Random) -> Iterator[Portion]:
    """Give what is to be written, in order of start."""
    ours = list(PhoneNumber.objects.filter(msisdn__startswith=FICTITIOUS).values_list("msisdn", flat=True)) or OURS
    weights = [pattern.weight for pattern in made]
    popular = [1 / (number + 5) for number in range(len(CALLERS))]  # some call often
    moments = starts(count, days, until - SINCE_THE_LAST, chance)
    for portion in portions(moments, AT_ONCE[connection.vendor]):
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
