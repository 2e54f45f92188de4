"""The page of one call: every documented call is told and drawn to scale, and nothing that Vonage says breaks it."""

import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from calls.dashboard.scale import FOLD_WIDTH
from calls.flows.numbers import save_number
from calls.flows.steps import Greeting
from calls.models import Call, CallEvent, Leg, Outcome, PhoneNumber, RequestHead, User
from calls.records.batch import write_batch
from calls.vonage.events import Event
from tests.conftest import Get
from tests.factories import OURS, PERSON, keep, make_call, make_contact, make_event, make_number
from tests.sequences.expected import EXPECTED, ExpectedLeg
from tests.sequences.reading import BEGIN, NAMES, steps
from tests.vonage_client import VonageClient
from tests.webhooks.test_sequences import deliver

pytestmark = pytest.mark.once

CALLED = "+44 7700 900123 called Main line from the United Kingdom at 10:00"
WE_CALLED = "We called +44 7700 900456 in the United Kingdom from Main line at 10:00"
TOM = "+44 7700 900456"
NOBODY = "“Sorry, this number is not in service. Check the number and call again.”"

# What each documented call is told as, written by hand.
STORIES = {
    "01_inbound_talk": f"{CALLED}, heard “Good morning.”, and was on the line for 7 s. €0.0006",
    "02_menu_key": f"{CALLED}, heard “Good morning.”, pressed 1, and was on the line for 7 s. €0.0006",
    "03_menu_no_key": f"{CALLED}, heard “Good morning.”, and was on the line for 19 s. €0.0016",
    "04_speech": f"{CALLED}, heard “Good morning.”, said “sales”, and is on the line now.",
    "05_voicemail": f"{CALLED}, heard “Good morning.”, and left a 9 s message. €0.0013",
    "06_forward_answered": f"{CALLED}, heard “Good morning.”, and talked to {TOM} for 31 s. €0.0156",
    "07_forward_busy": f"{CALLED}, heard “Good morning.”, and found {TOM} engaged. €0.0007",
    "08_forward_timeout": f"{CALLED}, heard “Good morning.”, and rang {TOM} for 20 s without answer. €0.0020",
    "09_forward_caller_leaves": f"{CALLED}, heard “Good morning.”, and rang {TOM} for 4 s. €0.0006",
    "10_inbound_cancelled": f"{CALLED} and gave up. €0.0000",
    "11_outbound_answered": f"{WE_CALLED}, who picked up and hung up after 4 s. €0.0023",
    "12_outbound_busy": f"{WE_CALLED}, who was engaged. €0.0000",
    "13_outbound_rejected": f"{WE_CALLED}, who could not be reached (refused by the carrier).",
    "14_outbound_unanswered": f"{WE_CALLED}, whose phone rang for 31 s without answer. €0.0000",
    "15_outbound_failed": f"{WE_CALLED}, who could not be reached (no way to that number). €0.0000",
    "16_outbound_timeout": f"{WE_CALLED}, whose phone rang for 1 min 01 s without answer. €0.0000",
    "17_outbound_cancelled": f"{WE_CALLED}, whose phone rang for 5 s. €0.0000",
    "18_detection_human": f"{WE_CALLED}, who picked up and hung up after 17 s. €0.0072",
    "19_detection_hangup": f"{WE_CALLED}, where a machine picked up and was on the line for 4 s. €0.0019",
    "20_detection_beep": f"{WE_CALLED}, where a machine picked up and was on the line for 16 s. €0.0064",
    "21_fallback": f"{CALLED}, heard “Good morning.”, and was on the line for 4 s. €0.0004",
    "22_bad_ncco": f"{CALLED}, heard “Good morning.”, and was on the line for a moment. €0.0002",
    "23_moved_by_rest": f"{CALLED}, heard “Good morning.”, and was on the line for 15 s. €0.0013",
    "24_app_user": f"Alice called us at 10:00, heard {NOBODY}, and talked to {TOM} for 4 s. €0.0083",
}


