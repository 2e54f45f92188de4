"""What a leg lives through, from dialling to the end of its NCCO."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from calls.emulator.actions import PLAYS
from calls.emulator.application import Target
from calls.emulator.asking import ask_what_to_do
from calls.emulator.dialling import FORBIDDEN, NOT_FOUND, RINGING_SECONDS, dial, is_number, refuse, send_keys
from calls.emulator.flow import Flow
from calls.emulator.legs import LONGEST_CALL_SECONDS, Endpoint
from calls.emulator.machine import Detection, detect
from calls.vonage.ncco import Ncco

if TYPE_CHECKING:
    from calls.emulator.legs import Leg

# Seconds between what was seen in logs; what they depend on is inferred.
RINGS_AFTER = 0.01
ASKS_AFTER = 0.05
PICKS_UP_AFTER = 0.5  # from the NCCO to `answered`
GIVES_UP_AFTER = 1.0  # from `answered` to the end of a call for which there is no NCCO


async def inbound(leg: "Leg") -> None:
    """Somebody calls: `started` and `ringing` are made at one moment; the answer URL is asked beside them."""
    clock = leg.platform.clock
    leg.tell_status("started", leg.started_at)
    await clock.sleep(RINGS_AFTER)
    leg.tell_status("ringing", leg.started_at)
    await clock.sleep(ASKS_AFTER)
    ncco = await ask_what_to_do(leg)
    await clock.sleep(PICKS_UP_AFTER)
    leg.answer()
    leg.person.act(leg)
    await run(leg, ncco)


@dataclass(frozen=True, kw_only=True)
class Order:
    """A call that an application has asked for. Either an `ncco`, or a URL that has one once somebody answered."""

    to: Endpoint
    from_: Endpoint
    ncco: Ncco | None = None
    answer: Target | None = None
    events: Target | None = None  # None: the application's event URL
    ringing_seconds: float = RINGING_SECONDS
    length_seconds: float = LONGEST_CALL_SECONDS
    machine_detection: str = ""  # "", "continue", "hangup"
    advanced_machine_detection: dict[str, Any] = field(default_factory=dict)


async def outbound(leg: "Leg", order: Order) -> None:
    """We ring somebody for the application: its NCCO runs once they answer."""
    if order.from_.type == "phone" and not leg.platform.may_show(leg, order.from_.shown):
        await refuse(leg, FORBIDDEN)
        return
    if order.to.type == "phone" and not is_number(order.to.shown):
        await refuse(leg, NOT_FOUND)
        return
    if not await dial(leg, order.ringing_seconds):
        return
    leg.answer(order.length_seconds)
    await send_keys(leg)
    how = Detection.of(order.machine_detection, order.advanced_machine_detection)
    if how and how.is_before_the_ncco:
        await detect(leg, how, lambda ncco: None)
        if leg.is_over:
            return
        await leg.platform.clock.sleep(ASKS_AFTER)
    elif how:
        leg.beside(detect(leg, how, lambda ncco: leg.live(run(leg, ncco))))
    leg.person.act(leg)
    ncco = order.ncco if order.ncco is not None else await ask_what_to_do(leg, order.answer)
    await run(leg, ncco)


async def transferred(leg: "Leg", to: Ncco | Target) -> None:
    """It was moved to another NCCO: that of a URL is asked for as an answer is."""
    await run(leg, await ask_what_to_do(leg, to) if isinstance(to, Target) else to)


async def run(leg: "Leg", ncco: Ncco | None) -> None:
    """Run an NCCO to its end; without one the call ends soon."""
    if ncco is None:
        await leg.platform.clock.sleep(GIVES_UP_AFTER)
    else:
        await Flow(leg, PLAYS).run(ncco)
