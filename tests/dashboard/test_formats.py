"""Numbers, times and money as people read them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import phonenumbers
import pytest
import time_machine
from django.template import Context, Template, TemplateSyntaxError
from pytest_django import Settings

from calls.templatetags import calls_format as spell
from calls.templatetags.calls_icons import ICONS, icon
from calls.vonage import numbers

pytestmark = pytest.mark.once

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("party", "shown"),
    [
        ("442079460000", "+44 20 7946 0000"),
        ("+442079460000", "+44 20 7946 0000"),
        (" 447700900123", "+44 7700 900123"),
        ("61491570156", "+61 491 570 156"),
        ("12025550123", "+1 202-555-0123"),
        ("", "Withheld"),
        (None, "Withheld"),
        ("Unknown", "Withheld"),
        ("anonymous", "Withheld"),
        ("Restricted", "Withheld"),
        ("sip:lena@pbx.example.com", "sip:lena@pbx.example.com"),
        ("Alice", "Alice"),
        ("50789", "50789"),  # a short code
        ("0", "0"),
        ("99999999999999", "99999999999999"),  # no country begins so
        ("4" * 200, "4" * 200),
        ("٤٤٢٠٧٩٤٦٠٠٠٠", "٤٤٢٠٧٩٤٦٠٠٠٠"),  # digits, but not those of a number
    ],
)
def test_number_is_shown_as_people_write_it(party: str | None, shown: str) -> None:
    assert spell.number(party) == shown


@pytest.mark.parametrize(
    ("party", "name"),
    [
        ("447700900123", "United Kingdom"),  # of a range that is never given out
        ("442079460000", "United Kingdom"),
        ("61491570156", "Australia"),
        ("12025550123", "United States"),
        ("14165550123", "Canada"),
        ("82221234567", "South Korea"),
        ("38344123456", "Kosovo"),
        ("883510000000", ""),  # belongs to no country
        ("", ""),
        ("Alice", ""),
    ],
)
def test_country_of_a_number(party: str, name: str) -> None:
    assert spell.country(party) == name


def test_every_region_of_the_numbering_plan_has_a_name() -> None:
    assert not [region for region in phonenumbers.SUPPORTED_REGIONS if not numbers._country_names().get(region)]


def test_only_what_can_be_dialled_is_dialled() -> None:
    assert spell.tel("442079460000") == "+442079460000"
    assert [spell.tel(party) for party in ("", None, "Unknown", "sip:lena@pbx.example.com", "50789")] == [""] * 5


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0, "0 s"),
        (20, "20 s"),
        (59.9, "59 s"),
        (60, "1 min 00 s"),
        (123, "2 min 03 s"),
        (372, "6 min 12 s"),
        (4740, "1 h 19 min"),
        (timedelta(hours=23, minutes=59, seconds=59), "23 h 59 min"),
        (timedelta(days=2, hours=3), "2 d 3 h"),
        (-5, "0 s"),
    ],
)
def test_duration(value: float | timedelta | None, shown: str) -> None:
    assert spell.duration(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (0, "0:00"), (8, "0:08"), (134.9, "2:14"), (timedelta(seconds=3734), "1:02:14"), (-1, "0:00")],
)
def test_running_time(value: float | timedelta | None, shown: str) -> None:
    assert spell.timer(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0, "0.000"),
        (0.0004, "0.000"),
        (0.009, "+0.009"),
        (11.31, "+11.310"),
        (timedelta(seconds=76, milliseconds=871), "+76.871"),
        (-0.0004, "0.000"),
        (-0.5, "\u22120.500"),
        (-12.25, "\u221212.250"),
    ],
)
def test_offset_from_the_start(value: float | timedelta | None, shown: str) -> None:
    assert spell.offset(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (Decimal("0.00580000"), "€0.0058"),
        ("0.16940000", "€0.1694"),
        (0, "€0.0000"),
        (Decimal("0.00003000"), "€0.00003"),
        (Decimal("0.00006"), "€0.0001"),
        (Decimal("-0.0058"), "\u2212€0.0058"),
        (Decimal("12.5"), "€12.5000"),
        ("free", "–"),
    ],
)
def test_price_of_a_call(value: object, shown: str) -> None:
    assert spell.money(value) == shown


def test_sum_of_prices() -> None:
    assert [spell.money_sum(value) for value in (None, Decimal("9.4149"), 1234)] == ["–", "€9.41", "€1,234.00"]


def test_latency() -> None:
    assert [spell.latency(value) for value in (None, 0.4, 84.4, 999, 5012)] == [
        "–",
        "under 1 ms",
        "84 ms",
        "999 ms",
        "5.0 s",
    ]


@time_machine.travel(NOON, tick=False)
@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "just now"),
        (59, "just now"),
        (-30, "just now"),  # Vonage's clock is ahead of ours
        (60, "1 min ago"),
        (540, "9 min ago"),
        (5220, "1 h 27 min ago"),
        (100_000, "1 d 3 h ago"),
        (-59, "just now"),
        (-60, "1 min ahead of our clock"),
        (-5220, "1 h 27 min ahead of our clock"),
        (-100_000, "1 d 3 h ahead of our clock"),
    ],
)
def test_how_long_ago(seconds: int, shown: str) -> None:
    assert spell.ago(NOON - timedelta(seconds=seconds)) == shown


@time_machine.travel(NOON, tick=False)
def test_days_have_names() -> None:
    days = [date(2026, 11, 23), date(2026, 11, 22), date(2026, 11, 21), date(2025, 12, 1), None, date.max]
    assert [spell.day_word(day) + spell.day_name(day) for day in days] == [
        "Today, Monday 23 November",
        "Yesterday, Sunday 22 November",
        "Saturday 21 November",
        "Monday 1 December 2025",
        "Day unknown",
        "Dated ahead: a clock was wrong",
    ]


@pytest.mark.parametrize(
    ("name", "winter", "summer"),
    [
        ("Europe/London", "London, GMT", "London, BST"),
        ("UTC", "UTC", "UTC"),
        ("America/New_York", "New York, EST", "New York, EDT"),
        ("Asia/Dubai", "Dubai, UTC+04", "Dubai, UTC+04"),
        ("Asia/Kathmandu", "Kathmandu, UTC+05:45", "Kathmandu, UTC+05:45"),
    ],
)
def test_zone_is_named_with_its_letters(settings: Settings, name: str, winter: str, summer: str) -> None:
    settings.TIME_ZONE = name
    assert spell.zone(datetime(2026, 1, 1, tzinfo=UTC)) == winter
    assert spell.zone(datetime(2026, 7, 1, tzinfo=UTC)) == summer


def test_icon_is_drawn_and_hidden_from_screen_readers() -> None:
    drawn = Template('{% load calls_icons %}{% icon "phone" "turned" %}').render(Context())
    assert drawn.startswith('<svg class="icon turned" viewBox="0 0 16 16" aria-hidden="true"><path')
    assert all("style=" not in icon(name) for name in ICONS)


def test_icon_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        icon("no such icon")
    with pytest.raises(TemplateSyntaxError):
        Template("{% load calls_icons %}{% icon %}")
