"""Many rows in one statement: how the call log reads and writes, on Postgres and SQLite alike.

The ORM would send a statement a row, and spends longer on making one than the database on doing it. So the statements
are plain here; what goes in and out of a column is left to the fields of the model.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connection, models

Row = TypeVar("Row", bound=models.Model)
Convert = Callable[[Any], Any]
AT_ONCE = 500  # rows of one statement: SQLite takes some 30,000 values


def marks(values: Collection[object]) -> str:
    """A placeholder for each value, for `IN (…)`; NULL, which nothing is in, for none."""
    return ", ".join(["%s"] * len(values)) or "NULL"


def _portions(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    return (rows[at : at + AT_ONCE] for at in range(0, len(rows), AT_ONCE))


class Table(Generic[Row]):
    """The table of a model whose rows are told from others by one more column than their key."""

    def __init__(self, model: type[Row], unique: str) -> None:
        self.model, self.unique = model, unique
        self.name = model._meta.db_table

    @cached_property
    def fields(self) -> dict[str, "models.Field[Any, Any]"]:
        """By column, in the order of the model."""
        return {str(field.column): field for field in self.model._meta.concrete_fields}

    def read(self, columns: Sequence[str], rest: str, values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        """Select columns of this table; `rest` is what stands after its name. Gives them as Python knows them."""
        converts = [self._converters[column] for column in columns]
        names = ", ".join(f"{self.name}.{column}" for column in columns)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {names} FROM {self.name} {rest}", values)  # noqa: S608 -- names of ours, no values
            rows = cursor.fetchall()
        for row in rows:
            yield tuple([convert(value) if convert else value for convert, value in zip(converts, row, strict=True)])

    def rows(self, rest: str, values: Sequence[Any]) -> Iterator[Row]:
        """Select whole rows, as instances of the model."""
        names = [field.attname for field in self.fields.values()]
        for row in self.read(list(self.fields), rest, values):
            yield self.model.from_db(connection.alias, names, row)

    def upsert(self, rows: Sequence[Row]) -> None:
        """Insert the rows, or write over those that are there. Afterwards each has its key."""
        over = ", ".join(f"{name} = excluded.{name}" for name in self._written if name != self.unique)
        for some in _portions(rows):
            keys = {unique: key for key, unique in self._insert(some, f"{over} RETURNING id, {self.unique}")}
            for row in some:
                row.pk = keys[getattr(row, self.unique)]
                row._state.adding = False

    def insert(self, rows: Sequence[Row], *, where_there: str) -> None:
        """Insert the rows; of one that is there, do what `where_there` says: SQL after `DO UPDATE SET`."""
        for some in _portions(rows):
            self._insert(some, where_there)

    def _insert(self, rows: Sequence[Row], where_there: str) -> list[tuple[Any, ...]]:
        tuples = ", ".join([f"({marks(self._written)})"] * len(rows))
        sql = (
            f"INSERT INTO {self.name} ({', '.join(self._written)}) VALUES {tuples} "  # noqa: S608 -- names of ours
            f"ON CONFLICT ({self.unique}) DO UPDATE SET {where_there}"
        )
        values = [prepare(getattr(row, name), connection) for row in rows for name, prepare in self._preparing]
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    @cached_property
    def _written(self) -> list[str]:
        """All columns but the key, which the database gives."""
        return [column for column, field in self.fields.items() if not field.primary_key]

    @cached_property
    def _preparing(self) -> list[tuple[str, Callable[..., Any]]]:
        """How to read a column's value off a row, and how to make of it what the database takes."""
        return [(field.attname, field.get_db_prep_save) for field in self.fields.values() if not field.primary_key]

    def python(self, column: str, value: Any) -> Any:
        """Make of a value that the database gives for this column what Python knows it as."""
        convert = self._converters[column]
        return convert(value) if convert else value

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
