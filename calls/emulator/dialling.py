"""Dialling a party: what happens from `started` until somebody answers, or nobody does."""

import asyncio
from typing import TYPE_CHECKING

from calls.emulator.people import ANSWERS_AFTER_SECONDS, RINGS_AFTER_SECONDS
from calls.emulator.websockets import open_socket
from calls.vonage.ncco.values import phone_number

if TYPE_CHECKING:
    from calls.emulator.legs import Leg

RINGING_SECONDS = 60.0  # how long a telephone rings, unless told otherwise
REFUSES_AFTER = 0.76  # from `started` to `rejected` or `failed`; as in the sequences seen
BUSY_AFTER = 1.54  # from `started` to `busy`
# Which code goes with which detail is inferred from SIP.
FORBIDDEN, NOT_FOUND = 403, 404
SIP_CODES = {
    "declined": 603,
    "restricted": 403,
    "invalid_number": 403,
    "cannot_route": 404,
    "number_out_of_service": 404,
    "internal_error": 500,
    "unavailable": 480,
    "timeout": 408,
    "carrier_timeout": 408,
}
TONE_SECONDS, PAUSE_SECONDS = 0.1, 0.5  # of `dtmfAnswer`: a key (inferred), and "p"
UNAVAILABLE_AFTER = 29.6  # from `ringing` until the carrier gives up


async def dial(leg: "Leg", ringing_seconds: float = RINGING_SECONDS) -> bool:
    """Ring a party, and say whether it answered. When it did not, the leg is over, and has said why."""
    clock, person = leg.platform.clock, leg.person
    if leg.to.type == "websocket":
        leg.tell_status("started", leg.started_at)
        return await open_socket(leg)
    person.dial(leg)
    leg.tell_status("started", leg.started_at)
    if person.answer in {"reject", "fail"}:
        await clock.sleep(REFUSES_AFTER if person.after is None else person.after)
        word, usual = ("rejected", "declined") if person.answer == "reject" else ("failed", "cannot_route")
        _fail(leg, word, person.detail or usual)
        return False
    if person.answer == "busy":
        await clock.sleep(BUSY_AFTER if person.after is None else person.after)
        leg.fail("busy")
        return False
    await clock.sleep(RINGS_AFTER_SECONDS)
    if leg.from_.type != "app":  # in the one log of such a call there was none
        leg.tell_status("ringing")
    # As in the sequences: the `timeout` of a `connect` counts from dialling, the ringing timer of a call from ringing.
    dialled = RINGS_AFTER_SECONDS if leg.is_connected else 0.0
    return await _let_ring(leg, max(ringing_seconds - dialled, 0.0))


def is_number(shown: str) -> bool:
    """Whether it is a number that the telephone network could know."""
    return phone_number(shown) is None


async def refuse(leg: "Leg", sip_code: int) -> None:
    """End it before it rings: one of its two numbers cannot be used."""
    leg.tell_status("started", leg.started_at)
    await leg.platform.clock.sleep(REFUSES_AFTER)
    leg.fail("rejected", detail="invalid_number", sip_code=sip_code)


async def send_keys(leg: "Leg") -> None:
    """Send the keys that an endpoint asks for once it has answered: to reach an extension, say."""
    if keys := leg.to.options.get("dtmfAnswer"):
        leg.note("hears", f"{leg.to.shown} hears the keys {keys}", keys=keys)
        for key in keys:
            await leg.platform.clock.sleep(PAUSE_SECONDS if key == "p" else TONE_SECONDS)


async def _let_ring(leg: "Leg", seconds: float) -> bool:
    """Let it ring until it is answered, the carrier gives up, or it rang for too long."""
    clock, person = leg.platform.clock, leg.person
    picks_up: asyncio.Future[None] = leg.picked_up
    if person.answer == "phone":
        shown = {"party": leg.to.shown, "caller": leg.from_.shown, "seconds": round(seconds, 1)}
        leg.note("awaits", f"{leg.to.shown} rings until somebody picks up", detail=True, **shown)
    if person.answer in {"answer", "machine"}:
        clock.later(ANSWERS_AFTER_SECONDS if person.after is None else person.after, leg.pick_up)
    gives_up = seconds
    if person.answer == "unavailable":
        gives_up = UNAVAILABLE_AFTER if person.after is None else person.after
    if await clock.wait(picks_up, seconds=min(gives_up, seconds)):
        return True
    if gives_up < seconds:
        _fail(leg, "unanswered", person.detail or "unavailable")
    else:
        leg.fail("timeout")
    return False


def _fail(leg: "Leg", word: str, detail: str) -> None:
    """End it with a reason; one that the platform does not know is passed on as it is."""
    leg.fail(word, detail=detail, sip_code=SIP_CODES.get(detail))
