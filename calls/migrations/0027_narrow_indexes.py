from typing import Any

from django.db import migrations, models

# Room that is left for new versions of a row costs more than the entries in indexes that it saves: those of a call get
# new ones in any case when its outcome is known.
FILL_FACTORS = {"calls_call": 85, "calls_leg": 80}  # so far


def reset_fill_factors(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for table in FILL_FACTORS:
            schema_editor.execute(f"ALTER TABLE {table} RESET (fillfactor)")


def set_fill_factors(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for table, percent in FILL_FACTORS.items():
            schema_editor.execute(f"ALTER TABLE {table} SET (fillfactor = {percent})")


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0026_moved_to"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="callevent",
            index=models.Index(fields=["call"], name="event_by_call"),
        ),
        migrations.AddIndex(
            model_name="callevent",
            index=models.Index(
                condition=models.Q(("kind__in", ["record", "action"])),
                fields=["call"],
                name="event_telling",
            ),
        ),
        migrations.AddIndex(
            model_name="leg",
            index=models.Index(fields=["call"], name="leg_by_call"),
        ),
        migrations.RemoveIndex(model_name="callevent", name="event_of_call"),
        migrations.RemoveIndex(model_name="leg", name="leg_of_call"),
        migrations.RunPython(reset_fill_factors, set_fill_factors),
    ]
