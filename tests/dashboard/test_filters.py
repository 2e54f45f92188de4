"""How the list of calls is narrowed: by people and by programs alike, whatever stands in the address."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from calls.models import Call, CallEvent, CallFlow, CallSearch, Counted, FlowVersion
from calls.records import answered, finding, search
from calls.records.filters import SHOWN
from calls.records.needles import needles_of
from calls.records.retention import prune
from tests.factories import OURS, PERSON, keep, make_call, make_contact, make_event, make_number

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SAID = {"speech": {"results": [{"text": "Leave the parcel, please", "confidence": "0.9"}]}}
PRESSED = {"dtmf": {"digits": "4711", "timed_out": False}}


def caller(number: str | None) -> dict[str, Any]:
    return {"from": number}


def page(browser: Client, **query: Any) -> str:
    response = browser.get(f"/?{urlencode(query, doseq=True)}")
    assert response.status_code == 200
    return response.content.decode()


def found(browser: Client, **query: Any) -> list[int]:
    """The calls of the list."""
    return [int(pk) for pk in re.findall(r'id="call-(\d+)"', page(browser, **query))]


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def chips(html: str) -> dict[str, str]:
    """The quick filters with their counts."""
    return dict(re.findall(r'id="chip-(\w+)".*?<b>([^<]*)</b>', html, re.DOTALL))


@pytest.fixture
def write() -> Callable[[], None]:
    """Let the worker write what calls are found by."""
    return lambda: search.write(list(Call.objects.values_list("pk", flat=True)))


@pytest.fixture
def kinds(db: None) -> dict[str, Call]:
    """A call of each kind."""
    make = {
        "answered": make_call(seconds=8),
        "long": make_call(seconds=400),
        "missed": make_call("started", "ringing", "timeout"),
        "busy": make_call("started", "busy"),
        "gave up": make_call("started", "ringing", "cancelled"),
        "declined": make_call("started", "rejected", direction="outbound", detail="declined"),
        "restricted": make_call("started", "rejected", direction="outbound", detail="restricted"),
        "refused": make_call("started", "rejected", direction="outbound", sip_code=503),
        "stopped": make_call("started", "ringing", "cancelled", direction="outbound"),
        "failed": make_call("started", "failed"),
        "voicemail": make_call(extra=[{"recording_url": "https://api.nexmo.com/v1/files/x"}]),
        "lasting": make_call("started", "ringing"),
    }
    CallEvent.objects.filter(call=make["busy"], status="busy").update(signed=False)
    return make


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


# The search


@pytest.mark.parametrize(
    "spelling",
    [
        "447700900318",
        "+44 7700 900318",
        "+44 (0)7700 900318",
        "07700 900 318",
        "0044 7700-900318",
        "900318",
        "(07700) 9003",
    ],
)
def test_number_is_found_in_any_spelling(login: Client, write: Callable[[], None], spelling: str) -> None:
    call = make_call(**caller("447700900318"))
    make_call()
    assert found(login, q=spelling) == [call.pk]  # before the worker has been there
    write()
    assert found(login, q=spelling) == [call.pk]


def test_call_is_found_by_all_that_is_known_of_it(login: Client, write: Callable[[], None]) -> None:
    make_number("442079460077", label="Orders & Returns")
    call = make_call(to="442079460077", extra=[PRESSED, SAID], seconds=30)
    further: dict[str, Any] = {
        "uuid": "second",
        "conversation_uuid": call.conversation_uuid,
        "to": PERSON,
        "direction": "outbound",
    }
    keep(make_event("answered", **further))
    make_call("started", "ringing")
    write()
    uuid = call.legs.exclude(uuid="second").get().uuid
    dashed = f"{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}"
    for text in (
        "orders",
        "Orders & Ret",
        "4711",
        "PARCEL",
        "leave please",
        PERSON,
        uuid,
        dashed,
        call.conversation_uuid,
    ):
        assert found(login, q=text) == [call.pk], text
    for text in ("parcels", "leave it", "4712", "CON-f972836a-550f-45fa-956c-12a2ab5b7d99"):
        assert found(login, q=text) == [], text


@pytest.mark.parametrize(
    "text", ["%", "_", "\\", "'", '"', ".*", "[", "é", "\u202e", "💬", "a\\%b", "00", "0", "+", "()"]
)
def test_no_character_means_more_than_itself(login: Client, write: Callable[[], None], text: str) -> None:
    call = make_call(**caller(f"sip:x{text}y"))
    make_call()
    write()
    assert call.pk in found(login, q=f"x{text}y")
    assert found(login, q=f"z{text}q") == []


def test_text_that_many_calls_have_is_found_without_their_keys(
    login: Client, write: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "COMMON", 3)
    monkeypatch.setattr(finding, "LOOKED_AT", 4)
    calls = [make_call(**caller("447700900500")) for _ in range(4)]
    missed = make_call("started", "timeout", **caller("447700900501"))
    write()
    assert len(found(login, q="9005")) == 5
    assert found(login, q="9005", show="missed") == [missed.pk]
    assert chips(page(login, q="900500"))["all"] == "3+"  # among the newest
    assert chips(page(login, q="9005"))["missed"] == "1+"
    assert chips(page(login, q="9005"))["test"] == "0"  # nobody’s are
    assert chips(page(login, q="9005", days="7"))["all"] == "5"
    monkeypatch.setattr(finding, "COMMON", 60)
    monkeypatch.setattr(finding, "MOST_KEYS", 2)
    assert sorted(found(login, q="900500")) == [call.pk for call in calls]
    assert chips(page(login, q="900500"))["all"] == "3+"  # of those that the index gave first
    monkeypatch.setattr(finding, "MOST_SAMPLED", 2)
    assert chips(page(login, q="900500"))["all"] == "2+"


def test_a_number_is_told_from_others_with_its_last_digits(login: Client, write: Callable[[], None]) -> None:
    one, other = make_call(**caller("447700900500")), make_call(**caller("12125500900500"))
    write()
    assert found(login, q="+44 7700 900500") == [one.pk]
    assert found(login, q="12125500900500") == [other.pk]
    assert sorted(found(login, q="00900500")) == [one.pk, other.pk]


@pytest.mark.parametrize("show", [[], *([name] for name in SHOWN), ["failed", "long"], ["missed", "unhandled", "test"]])
def test_chips_count_the_same_of_few_calls_as_of_many(
    login: Client, kinds: dict[str, Call], write: Callable[[], None], monkeypatch: pytest.MonkeyPatch, show: list[str]
) -> None:
    """Of many, some are counted as few are; within days it is the newest thousand there."""
    make_contact("Test line", "447700900123", tags=["test"])
    write()
    hours = {"hours_from": "00:00", "hours_to": "23:59"}
    asked: list[dict[str, Any]] = [{}, hours, {"since": "2001-01-01"}, {"since": "2001-01-01", **hours}]
    of_few, of_hours, *of_days = [chips(page(login, q="900123", show=show, **more)) for more in asked]
    assert of_few["all"] == str(len(kinds))
    monkeypatch.setattr(finding, "COMMON", 1)
    monkeypatch.setattr(finding, "LOOKED_AT", CallSearch.objects.count())
    some, some_of_hours, *of_many_days = [chips(page(login, q="900123", show=show, **more)) for more in asked]
    assert some == {name: f"{count}+" for name, count in of_few.items()}
    assert some_of_hours == {name: f"{count}+" for name, count in of_hours.items()}
    assert of_many_days == of_days


def test_first_page_of_few_calls_is_in_order_of_start(login: Client, write: Callable[[], None]) -> None:
    """Its calls are named together with the counts, the next page's are not."""
    start = datetime.now(UTC) - timedelta(hours=3)
    order = [*range(0, 30, 2), *range(1, 30, 2)]
    calls = {minute: make_call("started", "timeout", at=start + timedelta(minutes=minute)) for minute in order}
    make_call(at=start + timedelta(hours=2))
    write()
    newest_first = [calls[minute].pk for minute in sorted(calls, reverse=True)]
    html = page(login, q="900123", show="missed")
    assert [int(pk) for pk in re.findall(r'id="call-(\d+)"', html)] == newest_first[:25]
    assert (chips(html)["all"], chips(html)["missed"]) == ("31", "30")
    before = re.search(r"before=([0-9-]+)", html)
    assert before
    assert found(login, q="900123", show="missed", before=before[1]) == newest_first[25:]


