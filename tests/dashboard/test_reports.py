"""The page of reports: what it says, in each of its states, and what it costs."""

import csv
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from calls.dashboard import reports as door
from calls.dashboard.outcomes import state_of
from calls.models import Bookmark, Call, Ending, Leg, Outcome
from calls.records.choice import Choice
from calls.records.counting import count_news
from calls.records.endings import ending_of
from tests.dashboard.test_calls import text_of
from tests.factories import CALLER, OURS, PERSON, keep, make_call, make_event, make_number

pytestmark = [pytest.mark.django_db]
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")


def forward(at: datetime, wait: float = 7, talk: float = 90, to: str = OURS) -> Call:
    """Make a call that a person picks up after so many seconds, and on which they talk for so many."""
    call = make_call("started", "ringing", "answered", at=at, to=to)
    leg: dict[str, Any] = {
        "uuid": f"b-{call.pk}",
        "conversation_uuid": call.conversation_uuid,
        "to": PERSON,
        "from": to,
    }
    leg["direction"] = "outbound"
    keep(make_event("started", at=at + timedelta(seconds=1), **leg))
    keep(make_event("answered", at=at + timedelta(seconds=wait), **leg))
    end = at + timedelta(seconds=wait + talk)
    keep(make_event("completed", at=end, price="0.02", **leg))
    first = {"uuid": call.legs.exclude(uuid=f"b-{call.pk}").get().uuid, "conversation_uuid": call.conversation_uuid}
    keep(make_event("completed", at=end, to=to, price="0.01", **first))
    return call


def answer(call: Call, milliseconds: float, version: int | None = None) -> None:
    leg = call.legs.oldest_first()[0]
    reply = {"ncco": [], "milliseconds": milliseconds, "version": version}
    names = {"uuid": leg.uuid, "conversation_uuid": call.conversation_uuid, "from": CALLER, "to": OURS}
    keep(names | {"reply": reply}, door="answer")


@pytest.fixture
def some_calls() -> None:
    """Three picked up, two missed and a message yesterday; one on another line today."""
    with time_machine.travel(NOW, tick=False):
        version = make_number(OURS, label="Orders").flow.versions.get().pk  # type: ignore[union-attr]
        yesterday = NOW - timedelta(days=1)
        for wait, talk in ((7, 20), (9, 45), (61, 400)):
            answer(forward(yesterday, wait, talk), 84, version)
        make_call("started", "ringing", "cancelled", at=yesterday)
        make_call("started", "ringing", "unanswered", at=yesterday)
        left = make_call(at=yesterday)
        answer(left, 3400, version)
        keep({"conversation_uuid": left.conversation_uuid, "recording_url": "https://api.nexmo.com/v1/files/x"})
        forward(NOW - timedelta(hours=2), to="442079460001")


def page(browser: Client, query: str = "", status: int = 200) -> str:
    with time_machine.travel(NOW, tick=False):
        response = browser.get(f"/reports/{query}")
    assert response.status_code == status
    return response.content.decode()


def stat(html: str, name: str) -> str:
    found = re.search(rf"<dt>{name}</dt><dd>(.*?)</dd>", html, re.DOTALL)
    assert found, f"no figure {name}"
    return text_of(found[1])


def rows(browser: Client, name: str, query: str = "") -> list[dict[str, str]]:
    with time_machine.travel(NOW, tick=False):
        response = browser.get(f"/reports/{name}.csv{query}")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    text = response.content.decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(text.removeprefix("\ufeff").splitlines()))


# What it says


def test_figures_of_the_strip(login: Client, some_calls: None) -> None:
    html = page(login)
    assert stat(html, "Calls") == "7 7 more than the 14 days before"
    assert stat(html, "Picked up") == "57.1 % of 7 that asked for a person"
    assert stat(html, "Time to pick up") == "7 s half of them; 95 of 100: 1 min 01 s"
    assert stat(html, "Missed") == "2 1 nobody picked up, 1 gave up"
    assert stat(html, "Messages") == "1 14.3 % of those that asked for a person"
    assert stat(html, "Cost").startswith("€0.12 €0.0172 a call")


