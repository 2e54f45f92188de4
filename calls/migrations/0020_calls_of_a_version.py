"""Calls are found by the version that answered them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("calls", "0019_tally_of_money")]

    operations = [
        migrations.AddIndex("counted", models.Index(fields=["version"], name="counted_by_version")),
    ]
