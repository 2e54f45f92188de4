from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0003_call_log"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="callevent",
            name="event_of_conversation",
        ),
        migrations.AddIndex(
            model_name="callevent",
            index=models.Index(
                condition=models.Q(("leg__isnull", True)), fields=["conversation_uuid"], name="event_of_conversation"
            ),
        ),
    ]