def test_search_is_written_once_and_anew_when_more_is_told(db: None) -> None:
    call = make_call("started", "ringing")
    assert search.catch_up(5) is False
    before = CallSearch.objects.get().text
    assert before == f"447700900123\n{OURS}"
    keep(PRESSED | {"uuid": call.legs.get().uuid, "conversation_uuid": call.conversation_uuid})
    search.catch_up(5)
    assert CallSearch.objects.get().text == f"{before}\n4711"


@pytest.mark.django_db
def test_search_forgets_what_was_said_with_the_payloads(settings: Settings, write: Callable[[], None]) -> None:
    make_call(at=NOON - timedelta(days=90), extra=[SAID])
    CallEvent.objects.update(received_at=datetime.now(UTC) - timedelta(days=60))
    write()
    assert "parcel" in CallSearch.objects.get().text
    settings.PAYLOAD_DAYS = 30
    list(prune())
    assert CallSearch.objects.get().text == f"447700900123\n{OURS}"
    settings.CALL_DAYS = 30
    list(prune())
    assert not CallSearch.objects.exists()


def test_what_is_asked_for_is_read_in_words_and_numbers() -> None:
    assert needles_of("+44 (0)20 7946").ways == (("44207946",),)
    assert needles_of("020 7946 0010").ways == (("2079460010",),)
    assert needles_of("0").ways == (("0",),)
    assert needles_of("Anna  anna KOWALSKA").ways == (("anna", "kowalska"),)
    assert needles_of("").ways == ()


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
        assert response.status_code == 200
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
