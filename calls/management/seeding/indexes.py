"""Tables of Postgres without their indexes: many rows are written faster so, and each index is made once, of all."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from django.db import connection, models

# Each with what makes it anew; keys stay, since others refer to them.
INDEXES = """
    SELECT CASE WHEN kept.oid IS NULL THEN format('DROP INDEX %%s', index.indexrelid::regclass)
                ELSE format('ALTER TABLE %%s DROP CONSTRAINT %%I', index.indrelid::regclass, kept.conname) END,
           CASE WHEN kept.oid IS NULL THEN pg_get_indexdef(index.indexrelid)
                ELSE format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s',
                            index.indrelid::regclass, kept.conname, pg_get_constraintdef(kept.oid)) END,
           index.indexrelid::regclass::text
    FROM pg_index AS index LEFT JOIN pg_constraint AS kept ON kept.conindid = index.indexrelid AND kept.contype = 'u'
    WHERE index.indrelid = ANY(%s::regclass[]) AND NOT index.indisprimary ORDER BY index.indexrelid
"""
REFERENCES = """
    SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
           format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid)),
           conname::text
    FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY(%s::regclass[]) ORDER BY oid
"""


@contextmanager
def without_indexes(tables: Sequence[type[models.Model]], tell: Callable[[str], None]) -> Iterator[None]:
    """Take the indexes of these tables away, and make them again behind the block. In a transaction.

    The tables are nobody else's as long as it lasts. `tell` is told the name of each index that is made. Raises
    OperationalError where others do not let go of the tables.
    """
    names = [table._meta.db_table for table in tables]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what waits to be looked at would keep tables as they are
        cursor.execute(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE")
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
        cursor.execute(INDEXES, [names])
        taken = cursor.fetchall()
        if not look_up_no_references():
            cursor.execute(REFERENCES, [names])
            taken += cursor.fetchall()
        for drop, _, _ in reversed(taken):
            cursor.execute(drop)
        yield
        for _, make, name in taken:
            tell(name)
            cursor.execute(make)
        tell("statistics")
        cursor.execute("SET LOCAL default_statistics_target = 30")  # a third of the rows that are looked at as a rule
        cursor.execute(f"ANALYZE {', '.join(map(_without_json, tables))}")


def _without_json(table: type[models.Model]) -> str:
    """Name a table with those columns of it that anything is found by: telling apart payloads takes longest."""
    fields = (field for field in table._meta.concrete_fields if not isinstance(field, models.JSONField))
    return f"{table._meta.db_table} ({', '.join(str(field.column) for field in fields)})"


def look_up_no_references() -> bool:
    """Let rows of this transaction refer to one another unchecked, as a superuser of Postgres may. True: it does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser') = 'on'")
        may = bool(cursor.fetchone()[0])
        if may:
            cursor.execute("SET LOCAL session_replication_role = replica")
    return may
