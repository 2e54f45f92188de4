"""Spell numbers, times and money as the pages do. What is unknown is a dash: "–"."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from calls.vonage import numbers

register = template.Library()

AHEAD = date.max  # stands for a day that is yet to come
NOTHING = "–"
MINUS = "\u2212"
MINUTE, HOUR, DAY = 60, 3600, 86_400


@register.filter
def number(party: str | None) -> str:
    """+44 20 7946 0010, "Withheld" for a hidden caller, anything else as it is."""
    return numbers.shown(party or "")


@register.filter
def country(party: str | None) -> str:
    """United Kingdom; nothing where there is none."""
    return numbers.country(party or "")


@register.filter
def tel(party: str | None) -> str:
    """+442079460010 for a `tel:` link; nothing where it cannot be dialled."""
    return numbers.dialable(party or "")


@register.filter
def duration(value: float | timedelta | None) -> str:
    """20 s, 6 min 02 s, 1 h 19 min, 2 d 3 h, "under 1 s": seconds or a timedelta, cut to the whole second.

    The one rule for how long things last, wherever they are told.
    """
    if value is None:
        return NOTHING
    exact = round(value.total_seconds() if isinstance(value, timedelta) else value, 3)  # sums of floats: 2.9999999
    if 0 < exact < 1:
        return "under 1 s"
    seconds = int(exact)
    if seconds < MINUTE:
        return f"{max(seconds, 0)} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min {seconds % MINUTE:02d} s"
    if seconds < DAY:
        return f"{seconds // HOUR} h {seconds % HOUR // MINUTE} min"
    return f"{seconds // DAY} d {seconds % DAY // HOUR} h"


@register.filter
def timer(value: float | timedelta | None) -> str:
    """2:14 or 1:02:14: a duration that runs."""
    if value is None:
        return NOTHING
    seconds = max(int(value.total_seconds() if isinstance(value, timedelta) else value), 0)
    hours, minutes = divmod(seconds // MINUTE, 60)
    return f"{hours}:{minutes:02d}:{seconds % MINUTE:02d}" if hours else f"{minutes}:{seconds % MINUTE:02d}"


@register.filter
def offset(value: float | timedelta | None) -> str:
    """+11.310: seconds after the start, to the millisecond; 0.000 at the start itself."""
    if value is None:
        return NOTHING
    milliseconds = round((value.total_seconds() if isinstance(value, timedelta) else value) * 1000)
    sign = "+" if milliseconds > 0 else MINUS if milliseconds < 0 else ""
    return f"{sign}{abs(milliseconds) // 1000}.{abs(milliseconds) % 1000:03d}"


@register.filter
def latency(milliseconds: float | None) -> str:
    """84 ms, 5.0 s, under 1 ms: how long an answer took."""
    if milliseconds is None:
        return NOTHING
    if 0 < milliseconds < 1:
        return "under 1 ms"
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


@register.filter
def money(euros: Any) -> str:
    """€0.0058: what a call costs. A price below that is not rounded to nothing: €0.00003."""
    if euros is None:
        return NOTHING
    try:
        price = Decimal(euros)
    except (InvalidOperation, TypeError, ValueError):
        return NOTHING
    shown = f"{abs(price):.4f}"
    if price and not Decimal(shown):
        shown = f"{abs(price):.8f}".rstrip("0").rstrip(".")
    return f"{MINUS if price < 0 else ''}€{shown}"


@register.filter
def money_sum(euros: Any) -> str:
    """€9.41: what several calls cost together."""
    return NOTHING if euros is None else f"€{Decimal(euros):,.2f}"


@register.filter
def grouped(number: int | None) -> str:
    """1,372: how many there are."""
    return NOTHING if number is None else f"{number:,}"


@register.filter
def ago(moment: datetime | None) -> str:
    """5 min ago, 1 h 27 min ago, "just now" below a minute. Beside a time, never alone; clock.js keeps it true.

    2 h 5 min ahead of our clock: whoever told it has a wrong one, or we do.
    """
    if not moment:
        return NOTHING
    seconds = int((timezone.now() - moment).total_seconds())
    if seconds <= -MINUTE:
        return f"{duration(-seconds) if seconds <= -HOUR else f'{-seconds // MINUTE} min'} ahead of our clock"
    if seconds < MINUTE:
        return "just now"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min ago"
    return f"{duration(seconds)} ago"


@register.filter
def day_word(day: date | None) -> str:
    """ "Today, " and "Yesterday, ", to stand before a day's name; nothing for other days."""
    if not day:
        return ""
    return {0: "Today, ", 1: "Yesterday, "}.get((timezone.localdate() - day).days, "")


@register.filter
def day_name(day: date | None) -> str:
    """Monday 23 November; with the year where it is not this one. AHEAD stands for all days that are yet to come."""
    if not day:
        return "Day unknown"
    if day == AHEAD:
        return "Dated ahead: a clock was wrong"
    year = "" if day.year == timezone.localdate().year else f" {day.year}"
    return f"{day:%A} {day.day} {day:%B}{year}"


@register.filter
def iso(day: date | None) -> str:
    """2026-11-23, as scripts read it; nothing where there is none."""
    return day.isoformat() if day else ""


@register.simple_tag
def exact_time(moment: datetime) -> SafeString:
    """Show the time of day, with the date in the title. For rows of which there are many: a tenth of the filters'."""
    at = timezone.localtime(moment)
    title = f"{at.day} {at:%b %Y, %H:%M:%S} {zone_letters(moment)}"
    return mark_safe(  # noqa: S308 - a time, and letters of a zone that Python knows
        f'<time class="two-a num" datetime="{at.isoformat()}" title="{title}">{at:%H:%M:%S}</time>'
    )


@register.filter
def seconds_of(moment: datetime | None) -> str:
    """Seconds since 1970 with milliseconds: what the page's scripts count from."""
    return f"{moment.timestamp():.3f}" if moment else ""


@register.filter
def pretty_json(value: Any) -> str:
    """JSON over several lines, in which no invisible character can hide or turn the text around."""
    return visible(json.dumps(value, indent=2, ensure_ascii=False))


def visible(text: str) -> str:
    """Spell out what would not show or would turn the text around; lines stay."""
    return numbers.visible(text, but="\n")


@register.simple_tag
def zone(moment: datetime | None = None) -> str:
    """London, GMT: the zone in which all times of the page stand, with its letters at that moment."""
    name = timezone.get_current_timezone_name()
    city = name.rpartition("/")[2].replace("_", " ")
    letters = timezone.localtime(moment or timezone.now()).tzname() or name
    if letters[:1] in "+-":
        letters = f"UTC{letters[:3]}{':' + letters[3:] if letters[3:] else ''}"
    return city if city == letters else f"{city}, {letters}"


@register.simple_tag
def zone_name() -> str:
    """Europe/Madrid: the zone of the page."""
    return timezone.get_current_timezone_name()


@register.simple_tag
def server_zone() -> str:
    """Europe/London: TIME_ZONE."""
    return settings.TIME_ZONE


@register.simple_tag
def zone_letters(moment: datetime | None = None) -> str:
    """GMT: the zone's letters at that moment, to stand behind a time."""
    return zone(moment).rpartition(", ")[2]


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
