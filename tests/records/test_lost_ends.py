"""Calls whose end was never told: closed as such after a day and a bit, and mended when it comes after all."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from calls.models import Call, CallEvent, Leg
from calls.records import batch, lost_ends
from calls.records.batch import write_batch
from calls.records.fold import END_UNKNOWN
from calls.records.lost_ends import close_lost_calls
from calls.records.refold import refold, what_to_read
from calls.vonage.events import Event
from tests.records.test_batch import FIRST, SECOND, START, event
from tests.records.test_histories import stored

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def received(told: Event, ago: timedelta) -> Event:
    return replace(told, received_at=timezone.now() - ago)


def at(told: Event, hours: float) -> Event:
    """Let it come so many hours after the start, by our clock."""
    return replace(told, received_at=START + hours * HOUR)


def given_up(hours: float, leg: str = FIRST) -> Event:
    payload = {"type": END_UNKNOWN, "uuid": leg, "conversation_uuid": "CON-1"}
    return Event(payload=payload, door="us", received_at=START + hours * HOUR)


def outcome() -> str:
    return Call.objects.get().outcome


def test_a_call_that_nothing_was_told_of_for_a_day_and_two_hours_is_closed(api: Client) -> None:
    write_batch([received(event("started"), 27 * HOUR), received(event("answered", 1), 27 * HOUR)])
    assert list(close_lost_calls()) == [Call.objects.get().pk]
    told = api.get(f"/api/calls/{Call.objects.get().pk}/").json()
    assert (told["outcome"], told["ended_at"]) == ("end unknown", None)
    assert told["legs"][0]["ended_at"] is None
    act = told["events"][-1]
    assert (act["kind"], act["status"], act["leg"]) == ("action", None, FIRST)
    assert act["payload"]["type"] == "end unknown"
    assert list(close_lost_calls()) == []


@pytest.mark.parametrize(
    ("last", "stale_hours", "closed"), [(25, 26, False), (27, 26, True), (1.5, 1, True), (27, 48, False)]
)
def test_it_is_closed_after_call_stale_hours(settings: Settings, last: float, stale_hours: int, closed: bool) -> None:
    settings.CALL_STALE_HOURS = stale_hours
    write_batch([received(event("started"), 90 * HOUR), received(event("answered", 1), last * HOUR)])
    assert bool(list(close_lost_calls())) is closed
    assert outcome() == ("end unknown" if closed else "in progress")


def test_a_call_of_which_one_leg_goes_on_is_closed_and_one_that_is_over_is_not() -> None:
    over = [event("started", leg="over", conversation="CON-2"), event("busy", 1, leg="over", conversation="CON-2")]
    half = [event("started"), event("completed", 9), event("answered", 1, leg=SECOND)]
    write_batch([received(told, 30 * HOUR) for told in (*over, *half)])
    assert len(list(close_lost_calls())) == 1
    assert set(Call.objects.values_list("outcome", flat=True)) == {"busy", "end unknown"}
    assert Leg.objects.get(uuid=FIRST).ended_at


def test_the_end_mends_it_when_it_comes_after_all() -> None:
    write_batch([received(event("started"), 30 * HOUR), received(event("answered", 1), 30 * HOUR)])
    list(close_lost_calls())
    write_batch([event("completed", 60, duration="59", price="0.1")])
    call = Call.objects.get()
    assert (call.outcome, call.ended_at, call.duration_seconds) == ("answered", START + timedelta(minutes=1), 59)


def test_it_goes_on_when_something_else_comes_after_all_and_is_closed_again_later(settings: Settings) -> None:
    write_batch([received(event("started"), 30 * HOUR)])
    list(close_lost_calls())
    write_batch([event("ringing", 1)])
    assert outcome() == "in progress"
    assert list(close_lost_calls()) == []
    CallEvent.objects.update(received_at=timezone.now() - 30 * HOUR)
    assert len(list(close_lost_calls())) == 1
    assert outcome() == "end unknown"


HISTORIES: list[tuple[list[Event], str]] = [
    ([at(event("started"), 0), at(event("answered", 1), 0.1), given_up(27)], "end unknown"),
    ([at(event("started"), 0), at(event("human", 1), 28), given_up(27)], "in progress"),
    ([at(event("started"), 0), at(event("human", 1), 28), given_up(27), given_up(55)], "end unknown"),
    ([at(event("started"), 0), at(event("busy", 1), 26), given_up(27)], "busy"),
    ([at(event("started"), 0), at(event("busy", 1), 28), given_up(27)], "busy"),
    ([at(event("started"), 0), at(event("busy", 1, leg=SECOND), 28), given_up(27)], "in progress"),
    ([at(event("started"), 0), at(event("answered", 1, leg=SECOND), 1), given_up(27)], "end unknown"),
    ([at(event("started"), 0), given_up(27, leg=SECOND), at(event("answered", 1, leg=SECOND), 1)], "end unknown"),
]


@pytest.mark.parametrize(("history", "expected"), HISTORIES)
def test_order_and_repeats_do_not_matter_to_it(history: list[Event], expected: str) -> None:
    ends = []
    for order in itertools.permutations(history):
        for batches in ([[each] for each in order], [list(order)], [list(order[:2]), list(order[1:])]):
            CallEvent.objects.all().delete()
            Call.objects.all().delete()
            for one in batches:
                write_batch([each for each in one if each.door == "event" or not kept(each)])
            ends.append((outcome(), *Call.objects.values_list("started_at", "ended_at", "moved_to")))
            assert outcome() == expected
    assert all(end == ends[0] for end in ends)


def kept(act: Event) -> bool:
    """An act of ours is no delivery: it never comes twice."""
    return CallEvent.objects.filter(digest=act.digest).exists()


def test_reading_it_again_gives_the_same() -> None:
    write_batch([received(event("started"), 30 * HOUR)])
    list(close_lost_calls())
    before = stored()
    Call.objects.update(outcome="in progress")
    changes = [changed for _, changed in refold(*what_to_read())]
    assert [list(changed["call"].values()) for changed in changes] == [[["outcome"]]]
    assert stored() == before


@pytest.fixture
def two_lost() -> list[Call]:
    """Two lost calls, of which the first is closed first: what happens then happens before the second is."""
    for number in (1, 2):
        write_batch([received(event("started", leg=f"leg-{number}", conversation=f"CON-{number}"), 30 * HOUR)])
    return list(Call.objects.order_by("pk"))


def test_an_event_that_comes_at_that_moment_keeps_it_open(two_lost: list[Call]) -> None:
    closing = close_lost_calls()
    assert next(closing) == two_lost[0].pk
    write_batch([event("ringing", 1, leg="leg-2", conversation="CON-2")])
    assert list(closing) == []
    assert list(two_lost[1].events.oldest_first().values_list("status", flat=True)) == ["started", "ringing"]
    two_lost[1].refresh_from_db()
    assert two_lost[1].outcome == "in progress"


def test_a_call_that_is_deleted_at_that_moment_is_not_made_anew(two_lost: list[Call]) -> None:
    closing = close_lost_calls()
    next(closing)
    two_lost[1].delete()
    assert list(closing) == []
    assert list(Call.objects.all()) == [two_lost[0]]


def test_a_call_that_is_deleted_just_before_it_is_locked_is_not_made_anew(
    two_lost: list[Call], monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(events: list[Event]) -> None:
        Call.objects.all().delete()
        write_batch(events)

    monkeypatch.setattr(lost_ends, "write_batch", too_late)
    assert list(close_lost_calls()) == []
    assert not CallEvent.objects.filter(kind="action").exists()


def test_one_that_we_fail_to_read_is_closed_all_the_same(monkeypatch: pytest.MonkeyPatch, two_lost: list[Call]) -> None:
    def broken(events: list[Event]) -> None:
        raise LookupError("no such luck")

    monkeypatch.setattr(batch, "fold", broken)
    assert len(list(close_lost_calls())) == 2
    assert set(Call.objects.values_list("outcome", flat=True)) == {"end unknown"}
    assert set(CallEvent.objects.filter(kind="action").values_list("error", flat=True)) == {"LookupError: no such luck"}


def test_a_call_that_was_asked_about_alone_is_closed_as_well() -> None:
    """Vonage asked what to do with it, and no event came ever."""
    asked = Event(payload={"uuid": FIRST, "conversation_uuid": "CON-1"}, door="answer", received_at=START)
    write_batch([asked])
    assert len(list(close_lost_calls())) == 1
    assert outcome() == "end unknown"
