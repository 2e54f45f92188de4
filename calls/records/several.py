"""Several figures in one journey to the database."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet


def several(
    wanted: Mapping[str, tuple[str, QuerySet[Any]]],
    counts: QuerySet[Any, Any] | None = None,
    looked_at: Mapping[str, QuerySet[Any]] | None = None,
) -> dict[str, Any]:
    """Work out what is wanted, each an aggregate over rows: `{"calls": ("COUNT(*)", calls[:1001])}`.

    The rows are reduced to their keys, called "id". Of none a count is 0 and all else None.
    `counts` are further ones, of the same rows: `calls.values(all=Count("pk"), missed=Count("pk", filter=…))`.
    `looked_at` are rows of which each says whether it `fits`: of `{"missed": calls}` the figure "missed" is how many
    do, and "missed_of" how many there are.
    """
    found: dict[str, Any] = {}
    figures, sources = [], []
    values: list[Any] = []
    source_values: list[Any] = []
    for name, (aggregate, rows) in wanted.items():
        found[name] = 0 if aggregate.startswith("COUNT") else None
        with suppress(EmptyResultSet):
            sql, given = _sql(rows.values("id"))
            figures.append(f'(SELECT {aggregate} FROM ({sql}) AS found_rows) AS "{name}"')  # noqa: S608 -- Django's own SQL
            values += given
    for name, rows in (looked_at or {}).items():
        found[name] = found[f"{name}_of"] = 0
        with suppress(EmptyResultSet):
            sql, given = _sql(rows.values("fits"))
            both = f'COUNT(*) FILTER (WHERE fits) AS "{name}", COUNT(*) AS "{name}_of"'
            figures.append(f'"{name}_counts".*')
            sources.append(f'(SELECT {both} FROM ({sql}) AS found_rows) AS "{name}_counts"')  # noqa: S608 -- likewise
            source_values += given
    if counts is not None:
        found |= dict.fromkeys(counts.query.annotation_select, 0)
        with suppress(EmptyResultSet):
            sql, given = _sql(counts)
            figures.append("counts.*")
            sources.append(f"({sql}) AS counts")
            source_values += given
    if figures:
        source = f" FROM {', '.join(sources)}" if sources else ""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(figures)}{source}", [*values, *source_values])
            columns = [column[0] for column in cursor.description]
            found |= dict(zip(columns, cursor.fetchone(), strict=True))
    return found


def _sql(rows: QuerySet[Any, Any]) -> tuple[str, tuple[Any, ...]]:
    sql, values = rows.query.get_compiler(connection=connection).as_sql()
    return sql, tuple(values)