def text_of(html: str) -> str:
    """Give what people read of a piece of HTML."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("&NoBreak;", "").split())


def page_of(browser: Client, call: Call, query: str = "") -> str:
    response = browser.get(f"/calls/{call.pk}/{query}")
    assert response.status_code == 200
    return str(response.content.decode())


def part(html: str, name: str) -> str:
    """The element with that id, as far as the next part."""
    found = re.search(rf'<(\w+) [^>]*id="{name}".*?</\1>', html, re.DOTALL)
    assert found, f"there is no {name}"
    return found[0]


def rows_of(html: str) -> list[str]:
    return [text_of(row) for row in re.findall(r'<summary class="event-head">.*?</summary>', html, re.DOTALL)]


@pytest.fixture
def main_line(db: None) -> PhoneNumber:
    return make_number("442079460010", label="Main line", greeting="Good morning.")


# Every documented call


def test_each_sequence_has_its_story() -> None:
    assert list(STORIES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_documented_call_is_told_in_a_sentence_and_event_by_event(
    vonage: VonageClient, main_line: PhoneNumber, login: Client, name: str
) -> None:
    deliver(vonage, steps(name))
    html = page_of(login, Call.objects.get())
    told = text_of(re.findall(r"<h1>.*?</h1>", html, re.DOTALL)[0])
    assert re.sub(r" (?=[,.])", "", told) == STORIES[name]
    rows = rows_of(html)
    assert len(rows) == sum(EXPECTED[name].events.values())
    assert not any("≈" in row for row in rows)


class Chart:
    """The chart as a page shows it, read back into seconds."""

    def __init__(self, html: str) -> None:
        svg = re.search(r'<svg [^>]*id="chart".*?</svg>', html, re.DOTALL)
        assert svg
        self.svg = svg[0]
        self.scale, self.begin, self.left = (
            float(value) for value in re.findall(r'data-(?:scale|begin|left)="([^"]+)"', self.svg)
        )
        self.folds = [(float(x), float(s)) for s, x in re.findall(r'data-fold="([^"]+)" data-x="([^"]+)"', self.svg)]

    def seconds(self, x: float) -> float:
        """The moment at x: what lies in folds before it counts whole."""
        before = [seconds for place, seconds in self.folds if place < x - 0.01]
        return self.begin + (x - self.left - FOLD_WIDTH * len(before)) / self.scale + sum(before)

    def lane(self, number: int) -> list[tuple[str, float, float, float]]:
        """Its bars: kind, start, end, width in px."""
        shape = r'<rect [^>]*data-bar="(\w+)" data-lane="(\d+)" x="([^"]+)" y="[^"]+" width="([^"]+)"'
        return [
            (kind, self.seconds(float(x)), self.seconds(float(x) + float(width)), float(width))
            for kind, lane, x, width in re.findall(shape, self.svg)
            if int(lane) == number
        ]

    @property
    def ends(self) -> list[str]:
        return re.findall(r'data-end="(\w+)"', self.svg)


@pytest.mark.parametrize("name", [name for name in NAMES if EXPECTED[name].ended_at])
def test_bars_read_back_into_the_durations(
    vonage: VonageClient, main_line: PhoneNumber, login: Client, name: str
) -> None:
    deliver(vonage, steps(name))
    for query in ("", "?unfold=1", "?zoom=2x"):
        compare(Chart(page_of(login, Call.objects.get(), query)), EXPECTED[name].legs)


def compare(chart: Chart, legs: tuple[ExpectedLeg, ...]) -> None:
    """Each lane's bars begin when the leg began, change when it was answered, and end with it."""
    exact, least = 0.001 + 0.02 / chart.scale, 3 / chart.scale  # the shortest bars are drawn 3 px wide
    begin = min(leg.started_at for leg in legs)
    for number, leg in enumerate(legs):
        bars = chart.lane(number)
        started = (leg.started_at - begin).total_seconds()
        ended = ((leg.ended_at or begin) - begin).total_seconds()
        answered = (leg.answered_at - begin).total_seconds() if leg.answered_at else ended
        assert bars[0][1] == pytest.approx(started, abs=exact)
        assert [bar for bar in bars if bar[0] in {"dial", "ring"}][-1][2] == pytest.approx(answered, abs=exact)
        assert bars[-1][2] == pytest.approx(ended, abs=max(exact, least))
        total = sum(end - start for _, start, end, width in bars if width > 3)
        assert total == pytest.approx(ended - started, abs=exact + least)


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("01_inbound_talk", ["dot"]),
        ("04_speech", ["now"]),
        ("05_voicemail", ["message"]),
        ("08_forward_timeout", ["dot", "ring"]),
        ("15_outbound_failed", ["cross"]),
    ],
)
def test_ends_of_the_lanes(
    vonage: VonageClient, main_line: PhoneNumber, login: Client, name: str, ends: list[str]
) -> None:
    deliver(vonage, steps(name))
    assert Chart(page_of(login, Call.objects.get())).ends == ends


