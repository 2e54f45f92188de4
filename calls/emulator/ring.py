"""Ringing a number of an application: one inbound call, from its first event to its last."""

import asyncio
from collections.abc import Callable

from calls.emulator.application import Application
from calls.emulator.calls import Call
from calls.emulator.clock import Clock
from calls.emulator.legs import Leg
from calls.emulator.line import HungUp, Line
from calls.emulator.player import Player
from calls.emulator.trace import Trace
from calls.emulator.webhooks import WebhookSender

# Seconds between what was seen in logs; what they depend on is inferred.
RINGS_AFTER = 0.01
ASKS_AFTER = 0.05
PICKS_UP_AFTER = 0.5  # from the NCCO to `answered`
GIVES_UP_AFTER = 1.0  # from `answered` to the end of a call for which there is no NCCO


async def ring(
    application: Application,
    *,
    to: str,
    from_: str,
    trace: Trace,
    hangup_after: float | None = None,
    speed: float = 1.0,
    report: Callable[[str], None] = lambda finding: None,
) -> list[str]:
    """Play one call, and give the faults that were found in the application, a sentence each; `report` hears of
    each when it is met.

    Numbers are E.164 without the "+"; `from_` may also be a word such as "anonymous". The caller hangs up
    `hangup_after` seconds after dialling, by the call's own clock, which runs `speed` times faster than ours
    while nothing but waiting goes on. Cancelled, the call is ended properly, as by the caller.
    """
    async with WebhookSender(application, report) as sender:
        line = Line(Clock(speed), hangup_after=hangup_after)
        call = Call(Leg(from_, to), line, sender, trace)
        try:
            await _live(call)
            call.ended("platform")
        except HungUp as end:
            call.ended(end.by)
        except asyncio.CancelledError:
            call.ended("user")
            raise
        finally:
            await line.clock.settle()
        return sender.findings


async def _live(call: Call) -> None:
    call.started()
    await call.line.wait(RINGS_AFTER)
    call.ringing()
    await call.line.wait(ASKS_AFTER)
    ncco = await call.ask_what_to_do()
    await call.line.wait(PICKS_UP_AFTER)
    call.answered()
    if ncco is None:
        await call.line.wait(GIVES_UP_AFTER)
    else:
        await Player(call).run(ncco)
