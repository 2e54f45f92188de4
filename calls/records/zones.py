"""The zones in which numbers of ours are at home: times stand in the viewer's, with the number's beside it."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from calls.models import Call, PhoneNumber
from calls.templatetags.calls_format import zone_letters


def zones_of(calls: Iterable[Call]) -> dict[int, str]:
    """The zones of the numbers of ours that these calls came to, or were placed from, by call. One query."""
    ours = {call.pk: call.from_number if call.direction == "outbound" else call.to_number for call in calls}
    rows = PhoneNumber.objects.filter(msisdn__in=set(ours.values())).exclude(time_zone="")
    found = dict(rows.values_list("msisdn", "time_zone")) if ours else {}
    return {pk: found[party] for pk, party in ours.items() if party in found}


def time_there(moment: datetime | None, zone: str) -> str:
    """15:02 CET, where clocks in that zone show another time than those of the page; else nothing."""
    try:
        there = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # none, or one that this machine does not know
        return ""
    if moment is None:
        return ""
    here, local = timezone.localtime(moment), moment.astimezone(there)
    if here.utcoffset() == local.utcoffset():
        return ""
    day = "" if here.date() == local.date() else f"{local:%a} "
    with timezone.override(there):
        return f"{day}{local:%H:%M} {zone_letters(moment)}"
