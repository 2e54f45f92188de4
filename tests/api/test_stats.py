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
    told = get(api, STATS, **{"from": "2026-11-23"}, to="2026-11-23", zone="Asia/Tokyo")
    assert (told["first"], told["last"], told["zone"]) == ("2026-11-23", "2026-11-23", "Asia/Tokyo")
    assert told["total"]["calls"] == 2
    assert [step["calls"] for step in told["steps"]] == [0] * 23 + [2]  # 23:02 in Tokyo
    assert told["hours"] == [{"weekday": 0, "hour": 23, "calls": 2}]
    day = {"from": "2026-11-23", "to": "2026-11-23"}
    assert get(api, STATS, **day, number=f"+{OURS}")["total"]["calls"] == 1
    assert get(api, STATS, **day, flow="3v13")["total"]["calls"] == 0
    assert get(api, STATS, **day, way="out")["total"]["calls"] == 0


@pytest.mark.parametrize(("period", "days"), [({}, 14), ({"period": "7d"}, 7), ({"period": "today"}, 1)])
def test_without_days_they_are_those_of_the_page(api: Client, period: dict[str, str], days: int) -> None:
    told = get(api, STATS, **period)
    today = timezone.localdate()
    assert (told["first"], told["last"]) == ((today - timedelta(days=days - 1)).isoformat(), today.isoformat())
    assert told["zone"] == "Europe/London"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("from=2026-11-24&to=2026-11-23", "to"),
        ("from=2000-01-01&to=2026-11-23&zone=", "from"),
        ("from=0001-01-01", "from"),
        ("to=9999-12-31", "to"),
        ("from=2001-01-01&to=2026-11-23", "from"),
        ("period=7d&to=2026-11-23", "period"),
        ("period=8d", "period"),
        ("zone=../../etc/passwd", "zone"),
        ("flow=99999999999999999999", "flow"),
        ("flow=3v", "flow"),
        ("way=in", "way"),
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
        get(api, STATS, **{"from": first}, to="2026-11-23")
