"""Calls whose end was lost on the way: the platform is asked, and what it says closes them with its figures."""

import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from calls.chores import call_log
from calls.chores.duties import DUTIES
from calls.chores.loop import Loop
from calls.control.account import account
from calls.control.asking import ask_for_ends
from calls.emulator import events
from calls.emulator.people import Callees, HangUp, Person, Wait
from calls.models import Call, CallEvent, Chore, Inquiry, Leg
from calls.records.batch import write_batch
from calls.records.fold import fold
from calls.records.lost_ends import close_lost_calls
from calls.records.refold import refold, what_to_read
from calls.vonage import client
from calls.vonage.events import Event
from tests.control.conftest import OURS, THEIRS, LocalVonage, bad_server, local_vonage, point_to
from tests.factories import keep, make_call, make_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def vonage(settings: Settings) -> Iterator[LocalVonage]:
    with local_vonage() as found:
        point_to(settings, found.base)
        yield found


def hours_ago(hours: float) -> None:
    """Let all that was told have come so long ago."""
    CallEvent.objects.update(received_at=timezone.now() - timedelta(hours=hours))


def call_that_lost_its_end(vonage: LocalVonage, person: Person, *told: str) -> Call:
    """Let the local Vonage call somebody, and know no more of it than these statuses."""
    vonage.platform.callees = Callees(person)
    order = {
        "to": [{"type": "phone", "number": THEIRS}],
        "from": {"type": "phone", "number": OURS},
        "ncco": [{"action": "talk", "text": "Good morning."}],
        "event_url": ["http://127.0.0.1:9/"],  # where nobody is
    }
    made = client.place(account(), order)
    leg = vonage.platform.legs[made["uuid"]]
    until = time.monotonic() + 20
    while not leg.is_over and leg.ended_at is None and person.answer != "no-answer":
        assert time.monotonic() < until
        time.sleep(0.02)
    for status in told:
        keep(events.status(leg, status, leg.started_at))
    hours_ago(1)
    return Call.objects.get()


def test_it_is_closed_from_what_the_platform_says(vonage: LocalVonage, api: Client) -> None:
    call = call_that_lost_its_end(vonage, Person([Wait(7), HangUp()], after=0), "started", "ringing")
    (leg,) = vonage.platform.legs.values()
    assert list(ask_for_ends()) == [leg.uuid]
    told = api.get(f"/api/calls/{call.pk}/").json()
    figures = client.read(account(), leg.uuid)
    assert told["outcome"] == "answered"
    assert told["legs"][0]["status"] == "completed"
    assert told["duration_seconds"] == int(figures["duration"]) > 0
    assert Decimal(told["price_eur"]) == Decimal(figures["price"]) > 0
    assert datetime.fromisoformat(told["ended_at"]) == datetime.fromisoformat(figures["end_time"])
    assert told["answered_at"]
    act = told["events"][-1]
    assert (act["kind"], act["status"], act["payload"]["told"]) == ("action", None, figures)
    page = api.get(call.get_absolute_url())
    assert page.status_code == 302  # a token opens no page
    assert list(ask_for_ends()) == []
    hours_ago(1)
    assert list(ask_for_ends()) == []


def test_its_page_tells_who_asked(vonage: LocalVonage, login: Client) -> None:
    call = call_that_lost_its_end(vonage, Person([Wait(7), HangUp()], after=0), "started")
    list(ask_for_ends())
    html = login.get(call.get_absolute_url()).content.decode()
    assert "The worker asked Vonage what became of the call: completed" in html


def test_the_worker_does_it(vonage: LocalVonage) -> None:
    call_that_lost_its_end(vonage, Person([HangUp()], after=0), "started")
    assert any(duty.do is call_log.ask_for_some for duty in DUTIES)
    assert not call_log.ask_for_some()
    assert Call.objects.get().outcome == "answered"


def test_one_that_goes_on_is_asked_about_again_later_and_later(vonage: LocalVonage) -> None:
    vonage.platform.clock.speed = 1
    call_that_lost_its_end(vonage, Person(answer="no-answer"), "started")
    pauses: list[float] = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(7):
            assert len(list(ask_for_ends())) == 1
            assert list(ask_for_ends()) == []
            row = Inquiry.objects.get()
            pauses.append((row.next_at - timezone.now()).total_seconds() / 60)
            clock.move_to(row.next_at)
    assert pauses == [15, 30, 60, 120, 240, 240, 240]
    assert row.said in {"It goes on: started.", "It goes on: ringing."}
    assert Call.objects.get().outcome == "in progress"
    assert CallEvent.objects.count() == 1


def test_a_call_of_which_something_was_told_just_now_is_left_alone(vonage: LocalVonage) -> None:
    make_call("started")
    assert list(ask_for_ends()) == []
    assert vonage.platform.legs == {}
    assert not Inquiry.objects.exists()


def test_one_that_the_platform_does_not_know_is_closed_as_before(vonage: LocalVonage) -> None:
    make_call("started")
    hours_ago(27)
    assert len(list(ask_for_ends())) == 1
    assert "does not know this call" in Inquiry.objects.get().said
    assert len(list(close_lost_calls())) == 1
    assert Call.objects.get().outcome == "end unknown"


