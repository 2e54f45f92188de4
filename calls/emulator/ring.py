"""Ringing a number of an application once, on a platform of its own."""

import asyncio
from collections.abc import Callable

from calls.emulator.application import Application
from calls.emulator.clock import Clock
from calls.emulator.legs import Endpoint
from calls.emulator.people import Person
from calls.emulator.platform import Platform
from calls.emulator.trace import Happening, Watcher


async def ring(
    application: Application,
    *,
    to: str,
    from_: str,
    watch: Watcher,
    person: Person | None = None,
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

    def listen(happening: Happening) -> None:
        if happening.kind == "finding":
            report(happening.words)

    async with Platform([application], clock=Clock(speed)) as platform:
        platform.trace.watchers += [watch, listen]
        person = person or Person(hangup_after=hangup_after)
        leg = platform.ring(application, to=to, caller=Endpoint("phone", from_), person=person)
        try:
            await asyncio.shield(leg.ended)
        except asyncio.CancelledError:
            leg.hang_up("user")
            raise
        finally:
            await platform.clock.settle()
        return platform.findings
