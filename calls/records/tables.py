"""Many rows in one statement: how the call log reads and writes, on Postgres and SQLite alike.

The ORM would send a statement a row, and spends longer on making one than the database on doing it. So the statements
are plain here, the same text however many rows: Postgres plans each once for a connection. What goes in and out of a
column is left to the fields of the model.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from hashlib import blake2b
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

Row = TypeVar("Row", bound=models.Model)
Convert = Callable[[Any], Any]
AT_ONCE = 500  # rows of one statement: SQLite takes some 30,000 values

SESSION = "callserver_session"  # where a database object keeps ours
Statement = tuple[str, tuple[Any, ...]]  # the text, and the values of its placeholders


class _Session:
    """One connection to Postgres: the cursor that is used again and again, and which statements are planned on it."""

    def __init__(self, database: BaseDatabaseWrapper) -> None:
        self.cursor = database.cursor()
        self.raw = database.connection
        self.planned: set[str] = set()

    @classmethod
    def of(cls, database: BaseDatabaseWrapper) -> "_Session":
        """Give that of the connection which is open now."""
        session = vars(database).get(SESSION)
        if session is None or session.raw is not database.connection or database.connection is None:
            session = vars(database)[SESSION] = cls(database)
        return session

    def plan(self, sql: str, count: int) -> str:
        """Let Postgres plan the statement, if it has not yet. Gives the text that executes it."""
        name = f"callserver_{blake2b(sql.encode(), digest_size=8).hexdigest()}"
        if name not in self.planned:
            numbered = sql % tuple(f"${number + 1}" for number in range(count))
            self.cursor.execute(f"PREPARE {name} AS {numbered}")
            self.planned.add(name)
        return f"EXECUTE {name}({', '.join(['%s'] * count)})" if count else f"EXECUTE {name}"


def run(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Execute a statement and give its rows, if it has any.

    A list goes to `= ANY(%s)`: SQLite gets it as JSON, and a query of it in that place.
    """
    return run_all([(sql, values)])


def run_all(statements: Sequence[Statement]) -> list[tuple[Any, ...]]:
    """Execute statements, on Postgres in one journey, and give the rows of the last one."""
    if not statements:
        return []
    database = connections[DEFAULT_DB_ALIAS]
    if database.vendor == "postgresql":
        session = _Session.of(database)
        text = "; ".join(session.plan(sql, len(values)) for sql, values in statements)
        session.cursor.execute(text, [value for _, values in statements for value in values])
        return session.cursor.fetchall() if session.cursor.description else []
    with database.cursor() as cursor:
        for sql, values in statements:
            given = [json.dumps(value) if isinstance(value, list) else value for value in values]
            cursor.execute(sql.replace("= ANY(%s)", "IN (SELECT value FROM json_each(%s))"), given)
        return cursor.fetchall() if cursor.description else []


