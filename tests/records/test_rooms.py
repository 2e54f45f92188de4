"""Rooms, that is conversations in which no leg was born, and two clocks: whose is what is told, and when it was."""

from dataclasses import replace
from datetime import timedelta

import pytest

from calls.models import Call, CallEvent, Conversation, Leg
from calls.records.batch import write_batch
from calls.vonage.events import Event
from tests.records.test_batch import FIRST, SECOND, START, event, record, transfer

HOUR = timedelta(hours=1)


def whole_call(leg: str, conversation: str, *, enters_at: float) -> list[Event]:
    """A caller is answered, goes into the room, and hangs up."""
    return [
        event("started", leg=leg, conversation=conversation, direction="inbound"),
        event("answered", 1, leg=leg, conversation=conversation, direction="inbound"),
        transfer(enters_at, conversation, "ROOM", leg=leg),
        event("completed", 30, leg=leg, conversation="ROOM", direction="inbound"),
    ]


@pytest.mark.django_db
def test_a_message_that_turns_out_to_be_of_another_call_is_one_there_and_no_more_here() -> None:
    write_batch([*whole_call(FIRST, "CON-1", enters_at=5), record(20, "ROOM")])
    here = Leg.objects.get(uuid=FIRST).call
    assert here
    assert here.outcome == "voicemail"
    for each in whole_call(SECOND, "CON-2", enters_at=3):
        write_batch([each])
    there = Leg.objects.get(uuid=SECOND).call
    here.refresh_from_db()
    assert there
    assert (here.outcome, there.outcome) == ("answered", "voicemail")
    assert CallEvent.objects.get(kind="record").call == there


@pytest.mark.django_db
def test_what_we_answered_in_a_room_is_no_entry_to_it() -> None:
    """Our clock is an hour behind; by Vonage's the second caller was there first."""
    for leg, conversation, at in ((FIRST, "CON-1", 5), (SECOND, "CON-2", 3)):
        write_batch(whole_call(leg, conversation, enters_at=at))
    asked = {"uuid": FIRST, "conversation_uuid": "ROOM", "reply": {"ncco": []}}
    write_batch([Event(payload=asked, door="answer", received_at=START - HOUR), record(20, "ROOM")])
    assert CallEvent.objects.get(kind="record").call == Leg.objects.get(uuid=SECOND).call


@pytest.mark.django_db
def test_a_leg_was_in_the_room_that_it_left_though_nobody_told_that_it_came() -> None:
    write_batch([event("started"), transfer(5, "ROOM", "HALL"), record(20, "ROOM")])
    assert CallEvent.objects.get(kind="record").call == Call.objects.get()
    assert set(Conversation.objects.values_list("uuid", "call__origin_uuid")) == {
        ("ROOM", "CON-1"),
        ("HALL", "CON-1"),
    }


@pytest.mark.django_db
@pytest.mark.parametrize("ahead", [-HOUR, HOUR])
def test_our_clock_dates_nothing_that_vonages_does(ahead: timedelta) -> None:
    """The leg ended as it was busy, whatever the time at which we heard of an end without a time."""
    timeless = replace(event("completed", timestamp=None), received_at=START + ahead)
    write_batch([timeless, event("busy", 1), event("started")])
    leg = Leg.objects.get()
    assert (leg.status, leg.started_at, leg.ended_at) == ("busy", START, START + timedelta(seconds=1))


@pytest.mark.django_db
def test_where_vonage_tells_no_time_of_an_end_our_clock_does() -> None:
    timeless = replace(event("completed", timestamp=None), received_at=START + timedelta(seconds=9))
    write_batch([event("started"), timeless])
    assert Leg.objects.get().ended_at == START + timedelta(seconds=9)
