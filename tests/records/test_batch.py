"""`write_batch`: what is kept, and under which call, in whatever order it comes."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from calls.models import Call, CallEvent, Conversation, Leg
from calls.records import batch
from calls.records.batch import write_batch
from calls.vonage.events import Event

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
FIRST = "8b4f0d3c1e5a4b7c9d2e6f8a0b1c2d3e"
SECOND = "63f61863-4a51-4f6b-86e1-46edebcf9356"


def event(status: str, at: float = 0, *, leg: str = FIRST, conversation: str = "CON-1", **more: Any) -> Event:
    """A status event `at` seconds after the start."""
    told = {"status": status, "uuid": leg, "conversation_uuid": conversation, "timestamp": stamp(at)} | more
    return Event(payload={name: value for name, value in told.items() if value is not None}, received_at=timezone.now())


def stamp(at: float) -> str:
    return (START + timedelta(seconds=at)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def transfer(at: float, came_from: str, to: str, leg: str = FIRST) -> Event:
    told = {"type": "transfer", "uuid": leg, "conversation_uuid_from": came_from, "conversation_uuid_to": to}
    return Event(payload=told | {"timestamp": stamp(at)}, received_at=timezone.now())


def record(at: float, conversation: str) -> Event:
    told = {"recording_url": "https://api.nexmo.com/v1/files/1", "conversation_uuid": conversation}
    return Event(payload=told | {"timestamp": stamp(at)}, received_at=timezone.now())


@pytest.mark.django_db
def test_a_long_number_is_the_same_however_often_its_leg_is_read() -> None:
    number = 123_456_789_012_345_678_901
    ringing = event("ringing")
    write_batch([replace(ringing, payload={**ringing.payload, "from": number})])
    write_batch([event("answered", 2)])
    assert Leg.objects.get().from_number == str(number)


@pytest.mark.django_db
def test_a_leg_that_was_made_by_a_repeat_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first event was kept with an error, of a fault that is mended since."""
    with monkeypatch.context() as broken:
        broken.setattr(batch, "fold", lambda events: 1 / 0)
        write_batch([event("ringing")])
    write_batch([event("ringing")])
    write_batch([event("completed", 5)])
    assert Leg.objects.get().status == "completed"


@pytest.mark.django_db
def test_a_delivery_that_comes_again_is_counted_and_not_kept_again() -> None:
    write_batch([event("started"), event("started")])
    write_batch([event("started")])
    assert CallEvent.objects.get().times_received == 3


@pytest.mark.django_db
def test_a_leg_known_by_an_alias_and_one_known_by_its_name_are_one() -> None:
    write_batch([event("answered"), event("human", 4, leg="", call_uuid=FIRST)])
    leg = Leg.objects.get()
    assert (leg.status, leg.machine) == ("answered", "human")


@pytest.mark.django_db
def test_an_event_without_a_leg_waits_for_the_call_of_its_conversation() -> None:
    write_batch([record(9, "CON-1")])
    assert CallEvent.objects.get().call is None
    assert not Call.objects.exists()
    write_batch([event("started")])
    assert {row.call for row in CallEvent.objects.all()} == {Call.objects.get()}


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(20))
def test_a_leg_that_moves_stays_with_the_call_it_was_born_in(seed: int) -> None:
    """Leg 1 is born in CON-1 and moves to CON-2, which is a room; leg 2 is born in CON-1 too."""
    history = [
        event("started"),
        event("answered", 1),
        event("started", 2, leg=SECOND),
        transfer(5, "CON-1", "CON-2"),
        event("completed", 9, conversation="CON-2", duration="8", price="0.1"),
        record(8, "CON-2"),
        event("busy", 3, leg=SECOND),
    ]
    random.Random(seed).shuffle(history)
    for each in history:
        write_batch([each])
    call = Call.objects.get()
    assert (call.conversation_uuid, call.origin_uuid, call.duration_seconds) == ("CON-2", "CON-1", 8)
    assert call.outcome == "voicemail"
    assert set(Conversation.objects.values_list("uuid", "call_id")) == {("CON-2", call.pk)}
    assert all(Call.objects.of_conversation(uuid).get() == call for uuid in ("CON-1", "CON-2"))
    assert CallEvent.objects.filter(call=call).count() == len(history)


@pytest.mark.django_db
def test_a_leg_whose_earliest_event_comes_last_leaves_no_empty_call_behind() -> None:
    write_batch([event("completed", 9, conversation="CON-2")])
    write_batch([record(8, "CON-2")])
    write_batch([event("started", conversation="CON-1")])
    assert Call.objects.get().origin_uuid == "CON-1"
    assert not CallEvent.objects.filter(call=None).exists()


@pytest.mark.django_db
def test_a_room_that_two_calls_enter_is_told_under_the_one_that_came_first() -> None:
    write_batch([event("started"), event("started", 1, leg=SECOND, conversation="CON-2")])
    write_batch([transfer(5, "CON-2", "ROOM", leg=SECOND), record(20, "ROOM"), transfer(4, "CON-1", "ROOM")])
    assert Call.objects.count() == 2
    assert CallEvent.objects.get(kind="record").call == Leg.objects.get(uuid=FIRST).call


@pytest.mark.django_db
def test_a_leg_that_names_no_conversation_has_a_call_of_its_own() -> None:
    write_batch([event("started", conversation="")])
    assert Call.objects.get().conversation_uuid == ""
    write_batch([event("ringing", 1)])
    assert Call.objects.get().conversation_uuid == "CON-1"
    assert CallEvent.objects.filter(call=Call.objects.get()).count() == 2


@pytest.mark.django_db
def test_an_event_that_we_fail_to_read_is_kept_with_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    write_batch([event("started")])

    def broken(events: list[Event]) -> None:
        raise LookupError("no such luck")

    monkeypatch.setattr(batch, "fold", broken)
    write_batch([event("answered", 1), event("started", leg=SECOND, conversation="CON-2")])
    errors = dict(CallEvent.objects.values_list("payload__uuid", "error"))
    assert errors[SECOND] == "LookupError: no such luck"
    assert CallEvent.objects.get(status="answered").call == Call.objects.get()
    assert CallEvent.objects.get(payload__uuid=SECOND).call is None


@pytest.mark.django_db
def test_rows_that_were_deleted_meanwhile_are_made_anew() -> None:
    write_batch([event("started")])
    Call.objects.all().delete()
    write_batch([event("answered", 1)])
    assert Call.objects.get().answered_at == START + timedelta(seconds=1)
