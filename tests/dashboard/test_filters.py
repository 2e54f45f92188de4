"""How the list of calls is narrowed: by people and by programs alike, whatever stands in the address."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from calls.dashboard import filtering
from calls.models import Call, CallEvent, CallFlow, Counted, FlowVersion
from calls.records import answered
from tests.dashboard.lists import NOON, SAID, caller, chips, found, page, words
from tests.factories import OURS, make_call, make_contact, make_number

# Quick filters


@pytest.mark.parametrize(
    ("shown", "names"),
    [
        ("missed", ["missed", "busy", "gave up", "declined"]),
        ("voicemail", ["voicemail"]),
        ("failed", ["restricted", "refused", "failed"]),
        ("long", ["long"]),
        ("unsigned", ["busy"]),
        (["missed", "unsigned"], ["busy"]),
    ],
)
def test_quick_filter_shows_what_the_rows_say(
    login: Client, kinds: dict[str, Call], shown: str | list[str], names: list[str]
) -> None:
    assert sorted(found(login, show=shown)) == sorted(kinds[name].pk for name in names)


def test_every_row_of_missed_and_failed_says_so(login: Client, kinds: dict[str, Call]) -> None:
    for shown, icon_words in (("missed", {"Missed", "No answer", "Busy", "Declined"}), ("failed", {"Failed"})):
        states = re.findall(r'class="state[^"]*">.*?</svg>([^<]+)<', page(login, show=shown).split("data-recent")[1])
        assert states
        assert set(states) <= icon_words


def test_chips_count_what_they_lead_to(login: Client, kinds: dict[str, Call]) -> None:
    html = page(login)
    counts = chips(html)
    assert counts.pop("all") == "12"
    ends = {"missed": "4", "voicemail": "1", "unhandled": "4", "failed": "3"}
    assert counts == ends | {"long": "1", "unsigned": "1", "test": "0"}
    assert chips(page(login, show="unsigned"))["missed"] == "1"


def test_counts_end_at_a_thousand(login: Client) -> None:
    Call.objects.bulk_create(Call(origin_uuid=f"CON-{n}", outcome="missed", started_at=NOON) for n in range(1_001))
    assert chips(page(login)) | {"voicemail": ""} == {
        "all": "1,000+",
        "missed": "1,000+",
        "voicemail": "",
        "unhandled": "1,000+",
        "failed": "0",
        "long": "0",
        "unsigned": "0",
        "test": "0",
    }


def test_calls_of_contacts_tagged_test_are_tests(login: Client, write: Callable[[], None]) -> None:
    make_contact("The phone on the desk", "447700900001", tags=["Test"])
    call = make_call(**caller("447700900001"))
    make_call()
    make_call(to="447700900001", direction="outbound")
    write()
    assert found(login, show="test") == [call.pk]
    assert chips(page(login))["test"] == "1"
    assert sorted(found(login, q="on the desk")) == [call.pk, call.pk + 2]
    assert "The phone on the desk +44 7700 900001" in words(page(login))


def test_what_is_applied_takes_itself_off(login: Client, kinds: dict[str, Call]) -> None:
    html = page(login, show=["missed", "unsigned"], q="44", days="7", hours_from="00:00")
    off = dict(re.findall(r'id="off-([\w-]+)" href="([^"]+)"', html))
    assert off["missed"] == "/?q=44&amp;days=7&amp;hours_from=00%3A00&amp;show=unsigned"
    assert off["q"] == "/?days=7&amp;hours_from=00%3A00&amp;show=missed&amp;show=unsigned"
    assert off["days"] == "/?q=44&amp;hours_from=00%3A00&amp;show=missed&amp;show=unsigned"
    assert off["hours"] == "/?q=44&amp;days=7&amp;show=missed&amp;show=unsigned"
    assert off["all"] == "/"


# Days and hours


def test_days_and_hours_are_those_of_the_zone(login: Client, settings: Settings) -> None:
    settings.TIME_ZONE = "Asia/Kathmandu"  # 5 h 45 min ahead
    before, first, last, after = (
        make_call(at=datetime(2026, 11, 22, 18, 14, tzinfo=UTC)),
        make_call(at=datetime(2026, 11, 22, 18, 15, tzinfo=UTC)),
        make_call(at=datetime(2026, 11, 23, 18, 14, 59, tzinfo=UTC)),
        make_call(at=datetime(2026, 11, 23, 18, 15, tzinfo=UTC)),
    )
    assert found(login, since="2026-11-23", until="2026-11-23") == [last.pk, first.pk]
    assert found(login, since="2026-11-24") == [after.pk]
    assert found(login, until="2026-11-22") == [before.pk]
    assert found(login, hours_from="00:00", hours_to="00:01") == [after.pk, first.pk]
    assert found(login, hours_from="23:59", hours_to="00:00") == [after.pk, last.pk, first.pk, before.pk]
    with time_machine.travel(datetime(2026, 11, 23, 20, tzinfo=UTC), tick=False):
        assert found(login, days="today") == [after.pk]
        assert found(login, days="yesterday") == [last.pk, first.pk]
        assert found(login, days="7") == [after.pk, last.pk, first.pk, before.pk]
        make_call(at=datetime(2026, 11, 25, 20, tzinfo=UTC))  # by a clock that is wrong
        assert found(login, days="today") == [after.pk]
        assert found(login, days="7") == [after.pk, last.pk, first.pk, before.pk]


@pytest.mark.parametrize("search", ["", "900123"])
def test_counts_are_those_of_the_days_and_hours(
    login: Client, write: Callable[[], None], settings: Settings, search: str
) -> None:
    """Their SQL is kept: all but the days, the hours and the zone."""
    for day, hour in ((20, 1), (20, 9), (21, 9), (21, 23), (22, 1)):
        make_call("started", "timeout", at=datetime(2026, 11, day, hour, 30, tzinfo=UTC))
    write()
    asked: list[tuple[dict[str, Any], str]] = [
        ({"since": "2026-11-20", "until": "2026-11-20"}, "2"),
        ({"since": "2026-11-21", "until": "2026-11-22"}, "3"),
        ({"since": "2026-11-21"}, "3"),
        ({"until": "2026-11-21"}, "4"),
        ({"hours_from": "09:30", "hours_to": "09:30"}, "2"),
        ({"hours_from": "23:00", "hours_to": "02:00"}, "3"),
        ({"hours_from": "01:00", "hours_to": "02:02"}, "2"),
        ({"hours_from": "02:03"}, "3"),
        ({"since": "2026-11-21", "hours_to": "09:00"}, "1"),
    ]
    for query, count in [*asked, *reversed(asked)]:
        told = chips(page(login, q=search, **query))
        assert (told["all"], told["missed"]) == (count, count), query
    settings.TIME_ZONE = "Asia/Kathmandu"  # 5 h 45 min ahead
    assert chips(page(login, q=search, since="2026-11-22"))["all"] == "2"
    assert chips(page(login, q=search, hours_from="15:15", hours_to="15:15"))["all"] == "2"


# Nothing fits


@pytest.mark.usefixtures("kinds")
def test_where_nothing_fits_it_says_what_to_drop(login: Client, write: Callable[[], None]) -> None:
    write()
    html = page(login, q="900999")
    assert "No call matches" in html
    assert "Nothing that was kept fits" in words(html)
    html = page(login, show=["voicemail", "unsigned"], q="900123")
    assert "Without Voicemail there is 1; without Unsigned there is 1." in words(html)
    assert 'id="drop-voicemail" href="/?q=900123&amp;show=unsigned"' in html


def test_pages_keep_the_filters(login: Client) -> None:
    Call.objects.bulk_create(Call(origin_uuid=f"CON-{n}", outcome="missed", started_at=NOON) for n in range(60))
    Call.objects.bulk_create(Call(origin_uuid=f"CON-a{n}", outcome="answered", started_at=NOON) for n in range(60))
    older = re.search(r'href="(\?show=missed&amp;before=[\d-]+)"', page(login, show="missed"))
    assert older
    html = login.get(f"/{older[1].replace('&amp;', '&')}").content.decode()
    assert len(re.findall(r'id="call-(\d+)"', html)) == 25
    assert re.search(r'id="newer" href="\?show=missed&amp;after=', html)


# Whatever stands in the address


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"q": "x" * 10_000}, "A search has 100 characters at most"),
        ({"show": "nothing"}, "“nothing” is none of missed"),
        ({"days": "8"}, "“8” is none of today"),
        ({"since": "2026-13-45"}, "“2026-13-45” is no day, such as 2026-11-23"),
        ({"since": "0001-01-01"}, "is no day"),
        ({"since": "9999-12-31"}, "is no day"),
        ({"until": "y" * 10_000}, "is no day"),
        ({"hours_from": "25:00"}, "“25:00” is no time of the day, such as 09:00"),
        ({"since": "2026-11-24", "until": "2026-11-23"}, "The last day lies before the first one"),
        ({"days": "today", "since": "2026-11-24"}, "was asked for beside single days"),
        ({"q": "a\0b\udcff"}, ""),
        ({"q": "(?:a+)+$", "show": ["missed"] * 500}, ""),
        ({"show": "<script>"}, "&lt;script&gt;"),
        ({"hours_from": "12:00:59.999999+14:00"}, ""),
        ({"q": "\0", "since": "\0", "before": "0-0", "after": "\0"}, ""),
        ({"before": "9999999999999999-999999999999999999"}, ""),
        ({"after": "0-0"}, ""),
    ],
)
def test_odd_value_is_left_out_with_a_note(login: Client, query: dict[str, Any], told: str) -> None:
    make_call()
    address = "?" + urlencode(query, doseq=True, errors="surrogatepass")
    for path in ("/", "/live/", "/calls.csv"):
        response = login.get(
            path + address.replace("?", "?seen=0&") if path == "/live/" else path + address, follow=True
        )
        assert response.status_code == (400 if told and path == "/calls.csv" else 200)  # a file would say nothing of it
    assert told in login.get("/" + address, follow=True).content.decode()


def test_programs_are_refused_what_people_are_told(api: Client, kinds: dict[str, Call]) -> None:
    wrong = api.get("/api/calls/?since=2026-13-45&show=nothing")
    assert wrong.status_code == 400
    assert set(wrong.json()["errors"]) == {"since", "show"}
    missed = api.get("/api/calls/?show=missed").json()["results"]
    assert sorted(row["id"] for row in missed) == sorted(
        kinds[name].pk for name in ("missed", "busy", "gave up", "declined")
    )
    assert len(api.get("/api/calls/?show=missed&show=unsigned&days=7&q=900123").json()["results"]) == 1


# Costs


@pytest.mark.parametrize(
    "query", [{}, {"show": "missed"}, {"show": ["failed", "unsigned"]}, {"q": "9001"}, {"q": "nothing at all"},
              {"days": "30", "hours_from": "08:00", "hours_to": "18:00"}, {"q": "9001", "show": "missed", "days": "30"}]
)  # fmt: skip
def test_a_list_takes_twelve_queries_at_most_and_the_same_however_many_calls(
    login: Client, write: Callable[[], None], django_assert_num_queries: DjangoAssertNumQueries,
    django_assert_max_num_queries: DjangoAssertNumQueries, query: dict[str, Any],
) -> None:  # fmt: skip
    make_number(label="Main line")
    make_call("started", "timeout")
    make_call("started", "ringing")
    write()
    with django_assert_max_num_queries(12) as few:
        page(login, **query)
    for _ in range(5):
        make_call("started", "timeout")
        make_call("started", "ringing")
    write()
    with django_assert_num_queries(len(few.captured_queries)):
        page(login, **query)


# Live


def test_poll_marks_what_is_not_asked_for(login: Client) -> None:
    make_call("started", "timeout")
    seen = CallEvent.objects.latest("pk").pk
    missed, answered = make_call("started", "timeout"), make_call(extra=[SAID])

    def others(**query: Any) -> set[int]:
        html = login.get(f"/live/?seen={seen}&{urlencode(query)}").content.decode()
        assert {int(pk) for pk in re.findall(r'id="call-(\d+)"', html)} == {missed.pk, answered.pk}
        return {int(pk) for pk in re.findall(r'data-id="(\d+)" data-place="[\d-]+" data-other', html)}

    assert others() == set()
    assert others(show="missed") == {answered.pk}
    assert others(q="parcel") == {missed.pk}  # the worker has yet to write it
    assert others(q="parcel", show="missed") == {missed.pk, answered.pk}


# CSV


def test_csv_has_the_calls_of_the_list(login: Client, settings: Settings) -> None:
    make_number(OURS, label="=Main line")
    call = make_call("started", "ringing", "timeout", at=NOON, **caller("447700900318"))
    make_call(at=NOON)
    make_call("started", "failed", at=NOON - timedelta(hours=1), **caller("+1,\t@x"))
    response = login.get("/calls.csv", {"show": "missed"})
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert re.search(r'attachment; filename="calls-[\d-]+\.csv"', response["Content-Disposition"])
    heading, row, rest = text.split("\r\n")
    assert heading.startswith('\ufeff"Started (London, GMT)",Outcome,Why,Direction,From')
    assert row.startswith("2026-11-23 12:00:00,Missed,,inbound,447700900318,,442079460000,'=Main line,8,,8")
    assert row.endswith(f",{call.conversation_uuid},{call.pk}")
    assert rest == ""
    everything = b"".join(login.get("/calls.csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert everything.count("\r\n") == 4
    assert '"\'+1,\\t@x"' in everything


@pytest.mark.parametrize("start", list("=+-@\t\r\n"))
def test_no_cell_is_a_formula(start: str) -> None:
    from calls.dashboard.export import safe

    assert safe(f"{start}1+1") == f"'{start}1+1"
    assert safe("1-1") == "1-1"


def test_csv_is_read_page_by_page(login: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    Call.objects.bulk_create(Call(origin_uuid=f"CON-{n}", outcome="missed", started_at=NOON) for n in range(1_200))
    parts = iter(login.get("/calls.csv").streaming_content)  # type: ignore[attr-defined]
    assert next(parts).count(b"\n") == 1
    with django_assert_num_queries(4):
        assert next(parts).count(b"\n") == 500
    assert sum(part.count(b"\n") for part in parts) == 700


def test_database_that_is_away_is_told(login: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    from calls.dashboard import chip_counts

    def fail(*wanted: object) -> None:
        raise OperationalError("canceling statement due to statement timeout")

    monkeypatch.setattr(chip_counts, "several", fail)
    response = login.get("/?q=x")
    assert response.status_code == 503
    assert "The list could not be loaded" in response.content.decode()
    assert 'href="/?q=x"' in response.content.decode()


@pytest.mark.parametrize("most", [0, 2_000])
def test_calls_are_found_by_the_flow_or_the_version_that_answered(
    login: Client, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(answered, "MOST_KEYS", most)  # of more, each call is looked at
    flow = CallFlow.objects.create(name="Orders line")
    for number, call in enumerate([make_call(), make_call(), make_call()], 1):
        version = FlowVersion.objects.create(flow=flow, number=number, program={})
        Counted.objects.create(call=call.pk, quarter=0, outbound=False, version=version.pk, ending=1)
    other = make_call()
    everything = sorted(call.pk for call in Call.objects.exclude(pk=other.pk))
    assert sorted(found(login, flow=flow.pk)) == everything
    assert found(login, flow=f"{flow.pk}v2", days="30") == [everything[1]]
    assert found(login, flow=f"{flow.pk}v9") == []
    html = page(login, flow=f"{flow.pk}v2", q="nothing")
    assert "Orders line v2" in html
    assert f'<input type="hidden" name="flow" value="{flow.pk}v2">' in html
    assert "“3x” is no flow" in page(login, flow="3x")
    told = login.get("/api/calls/", {"flow": f"{flow.pk}v2"}).json()
    assert [row["id"] for row in told["results"]] == [everything[1]]
    assert login.get("/api/calls/", {"flow": "3x"}).status_code == 400


# What no index tells


def test_a_page_looks_at_so_many_calls_and_the_next_one_goes_on(login: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filtering, "MOST_LOOKED_AT", 4)
    at = [NOON - timedelta(hours=number) for number in range(12)]
    calls = [make_call("started", "timeout", at=moment) for moment in at]
    early = {"hours_from": "00:00", "hours_to": "06:00"}  # the last six, with that of 06:00
    html = page(login, **early)
    assert "None found yet" in html
    assert "No call since <b>23 Nov 2026, 09:00</b> fits" in html
    assert listed(html) == []
    html = newer = further(login, html)
    assert listed(html) == [calls[6].pk, calls[7].pk]
    assert "Earlier calls than of 23 Nov 2026, 05:00 were not looked at yet" in html
    assert "Look further back" in html
    html = further(login, html)
    assert listed(html) == [call.pk for call in calls[8:12]]
    assert listed(further(login, newer, "newer")) == []  # four that are newer were looked at
    assert "No older calls" in further(login, html)
    monkeypatch.setattr(filtering, "MOST_LOOKED_AT", 100)
    assert listed(page(login, **early)) == [call.pk for call in calls[6:12]]


def test_what_is_not_counted_to_the_end_is_never_said_to_be_none(
    login: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = [make_call("started", "timeout", at=NOON - timedelta(hours=number)) for number in range(6, 12)]
    Call.objects.bulk_create(Call(origin_uuid=f"CON-{n}", outcome="missed", started_at=NOON) for n in range(260))
    hours = {"hours_from": "00:00", "hours_to": "06:00"}
    html = page(login, show="missed", **hours)  # the newest 250 are counted, which came at noon
    assert listed(html) == [call.pk for call in early]
    assert "6 calls:" in words(html)  # the page came to the end of all
    assert {name: chips(html)[name] for name in ("missed", "all", "failed")} == {
        "missed": "6",
        "all": "",
        "failed": "0",
    }
    html = page(login, show="missed", hours_to="00:30")
    assert "0 calls:" in words(html)
    assert "No call matches" in html
    monkeypatch.setattr(filtering, "MOST_LOOKED_AT", 262)
    html = page(login, show="missed", **hours)
    assert "2+ calls:" in words(html)
    assert chips(html)["missed"] == "2+"
    monkeypatch.setattr(filtering, "MOST_LOOKED_AT", 100)
    html = page(login, show="missed", **hours)
    assert "None yet:" in words(html)
    html = further(login, html)
    assert " Calls: " in words(html)
    assert "None found here" in html


def test_pages_that_are_looked_through_are_as_full_as_others(login: Client) -> None:
    calls = [make_call("started", "timeout", at=NOON - timedelta(minutes=number)) for number in range(60)]
    asked = {"show": "missed", "hours_from": "11:00", "hours_to": "12:00"}
    html = page(login, **asked)
    assert listed(html) == [call.pk for call in calls[:25]]
    assert "Look further back" not in html
    html = further(login, further(login, html))
    assert listed(html) == [call.pk for call in calls[50:]]
    assert listed(further(login, html, "newer")) == [call.pk for call in calls[25:50]]


def test_what_no_call_can_be_is_not_looked_for(login: Client, kinds: dict[str, Call]) -> None:
    html = page(login, show=["missed", "failed"])
    assert listed(html) == []
    assert chips(html)["missed"] == "0"


def listed(html: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'id="call-(\d+)"', html)]


def further(browser: Client, html: str, way: str = "(?:older|further)") -> str:
    """The page behind a link."""
    address = re.search(f'id="{way}" href="([^"]+)"', html)
    assert address
    response = browser.get(f"/{unescape(address[1])}", follow=True)
    assert response.status_code == 200
    return str(response.content.decode())
