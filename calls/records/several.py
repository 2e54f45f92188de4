"""Several figures in one journey to the database."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

Sql = tuple[str, tuple[Any, ...]] | None  # a query and its values; None where it is known to give nothing
Rows = QuerySet[Any, Any] | Sql


def several(
    wanted: Mapping[str, tuple[str, Rows]],
    counts: Rows = None,
    looked_at: Mapping[str, Rows] | None = None,
) -> dict[str, Any]:
    """Work out what is wanted, each an aggregate over rows: `{"calls": ("COUNT(*)", calls[:1001])}`.

    The rows are reduced to their keys, called "id". Of none a count is 0 and all else None.
    `counts` are further ones, of the same rows: `calls.values(all=Count("pk"), missed=Count("pk", filter=…))`.
    `looked_at` are rows of which each says whether it `fits`: of `{"missed": calls}` the figure "missed" is how many
    do, and "missed_of" how many there are.
    Rows and counts may be given as `compiled` makes them.
    """
    found: dict[str, Any] = {}
    figures, sources = [], []
    values: list[Any] = []
    source_values: list[Any] = []
    for name, (aggregate, rows) in wanted.items():
        found[name] = 0 if aggregate.startswith("COUNT") else None
        if query := compiled(rows):
            figures.append(f'(SELECT {aggregate} FROM ({query[0]}) AS found_rows) AS "{name}"')  # noqa: S608 -- Django's own SQL
            values += query[1]
    for name, rows in (looked_at or {}).items():
        found[name] = found[f"{name}_of"] = 0
        if query := compiled(rows, "fits"):
            both = f'COUNT(*) FILTER (WHERE fits) AS "{name}", COUNT(*) AS "{name}_of"'
            figures.append(f'"{name}_counts".*')
            sources.append(f'(SELECT {both} FROM ({query[0]}) AS found_rows) AS "{name}_counts"')  # noqa: S608 -- likewise
            source_values += query[1]
    if counts is not None:
        found |= dict.fromkeys(counts.query.annotation_select, 0) if isinstance(counts, QuerySet) else {}
        if query := compiled(counts, None):
            figures.append("counts.*")
            sources.append(f"({query[0]}) AS counts")
            source_values += query[1]
    if figures:
        source = f" FROM {', '.join(sources)}" if sources else ""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(figures)}{source}", [*values, *source_values])
            columns = [column[0] for column in cursor.description]
            found |= dict(zip(columns, cursor.fetchone(), strict=True))
    return found


def compiled(rows: Rows, column: str | None = "id") -> Sql:
    """Make SQL of rows that are reduced to one column, or left as they are: that takes longer than to execute it."""
    if not isinstance(rows, QuerySet):
        return rows
    try:
        query = (rows.values(column) if column else rows).query
        sql, values = query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return None
    return sql, tuple(values)
