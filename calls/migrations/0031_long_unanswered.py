"""Find calls that were long and ended in no answer, of which there are hardly any, by an index of their own."""

from django.db import migrations, models

UNANSWERED = ["missed", "busy", "cancelled", "rejected", "voicemail", "failed"]


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0030_calls_of_a_party"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("duration_seconds__gt", 300), ("outcome__in", UNANSWERED)),
                fields=["started_at"],
                name="call_long_unanswered",
            ),
        ),
    ]
