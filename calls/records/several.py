"""Several figures in one journey to the database."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet


def several(
    wanted: Mapping[str, tuple[str, QuerySet[Any]]], counts: QuerySet[Any, Any] | None = None
) -> dict[str, Any]:
    """Work out what is wanted, each an aggregate over rows: `{"calls": ("COUNT(*)", calls[:1001])}`.

    The rows are reduced to their keys, called "id". Of none a count is 0 and all else None.
    `counts` are further ones, of the same rows: `calls.values(all=Count("pk"), missed=Count("pk", filter=…))`.
    """
    found: dict[str, Any] = {}
    parts, values, source = [], [], ""
    for name, (aggregate, rows) in wanted.items():
        try:
            sql, given = rows.values("id").query.get_compiler(connection=connection).as_sql()
        except EmptyResultSet:
            found[name] = 0 if aggregate.startswith("COUNT") else None
            continue
        parts.append(f'(SELECT {aggregate} FROM ({sql}) AS found_rows) AS "{name}"')  # noqa: S608 -- Django's own SQL
        values += given
    if counts is not None:
        found |= dict.fromkeys(counts.query.annotation_select, 0)
        with suppress(EmptyResultSet):
            sql, given = counts.query.get_compiler(connection=connection).as_sql()
            source = f" FROM ({sql}) AS counts"
            parts.append("counts.*")
            values += given
    if parts:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(parts)}{source}", values)
            columns = [column[0] for column in cursor.description]
            found |= dict(zip(columns, cursor.fetchone(), strict=True))
    return found
