"""Many rows in one statement: how the call log reads and writes, on Postgres and SQLite alike.

The ORM would send a statement a row, and spends longer on making one than the database on doing it. So the statements
are plain here, the same text however many rows: Postgres plans each once for a connection. What goes in and out of a
column is left to the fields of the model.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from decimal import Decimal
from functools import cache, cached_property, reduce
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson
from django.db import DEFAULT_DB_ALIAS, Error, connection, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

Convert = Callable[[Any], Any]
Columns = Mapping[str, Any]
AT_ONCE = 500  # rows of one statement: SQLite takes some 30,000 values

# A list of names as a table. Joined to it, each name is looked up by itself in an index, however small the tables were
# when Postgres planned; of `= ANY(…)` it may think that reading the whole index is as good.
NAMES = "unnest(%s::text[]) AS name(value)"
NAMES_ON_SQLITE = "json_each(%s) AS name"

SESSION = "callserver_session"  # where a database object keeps ours
Statement = tuple[str, tuple[Any, ...]]  # the text, and the values of its placeholders


@cache
def on_postgres() -> bool:
    """Whether Postgres is the database of this process. Asking Django each time is a twentieth of a batch."""
    return connection.vendor == "postgresql"


class _Session:
    """One connection to Postgres: the cursor that is used again and again, and which statements are planned on it."""

    def __init__(self, database: BaseDatabaseWrapper) -> None:
        self.cursor = database.cursor()
        self.raw = database.connection
        self.planned: dict[str, str] = {}  # what executes a statement, by its text
        self.state = ""  # of a transaction of `whole`: "to begin", "begun", "committed"

    @classmethod
    def of(cls, database: BaseDatabaseWrapper) -> "_Session":
        """Give that of the connection which is open now."""
        session: _Session | None = vars(database).get(SESSION)
        if session is None or session.raw is not database.connection or database.connection is None:
            session = vars(database)[SESSION] = cls(database)
        return session

    def plan(self, sql: str, count: int) -> str:
        """Let Postgres plan the statement, if it has not yet. Gives the text that executes it."""
        if sql not in self.planned:
            name = f"callserver_{blake2b(sql.encode(), digest_size=8).hexdigest()}"
            numbered = sql % tuple(f"${number + 1}" for number in range(count))
            self.cursor.execute(f"PREPARE {name} AS {numbered}")
            self.planned[sql] = f"EXECUTE {name}({', '.join(['%s'] * count)})" if count else f"EXECUTE {name}"
        return self.planned[sql]

    def run(self, statements: Sequence[Statement], *, last: bool) -> list[tuple[Any, ...]]:
        text = "; ".join([self.plan(sql, len(values)) for sql, values in statements])
        if self.state == "to begin":
            text, self.state = f"BEGIN; {text}", "begun"
        if last and self.state:
            text = f"{text}; COMMIT"
        self.cursor.execute(text, [value for _, values in statements for value in values])
        if last and self.state:
            self.state = "committed"
            return []
        return self.cursor.fetchall() if self.cursor.description else []


@contextmanager
def whole() -> Iterator[None]:
    """A transaction, as `atomic` is. On Postgres its begin and its end go along with statements of `run_all`.

    So the first thing done in it is to be one of these: what the ORM did before it would not be part of it.
    """
    database = connections[DEFAULT_DB_ALIAS]
    if database.vendor != "postgresql" or database.in_atomic_block:
        with transaction.atomic():
            yield
        return
    database.ensure_connection()
    session = _Session.of(database)
    session.state, database.in_atomic_block, database.autocommit = "to begin", True, False  # as `atomic` says it
    try:
        yield
    except BaseException:
        with suppress(Error):  # the connection is gone, and with it the transaction
            _end(session, database, "ROLLBACK")
        raise
    _end(session, database, "ROLLBACK" if database.needs_rollback else "COMMIT")


def _end(session: _Session, database: BaseDatabaseWrapper, word: str) -> None:
    """End a transaction of `whole`, unless its end went along with the last statement."""
    begun = session.state == "begun"
    session.state, database.in_atomic_block, database.autocommit, database.needs_rollback = "", False, True, False
    if begun:
        try:
            session.cursor.execute(word)
        except Error:
            database.close()
            raise


def run(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Execute a statement and give its rows, if it has any."""
    return run_all([(sql, values)])


def run_all(statements: Sequence[Statement], *, last: bool = False) -> list[tuple[Any, ...]]:
    """Execute statements, on Postgres in one journey, and give the rows of the last one.

    A list goes to NAMES or to `= ANY(%s)`: SQLite gets it as JSON, and a query of it in that place.
    `last`: nothing else follows in the transaction of `whole`.
    """
    if not statements:
        return []
    database = connections[DEFAULT_DB_ALIAS]
    if database.vendor == "postgresql":
        return _Session.of(database).run(statements, last=last)
    with database.cursor() as cursor:
        for sql, values in statements:
            cursor.execute(_on_sqlite(sql), _on_sqlite_given(values))
        return cursor.fetchall() if cursor.description else []


