"""Dialling a party: what happens from `started` until somebody answers, or nobody does."""

import asyncio
from typing import TYPE_CHECKING

from calls.emulator.people import RINGS_AFTER_SECONDS

if TYPE_CHECKING:
    from calls.emulator.legs import Leg

RINGING_SECONDS = 60.0  # how long a telephone rings, unless told otherwise
REFUSES_AFTER = 0.76  # from `started` to `rejected` or `failed`; as in the sequences seen
BUSY_AFTER = 1.54  # from `started` to `busy`
UNAVAILABLE_AFTER = 29.6  # from `ringing` until the carrier gives up


async def dial(leg: "Leg", ringing_seconds: float = RINGING_SECONDS) -> bool:
    """Ring a party, and say whether it answered. When it did not, the leg is over, and has said why."""
    clock, person = leg.platform.clock, leg.person
    person.dial(leg)
    leg.tell_status("started", leg.started_at)
    if person.answer in {"reject", "fail"}:
        await clock.sleep(REFUSES_AFTER)
        if person.answer == "reject":
            leg.fail("rejected", detail="declined")
        else:
            leg.fail("failed", detail="cannot_route")
        return False
    if person.answer == "busy":
        await clock.sleep(BUSY_AFTER)
        leg.fail("busy")
        return False
    await clock.sleep(RINGS_AFTER_SECONDS)
    leg.tell_status("ringing")
    return await _let_ring(leg, ringing_seconds)


async def _let_ring(leg: "Leg", seconds: float) -> bool:
    """Let it ring until it is answered, the carrier gives up, or it rang for too long."""
    clock, person = leg.platform.clock, leg.person
    picks_up: asyncio.Future[None] = leg.picked_up
    if person.answer in {"answer", "machine"}:
        clock.later(person.after, leg.pick_up)
    gives_up = UNAVAILABLE_AFTER if person.answer == "unavailable" else seconds
    if await clock.wait(picks_up, seconds=min(gives_up, seconds)):
        return True
    if gives_up < seconds:
        leg.fail("unanswered", detail="unavailable")
    else:
        leg.fail("timeout")
    return False
