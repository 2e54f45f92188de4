"""How copies of calls are written: some at a time, by COPY on Postgres, each portion a whole of its own.

A portion has all that is made of its calls, sums of the reports included, so that what was written stays true wherever
the command is ended. Pages are read and events kept meanwhile; on SQLite, which has one writer at a time, events wait
for a portion's transaction. It makes the sums of all the time that its calls cover anew, so it covers a week at most.
"""

import random
from collections import Counter, defaultdict, deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from itertools import cycle, islice

from django.db import connection, models, transaction

from calls.management.seeding.copies import NULL, TABLES, Pattern, columns_of
from calls.models import CallEvent, Tally
from calls.records import counting
from calls.records.quarters import quarter_of

WRITERS = 2  # connections that write at the same time
Keys = Mapping[str, Sequence[int]]  # by table: one for each row, in order


@dataclass(frozen=True)
class Copy:
    """A call that is to be written."""

    pattern: Pattern
    names: Mapping[str, str]
    start: datetime


@dataclass(frozen=True)
class Portion:
    """Some calls of one transaction in order of start, as they are looked at in `until`."""

    copies: list[Copy]
    until: datetime
    chance: random.Random

    @property
    def quarters(self) -> range:
        return range(quarter_of(self.copies[0].start), quarter_of(self.copies[-1].start) + 1)


@dataclass(frozen=True)
class Filled:
    """What is written of a portion."""

    rows: Mapping[str, bytes]  # by table, in COPY's text format
    quarters: range  # of an hour in which its calls began
    calls: int
    events: Sequence[int]  # their keys


def write(portions: Iterator[Portion], added: list[int]) -> Generator[Filled]:
    """Write them all. Gives what was written, in their order.

    `added` is told how many calls each has that is committed: all of them once this has ended, however it did.
    """
    yield from _in_turn(islice(portions, 1), added)  # alone: where its calls are there already, none was added
    several = connection.vendor == "postgresql" and not connection.in_atomic_block
    yield from _side_by_side(portions, added) if several else _in_turn(portions, added)


def _in_turn(portions: Iterable[Portion], added: list[int]) -> Iterator[Filled]:
    for portion in portions:
        yield _write(_filled(portion, _keys_of(portion)), added)


def _side_by_side(portions: Iterable[Portion], added: list[int]) -> Iterator[Filled]:
    """Write some at the same time, while the next one is made."""
    under_way: deque[Future[Filled]] = deque()
    writers = [ThreadPoolExecutor(1) for _ in range(WRITERS)]  # each with a connection of its own
    try:
        for portion, writer in zip(portions, cycle(writers), strict=False):
            under_way.append(writer.submit(_write, _filled(portion, _keys_of(portion)), added))
            if len(under_way) > WRITERS:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        for writer in writers:
            writer.submit(lambda: connection.close()).result()  # looked up there: it is another one in each thread
            writer.shutdown()


def _keys_of(portion: Portion) -> Keys:
    """Set a key aside for each row that has one."""
    needed = Counter(table for copy in portion.copies for table in copy.pattern.keys)
    with transaction.atomic():
        return {table: _set_aside(table, count) for table, count in sorted(needed.items())}


def _set_aside(table: str, count: int) -> Sequence[int]:
    """Take keys that nobody else gets: on SQLite in a row."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sql = "SELECT nextval((SELECT pg_get_serial_sequence(%s, 'id')::regclass)) FROM generate_series(1, %s)"
            cursor.execute(sql, [table, count])
            return [key for (key,) in cursor.fetchall()]
        cursor.execute(
            "INSERT INTO sqlite_sequence SELECT %s, 0 WHERE %s NOT IN (SELECT name FROM sqlite_sequence)",
            [table, table],
        )
        cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s RETURNING seq", [count, table])
        last = int(cursor.fetchone()[0])
        return range(last + 1 - count, last + 1)


def _filled(portion: Portion, keys: Keys) -> Filled:
    """Fill the patterns of some calls."""
    free = {table: iter(some) for table, some in keys.items()}
    texts: dict[str, list[str]] = defaultdict(list)
    for copy in portion.copies:
        own = [next(free[table]) for table in copy.pattern.keys]
        for table, text in copy.pattern.fill(copy.names, copy.start, portion.until, own, portion.chance):
            texts[table].append(text)
    rows = {table: "".join(some).encode() for table, some in texts.items()}
    return Filled(rows, portion.quarters, len(portion.copies), keys[CallEvent._meta.db_table])


def _write(filled: Filled, added: list[int]) -> Filled:
    """Write a portion, and make the sums of its quarters anew: last, since meanwhile nobody else makes some."""
    with patiently():
        if connection.vendor == "postgresql":
            _look_up_no_references()
        for table in TABLES:
            if text := filled.rows.get(table._meta.db_table):
                _copy(table, text)
        counting.hold()
        counting.renew_sums(filled.quarters)
    added.append(filled.calls)
    return filled


@contextmanager
def patiently() -> Iterator[None]:
    """Have a transaction that takes its time, and waits for others: no caller and no webhook stands behind it."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0")
        yield


def _look_up_no_references() -> None:
    """Let rows of this transaction refer to one another unchecked, where we may: as a superuser of Postgres."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser') = 'on'")
        if cursor.fetchone()[0]:
            cursor.execute("SET LOCAL session_replication_role = replica")


def analyze() -> None:
    """Let Postgres learn how the tables are filled now, or it reads whole ones where it knows them as empty."""
    if connection.vendor == "postgresql":
        with patiently(), connection.cursor() as cursor:
            for name in [*(table._meta.db_table for table in TABLES), Tally._meta.db_table]:
                cursor.execute(f"ANALYZE {name}")


def _copy(table: type[models.Model], text: bytes) -> None:
    name, columns = table._meta.db_table, ", ".join(f'"{column}"' for column in columns_of(table))
    with connection.cursor() as cursor, connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            cursor.copy_expert(f"COPY {name} ({columns}) FROM STDIN", BytesIO(text), 1 << 20)
            return
        marks = ", ".join("%s" for _ in columns_of(table))
        rows = [[_cell(cell) for cell in line.split("\t")] for line in text.decode().splitlines()]
        cursor.executemany(f"INSERT INTO {name} ({columns}) VALUES ({marks})", rows)  # noqa: S608


def _cell(text: str) -> str | bytes | None:
    """Read a cell of COPY's text format for SQLite."""
    if "\\" not in text:
        return text
    if text == NULL:
        return None
    if text.startswith("\\\\x"):
        return bytes.fromhex(text[3:])
    return text.replace("\\\\", "\0").replace("\\t", "\t").replace("\\n", "\n").replace("\\r", "\r").replace("\0", "\\")
