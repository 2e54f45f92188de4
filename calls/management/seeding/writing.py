"""How copies of calls are written: on Postgres by COPY, and many without the indexes, which are made in the end."""

import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TypeVar

from django.db import connection, models, transaction

from calls.management.seeding.copies import NULL, TABLES, Pattern, columns_of
from calls.management.seeding.indexes import look_up_no_references, without_indexes

WRITERS = 2  # connections that write at the same time where the indexes stay
Rows = Mapping[str, bytes]  # by table, in COPY's text format
Keys = Mapping[str, range]  # by table: one for each row
Made = TypeVar("Made")


@dataclass(frozen=True)
class Copy:
    """A call that is to be written."""

    pattern: Pattern
    names: Mapping[str, str]
    start: datetime


@dataclass(frozen=True)
class Portion:
    """Some calls of one statement, as they are looked at in `until`."""

    copies: list[Copy]
    until: datetime
    chance: random.Random


def in_turn(portions: Iterable[Portion]) -> Iterator[int]:
    """Write one portion after the other, each in a transaction. Gives the size of each done."""
    for portion in portions:
        with transaction.atomic():
            _write(_filled(portion, _keys_of(portion)))
        yield len(portion.copies)


def side_by_side(portions: Iterable[Portion]) -> Iterator[int]:
    """Write some portions at the same time while the next ones are made, each in a transaction. Postgres alone."""
    with ThreadPoolExecutor(WRITERS) as writers:
        filled = ((_filled(portion, _keys_of(portion)), len(portion.copies)) for portion in portions)
        for _, size in _ahead(((writers.submit(_write_alone, rows), size) for rows, size in filled), WRITERS):
            yield size


def at_once(portions: Iterable[Portion], tell: Callable[[str], None]) -> Iterator[int]:
    """Write all in one transaction, without indexes, while the next ones are made. Postgres alone.

    Nobody else reads or writes the call log meanwhile; where it is broken off, nothing was written.
    """
    with transaction.atomic(), without_indexes(TABLES, tell), ThreadPoolExecutor(1) as maker:
        filled = ((maker.submit(_filled, one, _keys_of(one)), len(one.copies)) for one in portions)
        for rows, size in _ahead(filled, 1):
            _write(rows)
            yield size


def _ahead(under_way: Iterator[tuple[Future[Made], int]], most: int) -> Iterator[tuple[Made, int]]:
    """Give what comes of these in their order, with so many more of them under way."""
    waiting: deque[tuple[Future[Made], int]] = deque()
    for one in under_way:
        waiting.append(one)
        if len(waiting) > most:
            done, size = waiting.popleft()
            yield done.result(), size
    for done, size in waiting:
        yield done.result(), size


def _keys_of(portion: Portion) -> Keys:
    """Set a key aside for each row that has one."""
    needed = Counter(table for copy in portion.copies for table in copy.pattern.keys)
    return {table: _set_aside(table, count) for table, count in needed.items()}


def _set_aside(table: str, count: int) -> range:
    """Take keys in a row that nobody else gets. On SQLite the transaction keeps others out."""
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("SELECT MAX(seq) FROM sqlite_sequence WHERE name = %s", [table])
            last = int(cursor.fetchone()[0] or 0)
            return range(last + 1, last + 1 + count)
        while True:  # until nobody else took one in between: gaps cost nothing
            sql = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) AS key FROM generate_series(1, %s)"
            cursor.execute(f"SELECT MIN(key), MAX(key) FROM ({sql}) AS taken", [table, count])  # noqa: S608
            first, last = cursor.fetchone()
            if last - first == count - 1:
                return range(first, last + 1)


def _filled(portion: Portion, keys: Keys) -> Rows:
    """Fill the patterns of some calls."""
    free = {table: iter(some) for table, some in keys.items()}
    texts: dict[str, list[str]] = defaultdict(list)
    for copy in portion.copies:
        own = [next(free[table]) for table in copy.pattern.keys]
        for table, text in copy.pattern.fill(copy.names, copy.start, portion.until, own, portion.chance):
            texts[table].append(text)
    return {table: "".join(some).encode() for table, some in texts.items()}


def _write_alone(rows: Rows) -> None:
    """Write in a thread of its own."""
    try:
        with transaction.atomic():
            look_up_no_references()
            _write(rows)
    finally:
        connection.close()


def _write(rows: Rows) -> None:
    for table in TABLES:
        if text := rows.get(table._meta.db_table):
            _copy(table, text)


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