class Table(Generic[Row]):
    """The table of a model whose rows are told from others by one more column than their key."""

    def __init__(self, model: type[Row], unique: str) -> None:
        self.model, self.unique = model, unique
        self.name = model._meta.db_table

    @cached_property
    def fields(self) -> dict[str, "models.Field[Any, Any]"]:
        """By column, in the order of the model."""
        return {str(field.column): field for field in self.model._meta.concrete_fields}

    def read(self, columns: Sequence[str], rest: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        """Select columns of this table; `rest` is what stands after its name. Gives them as Python knows them."""
        names = ", ".join(f"{self.name}.{column}" for column in columns)
        rows = run(f"SELECT {names} FROM {self.name} {rest}", *values)  # noqa: S608 -- names of ours, no values
        converts = [(at, convert) for at, column in enumerate(columns) if (convert := self._converters[column])]
        for row in rows:
            converted = list(row)
            for at, convert in converts:
                converted[at] = convert(row[at])
            yield tuple(converted)

    def rows(self, rest: str, *values: Any) -> Iterator[Row]:
        """Select whole rows, as instances of the model."""
        names = [field.attname for field in self.fields.values()]
        for row in self.read(list(self.fields), rest, *values):
            yield self.model.from_db(connection.alias, names, row)

    def python(self, column: str, value: Any) -> Any:
        """Make of a value that the database gives for this column what Python knows it as."""
        convert = self._converters[column]
        return convert(value) if convert else value

    def upserts(self, rows: Sequence[Row]) -> list[Statement]:
        """Insert the rows, or write over those that are there. Afterwards each has its key.

        What need not be done at once, to learn a key, is not: these are the statements for it.
        """
        without = [row for row in rows if not row.pk]
        keys: dict[Any, int] = {}
        for statement in self.inserts(self._given(without), where_there=f"{self._over} RETURNING id, {self.unique}"):
            keys |= {unique: key for key, unique in run_all([statement])}
        kept = self._given([row for row in rows if row.pk])
        statements = self.inserts(kept, where_there=self.over_if_different(self._written))
        for row in rows:
            row.pk = row.pk or keys[getattr(row, self.unique)]
            row._state.adding = False
        return statements

    def _given(self, rows: Iterable[Row]) -> list[dict[str, Any]]:
        """The columns of each; its key where one was set aside for it."""
        return [{name: getattr(row, name) for name in (self.fields if row.pk else self._written)} for row in rows]

    def inserts(self, rows: Sequence[Mapping[str, Any]], *, where_there: str) -> list[Statement]:
        """Make the statements that insert rows, given by column. `where_there` is SQL after `DO UPDATE SET`.

        Postgres takes the keys that the rows bring; SQLite sets none aside, and has those that are known already.
        """
        with_keys = connection.vendor == "postgresql" and bool(rows) and "id" in rows[0]
        columns = ", ".join(self.fields if with_keys else self._written)
        conflict = f"ON CONFLICT ({self.unique}) DO UPDATE SET {where_there}"
        made = []
        for at in range(0, len(rows), AT_ONCE):
            some = rows[at : at + AT_ONCE]
            if connection.vendor == "postgresql":
                source = f"SELECT {columns} FROM json_populate_recordset(NULL::{self.name}, %s)"  # noqa: S608 -- names of ours
                values: list[Any] = [json.dumps(some, default=_in_json)]
            else:
                marks = f"({', '.join(['%s'] * len(self._written))})"
                source = f"VALUES {', '.join([marks] * len(some))}"
                values = [prepare(row[name], connection) for row in some for name, prepare in self._preparing]
            made.append((f"INSERT INTO {self.name} ({columns}) {source} {conflict}", tuple(values)))
        return made

    def over_if_different(self, columns: Iterable[str]) -> str:
        """Make the SQL that writes these columns over those that are there, if any differs: who stays is free."""
        names = [name for name in columns if name != self.unique]
        old, new = (", ".join(f"{prefix}.{name}" for name in names) for prefix in (self.name, "excluded"))
        differ = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
        return f"{', '.join(f'{name} = excluded.{name}' for name in names)} WHERE ({old}) {differ} ({new})"

    @cached_property
    def _over(self) -> str:
        return ", ".join(f"{name} = excluded.{name}" for name in self._written if name != self.unique)

    @cached_property
    def _written(self) -> list[str]:
        """All columns but the key, which the database gives."""
        return [column for column, field in self.fields.items() if not field.primary_key]

    @cached_property
    def _preparing(self) -> list[tuple[str, Callable[..., Any]]]:
        """How to make of a column's value what the database takes."""
        return [(column, self.fields[column].get_db_prep_save) for column in self._written]

    @cached_property
    def _converters(self) -> dict[str, Convert | None]:
        """What the ORM does with a value of each column that the database gives; None: nothing."""
        return {column: _converter(field.get_col(self.name), field) for column, field in self.fields.items()}


def _converter(expression: Any, field: Any) -> Convert | None:
    steps = [*connection.ops.get_db_converters(expression), *field.get_db_converters(connection)]

    def convert(value: Any) -> Any:
        for step in steps:
            value = step(value, expression, connection)
        return value

    return convert if steps else None


def _in_json(value: Any) -> str:
    """Spell a value so that Postgres reads it as what its column is."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    raise TypeError(f"{type(value).__name__} is no value of a column")
