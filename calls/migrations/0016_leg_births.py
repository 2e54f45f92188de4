"""A leg was born where its call was: the call names it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0015_leaner_log"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="leg",
            name="born_in",
        ),
    ]