@pytest.mark.parametrize(
    ("query", "calls", "about"),
    [
        ("?period=today", "1", "Monday 23 November, all numbers, calls to us"),
        ("?period=dates&from=2026-11-22&to=2026-11-22", "6", "Sunday 22 November"),
        ("?number=442079460001", "1", "10 to 23 November, +44 20 7946 0001"),
        ("?number=%2B44+20+7946+0001&period=month", "1", "1 to 23 November"),
        ("?period=365d", "7", "24 November 2025 to 23 November 2026"),
        ("?period=nonsense&flow=nonsense&way=nonsense", "7", "10 to 23 November"),
    ],
)
def test_it_is_filtered_by_its_address(login: Client, some_calls: None, query: str, calls: str, about: str) -> None:
    html = page(login, query)
    assert stat(html, "Calls").split()[0] == calls
    assert about in text_of(html)


def test_it_is_filtered_by_flow_and_version(login: Client, some_calls: None) -> None:
    value = re.search(r'<option value="(\d+)v1"', page(login))
    assert value
    assert stat(page(login, f"?flow={value[1]}"), "Calls").split()[0] == "4"
    assert stat(page(login, f"?flow={value[1]}v1"), "Calls").split()[0] == "4"
    assert "No such calls" in page(login, f"?flow={value[1]}v99")


def test_a_call_stands_on_the_day_of_the_viewers_zone(login: Client) -> None:
    forward(datetime(2026, 11, 22, 18, 20, tzinfo=UTC))
    login.cookies["zone"] = "Asia/Kolkata"  # 23:50 there
    assert stat(page(login, "?period=dates&from=2026-11-22&to=2026-11-22"), "Calls").split()[0] == "1"
    login.cookies["zone"] = "Asia/Kathmandu"  # 00:05 of the next day
    assert "No such calls" in page(login, "?period=dates&from=2026-11-22&to=2026-11-22")
    assert rows(login, "days", "?period=today")[-1]["From (Asia/Kathmandu)"].startswith("2026-11-23T00:00+05:45")


def test_each_chart_prints_what_it_means_and_has_its_figures(login: Client, some_calls: None) -> None:
    html = page(login, "?rows=all")
    assert html.count("<figcaption") == 5
    assert html.count("The figures</summary>") == 5
    assert '<details class="reports-more reports-meanings" open>' in html
    assert "4 answers: p50 84 ms, p95 3.4 s, slowest 3.4 s, 1 near miss." in text_of(html)
    assert "Gave up 1 14.3 % The caller hung up before anybody answered. It counts as missed." in text_of(html)
    assert html.count('scope="row"') > 14
    assert "1 over 3 s" in text_of(html)
    assert "style=" not in html


def test_csv_has_the_figures_bare(login: Client, some_calls: None) -> None:
    days = rows(login, "days")
    assert len(days) == 14
    assert (days[0]["From (Europe/London)"], days[0]["Calls"]) == ("2026-11-23T00:00+00:00", "1")
    assert days[1]["Answer rate"] == "0.5"
    assert days[1]["Time to pick up"] == "9"
    assert days[1]["Cost"] == "0.09060000"
    assert [row["Calls"] for row in rows(login, "talks")] == ["1", "1", "1", "0", "1", "0", "0"]
    assert [row["Calls"] for row in rows(login, "waits")] == ["0", "3", "0", "0", "0", "1"]
    answers = rows(login, "answers")
    assert [(row["Answers"], row["Over 3 s"], row["Slowest"]) for row in answers] == [("4", "1", "3400.0")]
    assert {row["15"] for row in rows(login, "hours") if row["Weekday (Europe/London)"] == "Sun"} == {"6"}
    costs = rows(login, "costs")
    assert [(row["Number"], row["Month (Europe/London)"], row["Cost"]) for row in costs[:2]] == [
        (OURS, "2026-11", "0.09060000"),
        (OURS, "2026-10", "0.00000000"),
    ]
    assert login.get("/reports/nonsense.csv").status_code == 404


