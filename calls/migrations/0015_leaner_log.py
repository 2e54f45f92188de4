"""The call log says less twice: what a leg tells of an event, and what a call tells of the conversation it was born in."""

from django.db import migrations, models

FORGET_BIRTHS = """
    DELETE FROM calls_conversation WHERE id IN (
        SELECT room.id FROM calls_conversation AS room JOIN calls_call AS call ON call.id = room.call_id
        WHERE call.origin_uuid = room.uuid
            AND NOT EXISTS (SELECT 1 FROM calls_visit AS visit WHERE visit.conversation_id = room.id)
    )
"""
TELL_BIRTHS = """
    INSERT INTO calls_conversation (uuid, call_id)
    SELECT origin_uuid, id FROM calls_call WHERE origin_uuid NOT LIKE 'leg:%' ON CONFLICT DO NOTHING
"""
LEAVE_TO_THE_LEG = """
    UPDATE calls_callevent SET conversation_uuid = '' WHERE leg_id IS NOT NULL AND conversation_uuid <> ''
"""


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0014_lists"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="leg",
            name="leg_of_call",
        ),
        migrations.AddIndex(
            model_name="leg",
            index=models.Index(fields=["call", "started_at"], name="leg_of_call"),
        ),
        migrations.AlterField(
            model_name="callevent",
            name="raw",
            field=models.BinaryField(default=bytes),
        ),
        migrations.RunSQL(FORGET_BIRTHS, TELL_BIRTHS),
        migrations.RunSQL(LEAVE_TO_THE_LEG, migrations.RunSQL.noop),
    ]
