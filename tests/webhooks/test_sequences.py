"""Every call that Vonage documents, posted at the doors, ends in the rows that we wrote down by hand."""

import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from calls.models import Call, CallEvent, Leg
from tests.sequences.expected import EXPECTED, INBOUND_CONVERSATION, WITHOUT_OPENING, ExpectedCall, ExpectedLeg
from tests.sequences.reading import BEGIN, NAMES, Step, steps
from tests.vonage_client import VonageClient

LATER = BEGIN + timedelta(minutes=2)  # when everything of a call has happened
OURS = ("answer", "fallback")  # kinds that we record at each request: they are no deliveries
AS_EVENT = {
    "reason": "Connection closed.",
    "original_request": {"url": "https://calls.example.com/event", "type": "event"},
}


def deliver(vonage: VonageClient, sequence: Iterable[Step], *, now: datetime | None = None, prefix: str = "") -> None:
    """Send the requests in this order; `now` is our clock, which else shows the time of each."""
    for step in sequence:
        with time_machine.travel(now or step.at, tick=False):
            send = vonage.get if step.method == "GET" else vonage.post
            response = send(f"{prefix}/{step.door}", step.payload)
        assert response.status_code == 200, (step, response.content)
        if step.door in OURS:
            assert response.json()[0]["action"], step
        else:
            assert response.content == b"", step  # an ordinary event gets an empty answer


def in_body(query: dict[str, Any]) -> dict[str, Any]:
    """Give the fields of a GET request as the same request has them in a POST: objects, not their text."""
    return {
        name: json.loads(value) if isinstance(value, str) and value.startswith("{") else value
        for name, value in query.items()
    }


def shuffled(sequence: Sequence[Step], seed: int) -> list[Step]:
    return random.Random(seed).sample(sequence, len(sequence))


def kept(expected: ExpectedCall) -> ExpectedCall:
    """Read the one call there is out of the tables, in the form of the expected ones."""
    call = Call.objects.get()
    assert list(Call.objects.of_conversation(expected.conversation_uuid)) == [call]
    assert not CallEvent.objects.without_call().exists()
    return ExpectedCall(
        legs=tuple(ExpectedLeg(**columns(leg, ExpectedLeg)) for leg in Leg.objects.oldest_first()),
        events=dict(Counter(call.events.values_list("kind", flat=True))),
        **columns(call, ExpectedCall),
    )


def columns(row: Call | Leg, shape: type[ExpectedCall | ExpectedLeg]) -> dict[str, Any]:
    """Give the columns that the shape has; an empty text is an unknown fact."""
    names = [field.name for field in fields(shape) if field.name not in {"legs", "events"}]
    values = {name: getattr(row, name) for name in names}
    return {name: None if value == "" else value for name, value in values.items()}


def with_own_records(expected: ExpectedCall, *, times: int) -> ExpectedCall:
    """Say what stands there when each request came this often: only what we record ourselves is more."""
    events = {kind: count * (times if kind in OURS else 1) for kind, count in expected.events.items()}
    return replace(expected, events=events)


def test_each_sequence_has_its_expectation() -> None:
    assert len(NAMES) == 24
    assert list(EXPECTED) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_sequence_ends_in_the_rows_of_the_table(vonage: VonageClient, name: str) -> None:
    deliver(vonage, steps(name))
    assert kept(EXPECTED[name]) == EXPECTED[name]


@pytest.mark.parametrize("name", WITHOUT_OPENING)
def test_sequence_whose_opening_was_lost(vonage: VonageClient, name: str) -> None:
    deliver(vonage, [step for step in steps(name) if not step.opening])
    assert kept(WITHOUT_OPENING[name]) == WITHOUT_OPENING[name]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_order_of_arrival_does_not_matter(vonage: VonageClient, name: str, seed: int) -> None:
    deliver(vonage, shuffled(steps(name), seed), now=LATER)
    assert kept(EXPECTED[name]) == EXPECTED[name]


@pytest.mark.parametrize("name", NAMES)
def test_last_first(vonage: VonageClient, name: str) -> None:
    deliver(vonage, steps(name)[::-1], now=LATER)
    assert kept(EXPECTED[name]) == EXPECTED[name]


@pytest.mark.parametrize("name", NAMES)
def test_each_delivery_twice_and_in_any_order(vonage: VonageClient, name: str) -> None:
    deliver(vonage, shuffled(steps(name) * 2, seed=3), now=LATER)
    expected = with_own_records(EXPECTED[name], times=2)
    assert kept(expected) == expected
    deliveries = CallEvent.objects.filter(door="event")
    assert set(deliveries.values_list("times_received", flat=True)) == {2}


