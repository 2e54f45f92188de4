import random
import secrets
import time
from argparse import ArgumentParser
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Max

from calls.management.progress import Progress
from calls.management.seeding.copies import TABLES, Pattern, columns_of, patterns
from calls.management.seeding.when import starts
from calls.models import Bookmark, CallEvent, PhoneNumber

AT_ONCE = 2_000  # calls of one transaction
WRITERS = 2  # connections to Postgres that write at the same time
CALLERS = [f"447700900{number:03}" for number in range(1_000)]
OURS = [f"442079460{number:03}" for number in (0, 10, 21, 34, 55, 70, 88, 99)]
FICTITIOUS = "442079460"
FOLLOWERS = ("recordings", "search")  # what these look for in events is written here already
Rows = dict[str, list[str]]


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
        caught_up = _caught_up()
        copies = _copies(patterns(chance), count, days, until - timedelta(minutes=30), chance)
        progress = Progress(self.stdout, count)
        try:
            for done in _write_all(copies):
                progress.move(done)
        except IntegrityError as error:
            raise CommandError(f"Calls of --seed {seed} are there already: give another one.") from error
        finally:
            progress.clear()
        newest = CallEvent.objects.aggregate(newest=Max("pk"))["newest"]
        Bookmark.objects.filter(name__in=caught_up).update(seen=newest, newest=newest)
        seconds = time.monotonic() - begun
        self.stdout.write(f"Added {count:,} calls in {seconds:.1f} s, {count / seconds:,.0f} a second. --seed {seed}")


class Copy:
    """A call that is to be written."""

    def __init__(self, pattern: Pattern, names: dict[str, str], start: datetime, chance: random.Random) -> None:
        self.pattern, self.names, self.start, self.chance = pattern, names, start, chance


def _copies(made: list[Pattern], count: int, days: int, until: datetime, chance: random.Random) -> Iterator[list[Copy]]:
    """Give what is to be written, in portions and in order of start."""
    ours = list(PhoneNumber.objects.filter(msisdn__startswith=FICTITIOUS).values_list("msisdn", flat=True)) or OURS
    weights = [pattern.weight for pattern in made]
    popular = [1 / (number + 5) for number in range(len(CALLERS))]  # some call often
    moments = starts(count, days, until, chance)
    while portion := list(islice(moments, AT_ONCE)):
        chosen = chance.choices(made, weights, k=len(portion))
        callers = chance.choices(CALLERS, popular, k=2 * len(portion))
        yield [
            Copy(pattern, _names(caller, chance.choice(ours), person, chance), start, chance)
            for pattern, start, caller, person in zip(
                chosen, portion, callers[: len(portion)], callers[len(portion) :], strict=True
            )
        ]


def _names(caller: str, ours: str, person: str, chance: random.Random) -> dict[str, str]:
    ids = [f"{chance.getrandbits(128):032x}" for _ in range(4)]
    leg1, room, file = (f"{one[:8]}-{one[8:12]}-4{one[13:16]}-8{one[17:20]}-{one[20:]}" for one in ids[1:])
    person = person if person != caller else CALLERS[CALLERS.index(caller) - 1]
    parties = {"caller": caller, "ours": ours, "person": person}
    return {**parties, "leg0": ids[0], "leg1": leg1, "room": f"CON-{room}", "file": file}


def _write_all(portions: Iterator[list[Copy]]) -> Iterator[int]:
    """Write the portions; on Postgres some at a time while the next ones are made. Gives the size of each done."""
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        for portion in portions:
            with transaction.atomic():
                _write(_rows(portion))
            yield len(portion)
        return
    under_way: deque[tuple[Future[None], int]] = deque()
    with ThreadPoolExecutor(WRITERS) as pool:
        for portion in portions:
            under_way.append((pool.submit(_write_in_thread, _rows(portion)), len(portion)))
            if len(under_way) > WRITERS:
                done, size = under_way.popleft()
                done.result()
                yield size
        for done, size in under_way:
            done.result()
            yield size


def _rows(portion: list[Copy]) -> Rows:
    """Fill the patterns of some calls. Each row gets a key of its own."""
    needed = Counter(table for copy in portion for table in copy.pattern.keys)
    keys = {table: iter(_set_aside(table, count)) for table, count in needed.items()}
    rows: Rows = defaultdict(list)
    for copy in portion:
        own = [next(keys[table]) for table in copy.pattern.keys]
        for table, line in copy.pattern.fill(copy.names, copy.start, own, copy.chance):
            rows[table].append(line)
    return rows


def _set_aside(table: str, count: int) -> list[int]:
    """Take keys that nobody else gets. On SQLite the transaction keeps others out."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sql = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
            cursor.execute(sql, [table, count])
            return [key for (key,) in cursor.fetchall()]
        cursor.execute(f'SELECT COALESCE(MAX(id), 0) FROM "{table}"')  # noqa: S608
        first = int(cursor.fetchone()[0]) + 1
        return list(range(first, first + count))


def _write_in_thread(rows: Rows) -> None:
    try:
        with transaction.atomic():
            _write(rows)
    finally:
        connection.close()


def _write(rows: Rows) -> None:
    """Write rows that refer to one another alone: a superuser of Postgres need not have each reference looked up."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('is_superuser') = 'on'")
            if cursor.fetchone()[0]:
                cursor.execute("SET LOCAL session_replication_role = replica")
    for table in TABLES:
        if lines := rows.get(table._meta.db_table):
            _copy(table, lines)


def _copy(table: type[models.Model], lines: list[str]) -> None:
    name, columns = table._meta.db_table, ", ".join(f'"{column}"' for column in columns_of(table))
    with connection.cursor() as cursor, connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            cursor.copy_expert(f"COPY {name} ({columns}) FROM STDIN", StringIO("".join(lines)), 1 << 20)
            return
        marks = ", ".join("%s" for _ in columns_of(table))
        rows = [[_cell(cell) for cell in line[:-1].split("\t")] for line in lines]
        cursor.executemany(f"INSERT INTO {name} ({columns}) VALUES ({marks})", rows)  # noqa: S608


def _cell(text: str) -> str | bytes | None:
    """Read a cell of COPY's text format for SQLite."""
    if text == "\\N":
        return None
    if text.startswith("\\\\x"):
        return bytes.fromhex(text[3:])
    if "\\" not in text:
        return text
    return text.replace("\\\\", "\0").replace("\\t", "\t").replace("\\n", "\n").replace("\\r", "\r").replace("\0", "\\")


def _caught_up() -> list[str]:
    """Name those followers of the log that have seen all there is: they need not see what is made here."""
    newest = CallEvent.objects.aggregate(newest=Max("pk"))["newest"] or 0
    there = {mark.name: mark for mark in Bookmark.objects.filter(name__in=FOLLOWERS)}
    if not newest:
        Bookmark.objects.bulk_create([Bookmark(name=name) for name in FOLLOWERS if name not in there])
        return list(FOLLOWERS)
    return [name for name, mark in there.items() if mark.newest >= newest]
