"""`conversation` and `transfer`: parties who meet."""

import asyncio

from calls.emulator import events
from calls.emulator.conversations import Conversation, Seat
from calls.emulator.flow import Action, Flow
from calls.emulator.legs import Leg
from calls.emulator.recordings import Wish

NO_SUCH_CONVERSATION = "Conversation not found."  # the platform's words are inferred


async def conversation(flow: Flow, action: Action) -> None:
    """Come into the room of this name, and stay until the call ends: what follows in the NCCO is never run."""
    leg = flow.leg
    room = flow.platform.room(leg.application, action["name"])
    move(leg, room)
    seat = Seat.of(action)
    leg.note("joins", f"joins the room {room.name}", room=room.name)
    if not room.has_started and not seat.starts and (music := action.get("musicOnHoldUrl")):
        leg.note("plays", f"music on hold: {music[0]}", detail=True, url=music[0])
    room.enter(leg, seat)
    if action.get("record") and not room.recordings:
        flow.platform.recordings.start(room, leg.application, Wish.of(action, flow.target(action)))
    await asyncio.shield(leg.ended)


async def transfer(flow: Flow, action: Action) -> None:
    """Move all legs of this conversation into another one, whose NCCO is then in charge."""
    leg, platform = flow.leg, flow.platform
    other = platform.conversations.get(action["conversationId"])
    if other is None or not other.legs:
        platform.asker.refuse(leg, NO_SUCH_CONVERSATION)
        return
    for one in list(leg.conversation.legs):
        if one not in other.legs:
            move(one, other)
            one.note("joins", f"joins {other.name or other.uuid}", room=other.name)
            other.enter(one, Seat.of(action))
    await asyncio.shield(leg.ended)


def move(leg: Leg, to: Conversation) -> None:
    """Take a leg from one conversation to another, and tell it."""
    before = leg.conversation.uuid
    if before == to.uuid:
        return
    to.join(leg)
    moved = events.transferred(leg, before, to.uuid, leg.platform.clock.now())
    leg.tell(moved, leg.application.target())