def test_those_that_were_asked_about_leave_room_for_others(
    vonage: LocalVonage, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr("calls.control.asking.MOST_LEGS", 2)
    for _ in range(5):
        make_call("started")
    hours_ago(1)
    assert [len(list(ask_for_ends())) for _ in range(4)] == [2, 2, 1, 0]
    with django_assert_num_queries(2):
        assert list(ask_for_ends()) == []


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "429 Too Many Requests", "503 Unavailable"])
def test_where_the_platform_refuses_no_more_is_asked_this_time(settings: Settings, status: str) -> None:
    make_call("started")
    make_call("started")
    hours_ago(1)
    with bad_server(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()) as server:
        point_to(settings, server.url)
        assert list(ask_for_ends()) == []
        assert len(server.requests) == 1
    assert Inquiry.objects.count() == 1
    assert set(Call.objects.values_list("outcome", flat=True)) == {"in progress"}


def test_without_an_application_nobody_is_asked() -> None:
    make_call("started")
    hours_ago(1)
    assert list(ask_for_ends()) == []
    assert not Inquiry.objects.exists()


# How the answer is read

AT = datetime(2026, 11, 23, 14, 2, 11, tzinfo=UTC)
ANSWER = {
    "uuid": "leg",
    "status": "completed",
    "direction": "inbound",
    "from": {"type": "phone", "number": "447700900123"},
    "rate": "0.00450000",
    "price": "0.00060000",
    "duration": "8",
    "start_time": "2026-11-23T14:02:12.000Z",
    "end_time": "2026-11-23T14:02:20.000Z",
    "network": "GB-FIXED",
}


def told(status: str, seconds: float, **fields: Any) -> Event:
    at = AT + timedelta(seconds=seconds)
    return Event(payload=make_event(status, at=at, uuid="leg", conversation_uuid="CON-1", **fields), received_at=at)


def asked(**fields: Any) -> Event:
    answer = {name: value for name, value in (ANSWER | fields).items() if value is not None}
    payload = {"type": "asked", "uuid": "leg", "conversation_uuid": "CON-1", "told": answer}
    payload["ended_at"] = answer.get("end_time") or (AT + timedelta(seconds=3)).isoformat()
    return Event(payload=payload, door="us", received_at=AT + timedelta(hours=1))


def test_the_answer_counts_as_the_webhook_that_did_not_come() -> None:
    leg = fold([told("started", 0), told("ringing", 0), asked()])
    assert (leg.status, leg.result, leg.duration_seconds) == ("completed", "answered", 8)
    assert (leg.rate_eur, leg.price_eur, leg.network) == (Decimal("0.0045"), Decimal("0.0006"), "GB-FIXED")
    assert (leg.started_at, leg.answered_at) == (AT, AT + timedelta(seconds=1))
    assert leg.ended_at == AT + timedelta(seconds=9)
    assert leg.from_number == "447700900123"


@pytest.mark.parametrize("status", ["busy", "timeout", "rejected", "failed", "cancelled", "unanswered"])
def test_a_reason_without_figures_ends_the_leg_when_it_was_last_told_of(status: str) -> None:
    nothing = dict.fromkeys(("rate", "price", "duration", "start_time", "end_time", "network"))
    leg = fold([told("started", 0), told("ringing", 3), asked(status=status, **nothing)])
    assert (leg.status, leg.answered_at, leg.ended_at) == (status, None, AT + timedelta(seconds=3))
    assert leg.result


def test_what_was_told_after_all_counts_for_more_in_any_order() -> None:
    end = {"duration": "9", "price": "0.00070000", "rate": "0.00450000"}
    all_of_it = [told("started", 0), told("answered", 1), asked(), told("completed", 10, **end)]
    read = {fold(order) for order in itertools.permutations(all_of_it)}
    (leg,) = read
    assert (leg.duration_seconds, leg.price_eur) == (9, Decimal("0.0007"))
    assert leg.ended_at == AT + timedelta(seconds=10)


@pytest.mark.parametrize("door", ["answer", "fallback", "event"])
def test_nobody_but_us_can_say_that_we_asked(door: str) -> None:
    forged = Event(payload=asked().payload, door=door, received_at=AT + timedelta(hours=1))
    assert fold([told("started", 0), forged]).ended_at is None


@pytest.mark.parametrize("answer", [None, "completed", [], {"status": 7}, {"status": "completed", "duration": [1]}])
def test_an_odd_answer_breaks_nothing(answer: Any) -> None:
    payload = asked().payload | {"told": answer, "ended_at": 7}
    fold([told("started", 0), Event(payload=payload, door="us", received_at=AT)])


def test_it_is_read_again_as_it_was() -> None:
    write_batch([told("started", 0), asked()])
    assert Call.objects.get().outcome == "answered"
    Leg.objects.update(status="", ended_at=None)
    for _ in refold(*what_to_read()):
        pass
    assert Leg.objects.get().status == "completed"


@pytest.mark.django_db(transaction=True)
def test_the_loop_has_it_among_its_duties(vonage: LocalVonage) -> None:
    call_that_lost_its_end(vonage, Person([HangUp()], after=0), "started")
    assert Loop([duty for duty in DUTIES if duty.name == "calls without an end"], name="w").turn()
    assert not Chore.objects.exclude(error="").exists()
    assert Call.objects.get().outcome == "answered"
