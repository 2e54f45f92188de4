"""Sums of each number and version by the hour and by the day, beside those by the quarter of one.

What is there is summed up here: about 10 s for the sums of a million calls.
"""

from collections import Counter
from typing import Any

from django.db import migrations, models

HOUR, DAY = 4, 96
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
IN_DIGITS = str.maketrans("0123456789", "!\"#$%&'()*")  # see calls/records/spread.py
AT_ONCE = 500


def add(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute("DELETE FROM calls_tally WHERE number = '*h'")
    _sum_up(schema_editor, HOUR, 1)
    _sum_up(schema_editor, DAY, HOUR)
    tallies = apps.get_model("calls", "Tally").objects
    days = list(tallies.filter(span=DAY).values_list("pk", flat=True))
    with schema_editor.connection.cursor() as cursor:
        for at in range(0, len(days), AT_ONCE):
            rows = tallies.filter(pk__in=days[at : at + AT_ONCE]).values_list(*JOINED, "pk")
            given = [(*map(_short, texts), pk) for *texts, pk in rows]
            cursor.executemany("UPDATE calls_tally SET waits = %s, talks = %s, answers = %s WHERE id = %s", given)


def _sum_up(schema_editor: Any, whole: int, part: int) -> None:
    join = "STRING_AGG" if schema_editor.connection.vendor == "postgresql" else "GROUP_CONCAT"
    by = ["number", "version", "outbound"]
    sums = [*(f"SUM({name})" for name in SUMMED), *(f"{join}({name}, '')" for name in JOINED), "MAX(slowest)"]
    columns = ["span", "quarter", *by, *SUMMED, *JOINED, "slowest"]
    begin = f"quarter / {whole} * {whole}"
    schema_editor.execute(
        f"INSERT INTO calls_tally ({', '.join(columns)}) SELECT {whole}, {begin}, {', '.join([*by, *sums])} "  # noqa: S608
        f"FROM calls_tally WHERE span = {part} GROUP BY {', '.join([begin, *by])}"
    )


def _short(text: str) -> str:
    """Write each letter once, and how often it is there behind it."""
    counts = sorted(Counter(text).items())
    return "".join(letter if count == 1 else f"{letter}{str(count).translate(IN_DIGITS)}" for letter, count in counts)


def drop(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(f"DELETE FROM calls_tally WHERE span = {DAY} OR span = {HOUR} AND number <> '*'")  # noqa: S608
    schema_editor.execute(f"UPDATE calls_tally SET number = '*h' WHERE span = {HOUR}")  # noqa: S608


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0028_request_heads"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="tally", name="tally_once"),
        migrations.RemoveIndex(model_name="tally", name="tally_of_money"),
        migrations.AddField(model_name="tally", name="span", field=models.SmallIntegerField(default=1)),
        migrations.RunPython(add, drop),
        migrations.AddIndex(
            model_name="tally",
            index=models.Index(
                fields=["span", "quarter", "number", "outbound", "version", "calls", "cost"], name="tally_of_money"
            ),
        ),
        migrations.AddConstraint(
            model_name="tally",
            constraint=models.UniqueConstraint(
                fields=("number", "span", "quarter", "version", "outbound"), name="tally_once"
            ),
        ),
    ]
