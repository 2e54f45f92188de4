"""The zones in which numbers of ours are at home: times stand in the viewer's, with the number's beside it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from calls.templatetags.calls_format import zone_letters


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