def test_talk_is_as_long_as_both_were_on_the_line(vonage: VonageClient, login: Client) -> None:
    deliver(vonage, steps("06_forward_answered"))
    chart = Chart(page_of(login, Call.objects.get()))
    [talk] = [bar for bar in chart.lane(0) if bar[0] == "talk"]
    assert talk[2] - talk[1] == pytest.approx(41.114 - 9.245, abs=0.01)


def test_clocks_that_differ_are_told(vonage: VonageClient, login: Client) -> None:
    ours = timedelta(minutes=10)
    for step in steps("01_inbound_talk"):
        deliver(vonage, [step], now=step.at + ours)
    html = page_of(login, Call.objects.get())
    assert "10 min 00 s ahead of Vonage’s times" in text_of(html)
    [answer] = [row for row in rows_of(html) if "Asked what to do" in row]
    assert answer.startswith("≈ +0.0")


# Facts, and what was served


def test_facts_of_a_call(vonage: VonageClient, main_line: PhoneNumber, login: Client) -> None:
    deliver(vonage, steps("01_inbound_talk"))
    facts = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", part(page_of(login, Call.objects.get()), "facts")))
    told = {name: text_of(value) for name, value in facts.items()}
    version = main_line.live_version
    assert version
    assert told.pop("Started").startswith("10:00:00 GMT 2 Mar 2026, ")
    assert told.pop("Our answers").endswith(" ms limit 5 s")
    assert told.pop("Flow").startswith(f"{version} published ")
    assert told == {
        "From": "+44 7700 900123 United Kingdom",
        "To": "Main line +44 20 7946 0010",
        "Rang": "under 1 s picked up",
        "Talked": "– heard us 7 s",
        "Ended by": "Vonage after 7 s",
        "Cost": "€0.0006 8 s × €0.0045/min",
        "Signed": "5 of 5 requests",
    }
    assert 'href="tel:+447700900123"' in facts["From"]


def test_served_ncco_stands_beside_the_request(vonage: VonageClient, main_line: PhoneNumber, login: Client) -> None:
    deliver(vonage, steps("01_inbound_talk"))
    event = CallEvent.objects.get(kind="answer")
    html = page_of(login, Call.objects.get())
    served = re.search(rf'id="ncco-{event.pk}"[^>]*>(.*?)</pre>', html, re.DOTALL)
    assert served
    ncco = json.loads(re.sub(r"<[^>]+>", "", served[1]).replace("&quot;", '"'))
    assert ncco == event.payload["reply"]["ncco"]
    assert next(iter(ncco[0])) == "action"
    asked = re.search(rf'id="payload-{event.pk}"[^>]*>(.*?)</pre>', html, re.DOTALL)
    assert asked
    assert "reply" not in asked[1]
    assert "3 s near miss" in html


