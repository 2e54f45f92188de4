"""The event webhook: which call and which leg an event belongs to, whatever it leaves out."""

import random
from typing import Any

import pytest

from calls.models import Call, CallEvent, Leg
from tests.conftest import Post
from tests.factories import make_event, make_number
from tests.sequences.expected import INBOUND_CONVERSATION, INBOUND_LEG, LATER_CONVERSATION, OUTBOUND_LEG, SECOND_LEG
from tests.sequences.reading import steps
from tests.vonage_client import VonageClient

Payload = dict[str, Any]
MOVED: Payload = {
    "conversation_uuid_from": INBOUND_CONVERSATION,
    "conversation_uuid_to": LATER_CONVERSATION,
    "uuid": INBOUND_LEG,
    "type": "transfer",
    "timestamp": "2026-03-02T10:00:12.101Z",
}


def events_of(name: str) -> list[Payload]:
    return [step.payload for step in steps(name) if step.door == "event"]


def first_with(name: str, status: str) -> Payload:
    return next(payload for payload in events_of(name) if payload.get("status") == status)


@pytest.mark.parametrize(
    ("name", "said"),
    [("18_detection_human", "human"), ("19_detection_hangup", "machine"), ("20_detection_beep", "machine")],
)
def test_machine_detection_belongs_to_its_leg(post_event: Post, name: str, said: str) -> None:
    """These events say `call_uuid` where all others say `uuid`."""
    for payload in events_of(name):
        post_event(payload)
    leg = Leg.objects.get()
    assert (leg.uuid, leg.machine, leg.status) == (OUTBOUND_LEG, said, "completed")
    assert set(CallEvent.objects.filter(status=said).values_list("leg", flat=True)) == {leg.pk}


def test_transfer_is_known_before_anything_else_comes_of_it(post_event: Post) -> None:
    post_event(first_with("23_moved_by_rest", "answered"))
    post_event(MOVED)
    assert Leg.objects.get().conversation_uuid == LATER_CONVERSATION
    assert Call.objects.get().conversation_uuid == LATER_CONVERSATION


@pytest.mark.parametrize("seed", range(5))
def test_leg_that_moved_stays_with_the_legs_it_was_born_with(post_event: Post, seed: int) -> None:
    ended_elsewhere = first_with("06_forward_answered", "completed") | {"conversation_uuid": LATER_CONVERSATION}
    told = [*events_of("06_forward_answered")[:-2], MOVED, ended_elsewhere]
    for payload in random.Random(seed).sample(told, len(told)):
        post_event(payload)
    call = Call.objects.get()
    assert [leg.uuid for leg in call.legs.oldest_first()] == [INBOUND_LEG, SECOND_LEG]
    assert call.events.count() == len(told)


@pytest.mark.parametrize("seed", range(5))
def test_callers_who_meet_in_a_room_keep_their_own_calls(post_event: Post, seed: int) -> None:
    """A conversation in which no leg was born is no call; what is told of it goes to who entered it first."""
    told: list[Payload] = []
    for caller, second in (("a", 5), ("b", 3)):
        at = f"2026-03-02T10:00:0{second}.000Z"
        born: Payload = {"uuid": caller, "conversation_uuid": f"CON-{caller}"}
        told += [
            make_event("started", **born, timestamp="2026-03-02T10:00:00.000Z"),
            {
                **MOVED,
                "uuid": caller,
                "conversation_uuid_from": f"CON-{caller}",
                "conversation_uuid_to": "CON-room",
                "timestamp": at,
            },
            make_event("completed", uuid=caller, conversation_uuid="CON-room", timestamp="2026-03-02T10:00:20.000Z"),
        ]
    told.append({"conversation_uuid": "CON-room", "recording_url": "https://api.nexmo.com/v1/files/b"})
    for payload in random.Random(seed).sample(told, len(told)):
        post_event(payload)
    assert {leg.uuid: leg.call.events.count() for leg in Leg.objects.all() if leg.call} == {"a": 3, "b": 4}
    assert CallEvent.objects.get(kind="record").call == Call.objects.of_leg("b").get()
    assert Call.objects.of_conversation("CON-room").get() == Call.objects.of_leg("b").get()
    assert set(Call.objects.values_list("moved_to", flat=True)) == {"CON-room"}


def test_same_event_by_post_and_by_get_is_kept_once(vonage: VonageClient) -> None:
    """In a query nothing is null and everything is text; it is the same delivery all the same."""
    for name in ("02_menu_key", "06_forward_answered"):
        for payload in events_of(name):
            vonage.post("/event", payload)
            vonage.get("/event", payload)
    assert set(CallEvent.objects.values_list("times_received", flat=True)) == {2, 4}


def test_events_of_equal_time_are_told_apart(post_event: Post) -> None:
    """Vonage makes `started` and `ringing` in one moment: neither is a repeat of the other."""
    for payload in reversed(events_of("01_inbound_talk")):
        post_event(payload)
    told = CallEvent.objects.oldest_first().values_list("status", flat=True)
    assert list(told) == ["started", "ringing", "answered", "completed"]


@pytest.mark.parametrize("field", ["status", "conversation_uuid", "from", "to"])
@pytest.mark.parametrize("door", ["event", "answer"])
def test_one_request_writes_one_line_in_the_log(
    vonage: VonageClient, caplog: pytest.LogCaptureFixture, door: str, field: str
) -> None:
    """Neither a line of its own making, nor a colour, nor another direction of writing."""
    with caplog.at_level("INFO", logger="calls"):
        vonage.post(f"/{door}", make_event() | {field: "a\r\nCall\u2028status\u202e: \x1b[31m forged"})
    [line] = caplog.messages
    assert line.isprintable()


def test_numbers_of_others_are_masked_in_the_log(post_event: Post, caplog: pytest.LogCaptureFixture) -> None:
    make_number()
    with caplog.at_level("INFO", logger="calls"):
        post_event(make_event("answered"))
    [line] = caplog.messages
    assert line == "Call status: answered  CON-f972836a-550f-45fa-956c-12a2ab5b7d22  4477•••123 → 442079460000"
