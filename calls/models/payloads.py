"""JSON as it was told: on Postgres a column of type `json`.

That keeps the text itself, in its order and spelling, and takes a seventh less room than `jsonb`. It is read whole;
where a query looks into it, Postgres parses the row. `payload={}` and paths (`payload__reply__version`) work as ever;
`contains`, `has_key`, `in` and DISTINCT of the whole need an operator that `json` has not.
"""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.fields.json import JSONExact
from django.db.models.functions import Cast


class PayloadField(models.JSONField):
    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        return "json" if connection.vendor == "postgresql" else super().db_type(connection)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        """Take what psycopg has read already, as it does of `json`."""
        return super().from_db_value(value, expression, connection) if isinstance(value, str) else value

    def get_transform(self, name: str) -> Any:
        """Look into it as into any other JSON."""
        transform = super().get_transform(name)
        return lambda lhs, *args, **kwargs: transform(Cast(lhs, models.JSONField()), *args, **kwargs)


@PayloadField.register_lookup
class SamePayload(JSONExact):
    """`payload={}`: `json` has no equality of its own."""

    def process_lhs(self, compiler: Any, connection: BaseDatabaseWrapper, lhs: Any = None) -> tuple[str, Any]:
        sql, values = super().process_lhs(compiler, connection, lhs)
        return (f"({sql})::jsonb" if connection.vendor == "postgresql" else sql), values