def test_caller_of_no_number_of_ours_is_pointed_out(vonage: VonageClient, get_answer: Get, login: Client) -> None:
    call = make_call("started", "ringing")
    leg = call.legs.get()
    fields = {"to": "442079460099", "from": "447700900123", "uuid": leg.uuid}
    get_answer(fields | {"conversation_uuid": call.conversation_uuid})
    assert "no number of ours was called" in " ".join(rows_of(page_of(login, call)))


def test_staff_get_links_into_the_admin(vonage: VonageClient, main_line: PhoneNumber, login: Client) -> None:
    deliver(vonage, steps("01_inbound_talk"))
    call = Call.objects.get()
    assert f"/admin/calls/call/{call.pk}/change/" in page_of(login, call)
    assert f"/admin/calls/phonenumber/{main_line.pk}/change/" in page_of(login, call)
    colleague = Client()
    colleague.force_login(User.objects.create_user("kim", password="a long password of Kim"))
    assert "/admin/" not in page_of(colleague, call)


def test_tags_of_events(login: Client) -> None:
    call = make_call("started", "answered", "completed")
    keep(make_event("started", uuid="again"))
    call.events.filter(status="started").update(times_received=2)
    call.events.filter(status="answered").update(signed=False)
    call.events.filter(status="completed").update(error="KeyError: 'x'")
    rows = rows_of(page_of(login, call))
    assert ["received 2×" in row for row in rows] == [True, False, False]
    assert ["not signed" in row for row in rows] == [False, True, False]
    assert ["could not be read" in row for row in rows] == [False, False, True]


def test_calls_beside_it_are_a_click_away(login: Client) -> None:
    older, middle, newer = (make_call() for _ in range(3))
    html = page_of(login, middle)
    assert f'href="/calls/{newer.pk}/" rel="prev"' in html
    assert f'href="/calls/{older.pk}/" rel="next"' in html


# Who may see it


@pytest.mark.parametrize("path", ["/calls/{call}/", "/events/{event}/raw/"])
def test_stranger_is_asked_to_log_in(client: Client, db: None, path: str) -> None:
    call = make_call()
    address = path.format(call=call.pk, event=call.events.first().pk)  # type: ignore[union-attr]
    response = client.get(address)
    assert (response.status_code, response["Location"]) == (302, f"/login/?next={address}")


def test_call_that_is_not_there(login: Client) -> None:
    assert login.get("/calls/987654321/").status_code == 404
    assert login.get("/events/987654321/raw/").status_code == 404
    assert login.post("/calls/1/").status_code in {403, 405}


# Its live update


def test_live_update_has_the_parts_of_the_page(login: Client) -> None:
    call = make_call("started", "ringing")
    page, live = page_of(login, call), page_of(login, call, "live/")
    ids = [re.findall(r'id="([\w-]+)" data-part', html) for html in (page, live)]
    assert ids[0] == ids[1]
    assert {"story", "facts", "chart", "side"} < set(ids[0])
    assert f"event-{call.events.first().pk}" in ids[0]  # type: ignore[union-attr]


def test_live_update_of_what_is_over_says_only_what_is_new(login: Client) -> None:
    call = make_call()
    mark = re.search(r'data-mark="([^"]+)"', page_of(login, call))
    assert mark
    assert login.get(f"/calls/{call.pk}/live/", {"mark": mark[1]}).status_code == 204
    keep({"conversation_uuid": call.conversation_uuid, "recording_url": "https://api.nexmo.com/v1/files/1"})
    assert login.get(f"/calls/{call.pk}/live/", {"mark": mark[1]}).status_code == 200


