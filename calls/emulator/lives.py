"""What a leg lives through, from dialling to the end of its NCCO."""

from typing import TYPE_CHECKING

from calls.emulator import events
from calls.emulator.actions import PLAYS
from calls.emulator.flow import Flow
from calls.emulator.webhooks import Webhook
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


async def ask_what_to_do(leg: "Leg") -> Ncco | None:
    """Ask the answer URL, and the fallback URL where that fails. None: neither has an NCCO."""
    ours = leg.application
    leg.note("note", f"to: {leg.dialled.shown} from: {leg.from_.shown}")
    return await leg.platform.ask(
        leg, Webhook(ours, "answer", ours.answer_url, ours.answer_method, events.answer(leg), is_question=True)
    )


async def run(leg: "Leg", ncco: Ncco | None) -> None:
    """Run an NCCO to its end; without one the call ends soon."""
    if ncco is None:
        await leg.platform.clock.sleep(GIVES_UP_AFTER)
    else:
        await Flow(leg, PLAYS).run(ncco)
