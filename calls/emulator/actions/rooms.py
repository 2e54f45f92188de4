"""`conversation` and `transfer`: parties who meet."""

import asyncio

from calls.emulator import events
from calls.emulator.conversations import Conversation, Seat
from calls.emulator.flow import Action, Flow
from calls.emulator.legs import Leg
from calls.emulator.recordings import Wish
from calls.vonage.ncco import Ncco

MOST_IN_A_ROOM = 200
ROOM_IS_FULL = "Conversation is full."  # these words are inferred, and so is that an error tells it
NO_SUCH_CONVERSATION = "Conversation not found."


async def conversation(flow: Flow, action: Action) -> Ncco:
    """Come into the room of this name, and stay until the call ends: what follows in the NCCO is never run."""
    leg = flow.leg
    room = flow.platform.room(leg.application, action["name"])
    if len(room.legs) >= MOST_IN_A_ROOM:
        flow.platform.asker.refuse(leg, ROOM_IS_FULL)
        return []
    move(leg, room)
    leg.note("joins", f"joins the room {room.name}", room=room.name)
    room.enter(leg, Seat.of(action))
    if action.get("record"):
        room.record(leg.application, Wish.of(action, flow.target(action)))
    await asyncio.shield(leg.ended)
    return []


async def transfer(flow: Flow, action: Action) -> Ncco:
    """Move all legs of this conversation into another one, whose NCCO is then in charge: that of its first leg, with
    which the others end (inferred). Those in a room stay until the room ends.
    """
    leg, platform = flow.leg, flow.platform
    other = platform.conversations.get(action["conversationId"])
    if other is None or other is leg.conversation or not _is_open_to(leg, other):
        platform.asker.refuse(leg, NO_SUCH_CONVERSATION)
        return []
    in_charge = other.departure(other.legs[0])
    for one in list(leg.conversation.legs):
        move(one, other)
        one.note("joins", f"joins {other.name or other.uuid}", room=other.name)
        other.enter(one, Seat.of(action))
    if not other.name:
        await platform.clock.wait(in_charge)
        return []
    await asyncio.shield(leg.ended)
    return []


def _is_open_to(leg: Leg, other: Conversation) -> bool:
    """Somebody of the same application has to be there."""
    return any(one.application.application_id == leg.application.application_id for one in other.legs)


def move(leg: Leg, to: Conversation) -> None:
    """Take a leg from one conversation to another, and tell it."""
    before = leg.conversation.uuid
    if before == to.uuid:
        return
    to.join(leg)
    moved = events.transferred(leg, before, to.uuid, leg.platform.clock.now())
    leg.tell(moved, leg.call_events)