@pytest.mark.parametrize(
    ("age", "statuses", "seconds"),
    [
        (timedelta(0), ("started", "ringing"), 2),
        (timedelta(hours=1), ("started", "ringing"), 10),
        (timedelta(0), ("started", "completed"), 10),
        (timedelta(hours=1), ("started", "completed"), 0),
    ],
    ids=["in progress", "in progress and silent", "just over", "over"],
)
def test_page_asks_again_as_long_as_something_may_come(
    login: Client, age: timedelta, statuses: tuple[str, ...], seconds: int
) -> None:
    call = make_call(*statuses)
    call.events.update(received_at=datetime.now(UTC) - age)
    assert f'data-poll="{seconds}"' in page_of(login, call)


def test_live_update_tells_why_there_is_none(client: Client, login: Client) -> None:
    call = make_call()
    assert client.get(f"/calls/{call.pk}/live/").status_code == 401
    call.delete()
    assert login.get(f"/calls/{call.pk}/live/").status_code == 404


# Odd input

XSS = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
ODD: list[Any] = [
    None,
    True,
    0,
    -1.5,
    10**30,
    "",
    "x" * 5_000,
    "\u202eabc\u200b",
    [],
    [[]],
    {},
    {"a": [1, {"b": None}]},
    ["x", 7],
]
FIELDS = [
    *("from", "to", "status", "direction", "timestamp", "headers", "start_time", "end_time", "duration"),
    *("rate", "price", "network", "detail", "sip_code", "disconnected_by", "dtmf", "speech", "reason", "payload"),
    *("recording_url", "size", "type", "sub_state", "from_user", "reply", "transcription_url", "original_request"),
]
SAME: dict[str, Any] = {"uuid": "leg-of-odd-things", "conversation_uuid": "CON-of-odd-things"}


def keep_odd(value: object) -> Call:
    """Store events that hold this value in each field, at each door that records."""
    told = [make_event("started", **SAME)]
    for name in FIELDS:
        told.append(make_event("answered") | SAME | {name: value})
        told.append(SAME | {name: value})
        told.append(SAME | {name: value, "dtmf": {"digits": value}, "speech": {"results": [{"text": value}]}})
    reply = {"ncco": [{"action": value, "text": value}], "milliseconds": value, "version": value, "problem": value}
    ours = [SAME | {"to": OURS, "reply": reply}, SAME | {"to": value, "reply": value}]
    fallback = [SAME | {"reason": value, "original_request": value}]
    now = datetime.now(UTC)
    for door, payloads in {"event": told, "answer": ours, "fallback": fallback}.items():
        write_batch([Event(payload=payload, door=door, received_at=now) for payload in payloads])
    return Call.objects.of_leg(SAME["uuid"]).get()


@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value)[:20])
def test_any_value_in_any_field_is_shown(login: Client, value: object) -> None:
    call = keep_odd(value)
    assert len(rows_of(page_of(login, call))) == call.events.count()
    for event in call.events.order_by("-pk")[:5]:
        assert login.get(f"/events/{event.pk}/raw/").json() == event.payload


def test_markup_from_outside_is_shown_as_text(login: Client) -> None:
    save_number(OURS, label=XSS[:60], greeting=Greeting(text="Hello & <goodbye"))
    call = keep_odd(XSS)
    keep(make_event("ringing", uuid=XSS, conversation_uuid=SAME["conversation_uuid"], direction="outbound", to=XSS))
    call.events.update(error=XSS)
    html = page_of(login, Call.objects.get()) + page_of(login, call, "live/")
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>alert" not in html
    assert not elements_from_outside(html)