def ask(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Execute a statement that reads, and give its rows: for pages, whose connections keep no plans.

    Lists are given as to `run_all`.
    """
    with connection.cursor() as cursor:
        if on_postgres():
            cursor.execute(sql, values)
        else:
            cursor.execute(_on_sqlite(sql), _on_sqlite_given(values))
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _on_sqlite_given(values: Iterable[Any]) -> list[Any]:
    return [json.dumps(value) if isinstance(value, list) else value for value in values]


@cache
def _on_sqlite(sql: str) -> str:
    some = "(SELECT value FROM json_each(%s))"
    given = {NAMES: NAMES_ON_SQLITE, "= ANY(%s)": f"IN {some}", "<> ALL(%s)": f"NOT IN {some}"}
    return reduce(lambda text, name: text.replace(name, given[name]), given, sql)


class Table:
    """The table of a model whose rows are told from others by one more column than their key."""

    def __init__(self, model: type[models.Model], unique: str) -> None:
        self.model, self.unique = model, unique
        self.name = model._meta.db_table
        self._texts: dict[tuple[Any, ...], str] = {}  # of inserts: they are long

    @cached_property
    def fields(self) -> dict[str, "models.Field[Any, Any]"]:
        """By column, in the order of the model."""
        return {str(field.column): field for field in self.model._meta.concrete_fields}

    def read(self, columns: Sequence[str], rest: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        """Select columns of this table; `rest` is what stands after its name. Gives them as Python knows them."""
        names = ", ".join(f"{self.name}.{column}" for column in columns)
        for row in run(f"SELECT {names} FROM {self.name} {rest}", *values):  # noqa: S608 -- names of ours, no values
            yield tuple(self.python(column, value) for column, value in zip(columns, row, strict=True))

    def python(self, column: str, value: Any) -> Any:
        """Make of a value that the database gives for this column what Python knows it as."""
        convert = self._converters[column]
        return convert(value) if convert else value

    @cached_property
    def blank(self) -> Columns:
        """The columns of a row of which nothing is known."""
        return {column: field.get_default() for column, field in self.fields.items()}

    def upserts(self, rows: Sequence[dict[str, Any]], *, over: tuple[str, ...]) -> list[Statement]:
        """Insert the rows, or write these columns over those that are there. Afterwards each has its key in "id".

        What need not be done at once, to learn a key, is not: these are the statements for it.
        """
        there, new = [row for row in rows if row["id"]], [row for row in rows if not row["id"]]
        given = [{name: value for name, value in row.items() if name != "id"} for row in new]
        keys: dict[Any, int] = {}
        for statement in self.inserts(given, where_there=f"{_over(over)} RETURNING id, {self.unique}"):
            keys |= {unique: key for key, unique in run_all([statement])}
        for row in new:
            row["id"] = keys[row[self.unique]]
        return self.inserts(there, where_there=self.over_if_different(over))

    def inserts(self, rows: Sequence[Columns], *, where_there: str) -> list[Statement]:
        """Make the statements that insert rows of the same columns. `where_there` is SQL after `DO UPDATE SET`."""
        made = []
        for at in range(0, len(rows), AT_ONCE):
            some = rows[at : at + AT_ONCE]
            if on_postgres():
                values = [in_json(some)]
            else:
                preparing = [(name, self.fields[name].get_db_prep_save) for name in some[0]]
                values = [prepare(row[name], connection) for row in some for name, prepare in preparing]
            made.append((self._insert(tuple(some[0]), len(some), where_there), tuple(values)))
        return made

    def _insert(self, names: tuple[str, ...], count: int, where_there: str) -> str:
        """Write the statement, or give the one that was written before."""
        key = (names, where_there) if on_postgres() else (names, where_there, count)
        if key not in self._texts:
            columns = ", ".join(names)
            if on_postgres():
                source = f"SELECT {columns} FROM json_populate_recordset(NULL::{self.name}, %s)"  # noqa: S608 -- names of ours
            else:
                marks = f"({', '.join(['%s'] * len(names))})"
                source = f"VALUES {', '.join([marks] * count)}"
            conflict = f"ON CONFLICT ({self.unique}) DO UPDATE SET {where_there}"
            self._texts[key] = f"INSERT INTO {self.name} ({columns}) {source} {conflict}"
        return self._texts[key]

    def over_if_different(self, columns: tuple[str, ...]) -> str:
        """Make the SQL that writes these columns over those that are there, if any differs: who stays is free."""
        return _over_if_different(self.name, columns)

    @cached_property
    def _converters(self) -> dict[str, Convert | None]:
        """What the ORM does with a value of each column that the database gives; None: nothing."""
        return {column: _converter(field.get_col(self.name), field) for column, field in self.fields.items()}


def _over(columns: Iterable[str]) -> str:
    return ", ".join(f"{name} = excluded.{name}" for name in columns)


@cache
def _over_if_different(table: str, columns: tuple[str, ...]) -> str:
    old, new = (", ".join(f"{prefix}.{name}" for name in columns) for prefix in (table, "excluded"))
    differ = "IS DISTINCT FROM" if on_postgres() else "IS NOT"
    return f"{_over(columns)} WHERE ({old}) {differ} ({new})"


def _converter(expression: Any, field: Any) -> Convert | None:
    steps = [*connection.ops.get_db_converters(expression), *field.get_db_converters(connection)]

    def convert(value: Any) -> Any:
        for step in steps:
            value = step(value, expression, connection)
        return value

    return convert if steps else None


def in_json(rows: Sequence[Columns]) -> str:
    """Spell rows so that Postgres reads each value as what its column is."""
    try:
        return orjson.dumps(rows, default=_spelt).decode()
    except TypeError:  # a whole number of more than 64 bits: Vonage sends none, but it is kept
        return json.dumps(rows, default=_spelt)


def _spelt(value: Any) -> str:
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, Decimal | UUID | datetime):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no value of a column")
