"""Calls and legs that never moved say so: earlier ones named the conversation that they were born in once more."""

from typing import Any

from django.db import migrations
from django.db.models import F, OuterRef, Subquery

NO_CONVERSATION = "leg:"


def forget_births(apps: Any, _: Any) -> None:
    apps.get_model("calls", "Call").objects.filter(moved_to=F("origin_uuid")).update(moved_to="")
    apps.get_model("calls", "Leg").objects.filter(moved_to=F("call__origin_uuid")).update(moved_to="")


def name_births(apps: Any, _: Any) -> None:
    calls = apps.get_model("calls", "Call").objects.exclude(origin_uuid__startswith=NO_CONVERSATION)
    calls.filter(moved_to="").update(moved_to=F("origin_uuid"))
    origin = calls.filter(pk=OuterRef("call")).values("origin_uuid")
    legs = apps.get_model("calls", "Leg").objects.filter(moved_to="", call__in=calls)
    legs.update(moved_to=Subquery(origin))


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0025_sums_by_hour"),
    ]

    operations = [migrations.RunPython(forget_births, name_births, elidable=True)]
