"""Find the calls of whoever began or got one: an index of the first two lines of what calls are found by."""

from typing import Any

from django.db import migrations


def add(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            r"CREATE INDEX call_search_parties ON calls_callsearch USING gin (((string_to_array(text, E'\n'))[1:2]))"
        )


def drop(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX call_search_parties")


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0029_sums_by_day"),
    ]

    operations = [migrations.RunPython(add, drop)]