@pytest.mark.parametrize("name", NAMES)
def test_events_by_get(vonage: VonageClient, name: str) -> None:
    by_get = [replace(step, method="GET") for step in steps(name)]
    deliver(vonage, by_get)
    assert kept(EXPECTED[name]) == EXPECTED[name]


@pytest.mark.parametrize("name", ["01_inbound_talk", "11_outbound_answered", "21_fallback", "24_app_user"])
def test_answer_and_fallback_by_post(vonage: VonageClient, name: str) -> None:
    by_post = [replace(step, method="POST", payload=in_body(step.payload)) for step in steps(name)]
    deliver(vonage, by_post)
    assert kept(EXPECTED[name]) == EXPECTED[name]


@pytest.mark.parametrize("name", NAMES)
def test_our_own_clock_does_not_count(vonage: VonageClient, name: str) -> None:
    """It is ten minutes behind; wherever LATER is our time, it is ahead."""
    for step in steps(name):
        deliver(vonage, [step], now=step.at - timedelta(minutes=10))
    assert kept(EXPECTED[name]) == EXPECTED[name]


def test_doors_stand_under_webhooks_too(vonage: VonageClient) -> None:
    deliver(vonage, steps("21_fallback"), prefix="/webhooks")
    assert kept(EXPECTED["21_fallback"]) == EXPECTED["21_fallback"]


@pytest.mark.parametrize("delivered_before", [False, True])
@pytest.mark.parametrize(
    ("name", "asking"),
    [
        ("02_menu_key", "dtmf"),
        ("03_menu_no_key", "dtmf"),
        ("04_speech", "speech"),
        ("07_forward_busy", "busy"),
        ("08_forward_timeout", "timeout"),
    ],
)
def test_event_that_comes_by_the_fallback_url(
    vonage: VonageClient, name: str, asking: str, delivered_before: bool
) -> None:
    """What failed at the event URL is told to the fallback URL, whether the first one reached us or not."""
    told = 0
    for step in steps(name):
        failed = step.door == "event" and asking in (*step.payload, step.payload.get("status"))
        if delivered_before or not failed:
            deliver(vonage, [step])
        if failed:
            told += 1
            with time_machine.travel(step.at, tick=False):
                response = vonage.post("/fallback", step.payload | AS_EVENT)
            assert (response.status_code, response.content) == (200, b"")
    expected = replace(EXPECTED[name], events=EXPECTED[name].events | {"fallback": told})
    assert kept(expected) == expected


def test_moved_call_is_found_by_each_conversation(vonage: VonageClient) -> None:
    """A transfer moves the leg to another conversation, never to another call."""
    deliver(vonage, steps("23_moved_by_rest"))
    moved = Call.objects.get()
    assert moved.conversation_uuid != INBOUND_CONVERSATION
    assert list(Call.objects.of_conversation(INBOUND_CONVERSATION)) == [moved]


@pytest.mark.parametrize("name", NAMES)
def test_api_tells_the_same(vonage: VonageClient, api: Client, name: str) -> None:
    deliver(vonage, steps(name))
    expected = EXPECTED[name]
    found = api.get("/api/calls/", {"conversation_uuid": expected.conversation_uuid})
    assert found.status_code == 200
    [listed] = found.json()["results"]
    told = api.get(f"/api/calls/{listed['id']}/").json()
    assert told.pop("id") == listed["id"]
    events = told.pop("events")
    assert dict(Counter(event["kind"] for event in events)) == expected.events
    assert all((event["status"] is not None) == (event["kind"] == "status") for event in events)
    assert {event["leg"] for event in events} - {None} == {leg.uuid for leg in expected.legs}
    legs = told.pop("legs")
    assert {leg.pop("call") for leg in legs} == {listed["id"]}
    assert told.pop("recordings") == []
    assert [told_as(leg) for leg in legs] == [in_api_words(leg) for leg in expected.legs]
    unhandled = {"handled_at": None, "handled_by": None}  # that people do, and no sequence
    assert told_as(told) == in_api_words(expected) | unhandled


def in_api_words(row: ExpectedCall | ExpectedLeg) -> dict[str, Any]:
    names = {"from_number": "from", "to_number": "to"}
    values = {names.get(field.name, field.name): getattr(row, field.name) for field in fields(row)}
    return {name: value for name, value in values.items() if name not in {"legs", "events"}}


def told_as(told: dict[str, Any]) -> dict[str, Any]:
    """Read the API's texts: times and amounts come as text, and an unknown fact as null."""
    return {name: read(name, value) for name, value in told.items()}


def read(name: str, value: Any) -> Any:
    if value is not None and name.endswith("_at"):
        return datetime.fromisoformat(value)
    return Decimal(value) if value is not None and name.endswith("_eur") else value