def elements_from_outside(html: str) -> list[str]:
    """Everything that a browser would read as an image, a script of its own or one in an attribute."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            own = tag in {"img", "iframe"} or (tag == "script" and "src" not in dict(attrs))
            if own or any(name.startswith("on") or name == "style" for name, _ in attrs):
                found.append(f"{tag} {attrs}")

    Reader().feed(html)
    return found


def test_page_has_no_inline_script_or_style(vonage: VonageClient, main_line: PhoneNumber, login: Client) -> None:
    deliver(vonage, steps("08_forward_timeout"))
    assert not elements_from_outside(page_of(login, Call.objects.get()))


def test_what_would_hide_or_turn_text_around_is_spelled_out(login: Client) -> None:
    call = make_call("started", extra=[{"type": "x", "note": "abc\u202edef\u200b"}])
    html = page_of(login, call)
    assert "abc\\u202edef\\u200b" in html


def test_long_payload_is_cut_and_whole_a_click_away(login: Client) -> None:
    call = make_call("started", extra=[{"type": "x", "note": "long " * 40_000}])
    html = page_of(login, call)
    assert len(html) < 80_000
    assert "more characters" in html
    event = call.events.get(kind="unknown")
    assert f"/events/{event.pk}/raw/" in html
    assert login.get(f"/events/{event.pk}/raw/").json() == event.payload


def test_many_long_payloads_do_not_make_a_huge_page(login: Client) -> None:
    call = make_call("started", extra=[{"type": str(n), "note": "long " * 10_000} for n in range(60)])
    assert len(page_of(login, call)) < 1_500_000


@pytest.mark.parametrize("columns", [{}, {"started_at": BEGIN}, {"ended_at": BEGIN}, {"answered_at": BEGIN}])
@pytest.mark.parametrize("outcome", Outcome.values)
def test_bare_rows_are_shown(login: Client, columns: dict[str, Any], outcome: str) -> None:
    call = Call.objects.create(origin_uuid="CON-bare", outcome=outcome, **columns)
    page_of(login, call)
    Leg.objects.create(call=call, uuid="bare", **columns)
    page_of(login, call)


@pytest.mark.parametrize("query", ["?from=-1", "?from=x", "?from=99999999999999", "?zoom=3", "?unfold=yes", "?from=²"])
def test_query_that_makes_no_sense_counts_as_not_said(login: Client, query: str) -> None:
    call = make_call()
    assert len(rows_of(page_of(login, call, query))) == 4


# Many


def make_long_call(events: int, legs: int) -> Call:
    """A call of so many events, by rows alone."""
    call = make_call("started", "answered")
    first = call.events.first()
    assert first
    for number in range(legs):
        same = {"uuid": f"leg-{call.pk}-{number}", "conversation_uuid": call.conversation_uuid, "to": PERSON}
        keep(make_event("started", direction="outbound", at=first.occurred_at, **same))
    rows = [
        CallEvent(
            call=call,
            leg_id=first.leg_id,
            door="event",
            kind="input",
            rank=44,
            occurred_at=first.occurred_at + timedelta(seconds=number),
            received_at=first.received_at,
            payload={"dtmf": {"digits": str(number % 10)}},
            digest=f"{call.pk:08x}-0000-4000-8000-{number:012x}",
        )
        for number in range(events)
    ]
    CallEvent.objects.bulk_create(rows)
    return call


def queries_of(browser: Client, call: Call) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page_of(browser, call)
    return len(queries)


def test_contacts_are_told_by_name(login: Client, main_line: PhoneNumber) -> None:
    make_contact("Anna Kowalska", "447700900123")
    page = page_of(login, make_call(to=main_line.msisdn))
    assert "<b><bdi>Anna Kowalska</bdi></b> called <b><bdi>Main line</bdi></b> from the United Kingdom" in page
    assert '<a href="tel:+447700900123">Anna Kowalska</a></bdi><small>+44 7700 900123</small>' in page
    assert "Call Anna Kowalska back" in text_of(page)


def test_number_of_queries_does_not_grow(login: Client, main_line: PhoneNumber) -> None:
    small, large = make_long_call(1, 0), make_long_call(150, 10)
    assert queries_of(login, small) == queries_of(login, large) <= 22  # one is the header's badge


def test_call_of_very_many_events_is_shown_in_pages(login: Client) -> None:
    call = make_long_call(2_000, 0)
    html = page_of(login, call)
    assert len(rows_of(html)) == 200
    assert "Events 1 to 200 of 2002" in text_of(html)
    assert 'href="?from=200#events-title"' in html
    assert len(Chart(html).svg) < 200_000
    last = page_of(login, call, "?from=2000")
    assert len(rows_of(last)) == 2
    assert 'href="?from=1800#events-title"' in last


def test_every_place_tells_the_same_length(login: Client) -> None:
    begun = datetime(2026, 3, 2, 10, tzinfo=UTC)
    call = make_call("started", at=begun)
    Leg.objects.update(answered_at=begun, ended_at=begun + timedelta(seconds=7.9), disconnected_by="user")
    Call.objects.update(answered_at=begun, ended_at=begun + timedelta(seconds=7.9), outcome=Outcome.ANSWERED)
    page = text_of(page_of(login, call))
    assert "hung up after 7 s" in page
    assert "after 7 s" in page
    assert "heard us 7 s" in page


def test_a_call_of_a_thousand_legs_draws_some_and_leads_to_all(login: Client) -> None:
    call = make_call("started", "answered")
    start = call.started_at
    Leg.objects.bulk_create(
        Leg(call=call, uuid=f"leg-{n}", direction="outbound", status="answered", started_at=start) for n in range(300)
    )
    page = text_of(page_of(login, call))
    assert "12 of 301 legs are drawn. Show all legs" in page
    everything = login.get(f"{call.get_absolute_url()}?legs=all").content.decode()
    assert everything.count('class="chart-lane"') == 301
    assert "All 301 legs are drawn." in text_of(everything)


def test_a_reply_in_the_middle_of_a_call_is_shown_beside_its_event(login: Client) -> None:
    path = [{"step": "1", "kind": "digits", "name": "", "label": "Order number", "digits": "1234"}]
    ncco = [{"action": "talk", "text": "Thank you, Anna."}]
    reply = {"ncco": ncco, "milliseconds": 0.4, "version": None, "path": path}
    call = make_call(extra=[{"dtmf": {"digits": "1234", "timed_out": False}, "reply": reply}])
    page = login.get(call.get_absolute_url()).content.decode()
    assert "(Order number), and we answered with “Thank you, Anna.”" in page
    assert "We answered" in page
    assert "event-asked" in page


# Requests


def request_of(html: str) -> list[str]:
    """The lines of each opened event's request."""
    found = re.findall(r'<pre class="[^"]*"[^>]*aria-label="Request line and headers">(.*?)</pre>', html, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", head) for head in found]


def test_an_opened_event_shows_the_request_line_and_its_headers(
    vonage: VonageClient, main_line: PhoneNumber, login: Client
) -> None:
    payload = make_event("started")
    vonage.post("/webhooks/event", payload, HTTP_USER_AGENT="<b>Vonage</b>", HTTP_X_REQUEST_ID="42")
    assert request_of(page_of(login, Call.objects.get())) == [
        "POST /webhooks/event HTTP/1.1\n"
        "User-Agent: &lt;b&gt;Vonage&lt;/b&gt;\n"
        "Content-Type: application/json\n"
        "Authorization: Bearer •••"
    ]


def test_an_event_of_which_no_headers_are_kept_shows_how_it_can_be_sent(login: Client) -> None:
    call = make_call("started", "ringing")
    call.events.filter(status="ringing").update(signed=False)
    assert request_of(page_of(login, call)) == ["POST /event\nAuthorization: Bearer •••", "POST /event"]


def test_headers_that_are_gone_leave_the_page_as_it_was(vonage: VonageClient, login: Client) -> None:
    vonage.post("/event", make_event("started"))
    RequestHead.objects.all().delete()
    assert request_of(page_of(login, Call.objects.get())) == ["POST /event\nAuthorization: Bearer •••"]


def test_what_we_did_was_no_request(login: Client) -> None:
    call = make_call("started")
    call.events.update(door="us", kind="action", payload={"remark": "note", "note": "Ask again", "by": "sam"})
    assert request_of(page_of(login, call)) == []
