"""/api/stats/: the figures of the reports."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from calls.records.counting import count_calls
from tests.api.reading import get, problem
from tests.factories import OURS, make_call

pytestmark = pytest.mark.django_db
STATS = "/api/stats/"
DAY = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)


def test_the_figures_of_a_day(api: Client) -> None:
    calls = [make_call(at=DAY), make_call("started", "busy", at=DAY, to="442079460001")]
    count_calls([call.pk for call in calls])
    told = get(api, STATS, first="2026-11-23", last="2026-11-23", zone="Asia/Tokyo")
    assert (told["first"], told["last"], told["zone"]) == ("2026-11-23", "2026-11-23", "Asia/Tokyo")
    assert told["total"]["calls"] == 2
    assert [step["calls"] for step in told["steps"]] == [0] * 23 + [2]  # 23:02 in Tokyo
    assert told["hours"] == [{"weekday": 0, "hour": 23, "calls": 2}]
    narrow = get(api, STATS, first="2026-11-23", last="2026-11-23", number=f"+{OURS}")
    assert narrow["total"]["calls"] == 1
    assert get(api, STATS, first="2026-11-23", last="2026-11-23", outbound="true")["total"]["calls"] == 0


def test_without_days_it_is_the_last_thirty(api: Client) -> None:
    told = get(api, STATS)
    today = timezone.localdate()
    assert (told["first"], told["last"]) == ((today - timedelta(days=29)).isoformat(), today.isoformat())
    assert told["zone"] == "Europe/London"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("first=yesterday", "first"),
        ("first=2026-11-24&last=2026-11-23", "first"),
        ("first=2000-01-01&last=2026-11-23&zone=", "first"),
        ("first=0001-01-01", "first"),
        ("last=9999-12-31", "last"),
        ("first=2001-01-01&last=2026-11-23", "first"),
        ("zone=../../etc/passwd", "zone"),
        ("flow=99999999999999999999", "flow"),
        ("version=x", "version"),
        ("outbound=maybe", "outbound"),
        ("day=1", "day"),
        ("number=%00", "number"),
    ],
)
def test_what_is_no_period_or_no_filter_is_refused(api: Client, query: str, field: str) -> None:
    assert field in problem(api, "get", f"{STATS}?{query}", status=400)["errors"]


@pytest.mark.parametrize("days", [1, 400])
def test_a_longer_period_costs_no_more_queries(
    api: Client, days: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    get(api, STATS)
    first = (datetime(2026, 11, 23, tzinfo=UTC) - timedelta(days=days - 1)).date().isoformat()
    with django_assert_num_queries(5):
        get(api, STATS, first=first, last="2026-11-23")