def test_numbers_and_versions_stand_side_by_side(login: Client, some_calls: None) -> None:
    words = text_of(page(login))
    assert "Orders 6 3 1 2 0 50.0 % 9 s 1 min 01 s 84 ms 3.4 s 3.4 s 1 €0.09" in words
    numbers, versions = (rows(login, name) for name in ("numbers", "versions"))
    assert [(row["Number"], row["Calls"], row["Over 3 s"]) for row in numbers] == [
        (OURS, "6", "1"),
        ("442079460001", "1", "0"),
    ]
    (named, *others) = versions
    assert (named["Calls"], named["Picked up"], named["Missed"], named["p95"]) == ("4", "3", "0", "3400.0")
    assert named["Flow and version"].endswith(" v1")
    assert [(row["Flow and version"], row["Calls"]) for row in others] == [("No answer of a flow", "3")]
    year = page(login, "?period=365d")
    assert "compare=all#compared-title" in year
    assert "figures-numbers" not in year
    assert "figures-numbers" in page(login, "?period=365d&compare=all")
    assert "figures-versions" not in page(login, "?way=out&number=442079460001")


def test_calls_that_we_placed_have_a_page_of_their_own(login: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        placed: dict[str, Any] = {"direction": "outbound", "from": OURS, "to": PERSON}
        make_call(at=NOW - timedelta(hours=1), **placed)
        make_call("started", "busy", at=NOW - timedelta(hours=1), **placed)
    html = page(login, "?way=out")
    assert stat(html, "Calls").split()[0] == "2"
    assert stat(html, "Picked up").startswith("50.0 %")
    assert stat(html, "Not reached") == "1 1 busy"
    other = text_of(page(login))
    assert "No such calls in these days" in other
    assert "Calls we placed: 2 calls" in other


def test_periods_of_every_length_are_drawn(login: Client, some_calls: None) -> None:
    for query, unit, bars in (
        ("?period=today", "hour", 16),  # up to now
        ("?period=30d", "day", 30),
        ("?period=90d", "week", 14),
        ("?period=dates&from=2020-01-01&to=2026-11-23", "month", 83),
    ):
        html = page(login, query)
        assert f"Calls per {unit}" in html
        assert len(rows(login, "days", query)) == bars


def test_cost_of_a_year_is_told_when_it_is_asked_for(login: Client, some_calls: None) -> None:
    make_call(at=NOW - timedelta(days=200))
    short, whole = page(login, "?period=365d"), page(login, "?period=365d&rows=all")
    assert "rows=all#figures-costs" in short
    assert "May 2026" not in short
    assert "May 2026" in whole
    assert "2026-05" in {row["Month (Europe/London)"] for row in rows(login, "costs", "?period=365d")}


# Its states


def test_before_the_first_call(login: Client) -> None:
    assert "Nothing to report yet" in page(login)


def test_no_match_says_what_would_match(login: Client, some_calls: None) -> None:
    html = page(login, "?number=442079460001&period=dates&from=2026-11-22&to=2026-11-22")
    assert "No such calls in these days" in html
    assert "All numbers: 6 calls" in text_of(html)
    assert 'href="/reports/?period=dates&amp;from=2026-11-22&amp;to=2026-11-22"' in html
    assert "The last 365 days: 1 call" in text_of(html)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?period=dates&from=22.11.2026", "A day is written year-month-day"),
        ("?period=dates&from=2001-01-01&to=2026-11-23", "more than 3,660 days"),
        ("?period=dates&from=0001-01-01&to=2026-11-23", "between the years 2000 and 2099"),
    ],
)
def test_days_that_are_none_are_said_to_be_so(login: Client, some_calls: None, query: str, words: str) -> None:
    html = page(login, query)
    assert words in html
    assert stat(html, "Calls").startswith("7")


def test_days_the_wrong_way_round_are_turned(login: Client, some_calls: None) -> None:
    html = page(login, "?period=dates&from=2026-11-23&to=2026-11-21")
    assert stat(html, "Calls").startswith("7")


def test_what_is_not_counted_yet_is_told(login: Client, some_calls: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "AT_ONCE", 5)
    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        html = login.get("/reports/").content.decode()
    assert "Still counting" in html
    monkeypatch.undo()
    count_news()
    assert "Still counting" not in page(login)


