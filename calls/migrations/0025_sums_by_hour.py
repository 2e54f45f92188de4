"""Sums over all numbers by the hour, beside those by the quarter of one: of a year a quarter of the rows is read."""

from typing import Any

from django.db import migrations

SUMMED = [
    "calls",
    "picked_up",
    "message",
    "notice",
    "unanswered",
    "busy",
    "gave_up",
    "declined",
    "cancelled",
    "failed",
    "blocked",
    "end_unknown",
    "in_progress",
    "talk_seconds",
    "slow_answers",
    "cost",
]
JOINED = ("waits", "talks", "answers")


def add(apps: Any, schema_editor: Any) -> None:
    join = "STRING_AGG" if schema_editor.connection.vendor == "postgresql" else "GROUP_CONCAT"
    sums = [*(f"SUM({name})" for name in SUMMED), *(f"{join}({name}, '')" for name in JOINED), "MAX(slowest)"]
    columns = ["number", "version", "quarter", "outbound", *SUMMED, *JOINED, "slowest"]
    schema_editor.execute(
        f"INSERT INTO calls_tally ({', '.join(columns)}) SELECT '*h', 0, quarter / 4 * 4, outbound, {', '.join(sums)} "  # noqa: S608
        "FROM calls_tally WHERE number = '*' GROUP BY quarter / 4 * 4, outbound"
    )


def drop(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute("DELETE FROM calls_tally WHERE number = '*h'")


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0024_handled"),
    ]

    operations = [migrations.RunPython(add, drop)]