def test_a_database_that_fails_leaves_a_page_that_says_so(
    login: Client, some_calls: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise DatabaseError("canceling statement due to statement timeout")

    monkeypatch.setattr(door, "figures", fail)
    html = page(login, "?period=7d", status=503)
    assert "The figures could not be read" in html
    assert 'href="/reports/?period=7d"' in html


def test_a_busy_database_costs_the_newest_calls_alone(
    login: Client, some_calls: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    page(login)

    def fail(*_: object, **__: object) -> None:
        raise DatabaseError("database is locked")

    monkeypatch.setattr(door, "count_news", fail)
    assert stat(page(login), "Calls").startswith("7")


@pytest.mark.parametrize("path", ["/reports/", "/reports/days.csv"])
def test_stranger_is_asked_to_log_in(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response["Location"]) == (302, f"/login/?next={path}")


def test_names_of_numbers_are_escaped_and_no_formula(login: Client) -> None:
    make_number(OURS, label="<b>=1+1</b>")
    with time_machine.travel(NOW, tick=False):
        make_call(at=NOW)
    assert "&lt;b&gt;=1+1&lt;/b&gt;" in page(login)
    assert "<b>=1+1" not in page(login)


# What it costs


def test_twelve_queries_however_many_calls(
    login: Client, some_calls: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    page(login)
    Bookmark.objects.update(seen=10**9, newest=10**9)  # all was seen for good
    for query in ("", "?period=365d", "?number=442079460001"):
        with django_assert_max_num_queries(12):
            page(login, query)
    for minute in range(20):
        forward(NOW - timedelta(minutes=minute))
    with time_machine.travel(NOW, tick=False):
        Bookmark.objects.update(seen=0, newest=0, noted_at=timezone.now())
    with django_assert_max_num_queries(30):
        assert stat(page(login), "Calls").startswith("27")


# Words are those of the list


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
@pytest.mark.parametrize("outcome", Outcome.values)
@pytest.mark.parametrize("reason", [("", None), ("declined", None), ("", 603), ("cannot_route", None)])
@pytest.mark.parametrize("legs", [1, 2])
def test_endings_are_what_the_list_says(
    outcome: str, direction: str, legs: int, reason: tuple[str, int | None]
) -> None:
    detail, sip_code = reason
    call = Call(outcome=outcome, direction=direction)
    state = state_of(call, [Leg(detail=detail, sip_code=sip_code) for _ in range(legs)])
    ending = ending_of(outcome, direction, legs, detail, sip_code)
    told = {
        Ending.PICKED_UP: "good",
        Ending.MESSAGE: "voice",
        Ending.FAILED: "bad",
        Ending.IN_PROGRESS: "live",
        Ending.UNANSWERED: "warn",
        Ending.BUSY: "warn",
        Ending.DECLINED: "warn",
        Ending.GAVE_UP: "warn",
    }
    assert state.tone == told.get(ending, "")
    if ending in (Ending.NOTICE, Ending.CANCELLED, Ending.BLOCKED, Ending.END_UNKNOWN, Ending.PICKED_UP):
        assert state.word == ending.label


def test_days_alone_are_asked_for_and_a_period_that_is_none_is_told(login: Client) -> None:
    make_call(at=datetime(2026, 11, 3, 12, tzinfo=UTC))
    count_news()
    assert "1 to 5 November" in login.get("/reports/?from=2026-11-01&to=2026-11-05").content.decode()
    told = login.get("/reports/?period=x<").content.decode()
    assert "“x&lt;” is none of today, 7d, 14d" in told
    assert "These days cannot be shown" in told


def test_every_choice_can_be_spelt_and_read_again() -> None:
    from django.http import QueryDict

    choice = Choice(name="dates", first="2026-11-01", last="2026-11-02", number=OURS, flow="3v13", way="out")
    assert Choice.read(QueryDict(choice.query).dict()) == choice
    assert Choice().query == ""
    assert choice.period(date(2026, 11, 23), LONDON).days == 2
