"""A program of its own: many calls of the local Vonage in one process, on one core. Prints figures as JSON.

    python -m tests.benchmarks.emulator_calls PORT

PORT is that of an application: this same module with the word "application" before it.
"""

import asyncio
import json
import os
import resource
import sys
import time
from statistics import median

from aiohttp import web

from calls.emulator.application import Application
from calls.emulator.clock import AT_ONCE, Clock
from calls.emulator.legs import Endpoint
from calls.emulator.people import Person, Press
from calls.emulator.platform import Platform

CALLS, CALLS_A_SECOND = 200, 50
SCRIPTED = 50
MENU = [
    {"action": "talk", "text": "Welcome. Press 1 for sales, 2 for support, or hold the line. " * 3, "bargeIn": True},
    {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1, "timeOut": 5}},
    {"action": "talk", "text": "Thank you for calling. Goodbye."},
]


class MeasuredClock(Clock):
    """Notes how late whoever waits for a time goes on, in seconds."""

    def __init__(self, speed: float = 1.0) -> None:
        super().__init__(speed)
        self.late: list[float] = []

    def _timer(self, seconds: float) -> "asyncio.Future[None]":
        due = self.elapsed() + max(seconds, 0.0)
        timer = super()._timer(seconds)
        timer.add_done_callback(lambda done: None if done.cancelled() else self.late.append(self.elapsed() - due))
        return timer


async def at_a_time(application: Application) -> dict[str, float]:
    """Begin calls at a fixed rate until all are on the line at once, and let them end."""
    clock = MeasuredClock()
    most = 0
    async with Platform([application], clock=clock) as platform:
        legs = []
        began, spent = time.monotonic(), time.process_time()
        for index in range(CALLS):
            await asyncio.sleep(max(began + index / CALLS_A_SECOND - time.monotonic(), 0))
            legs.append(platform.ring(application, to="442079460000", caller=Endpoint("phone", "447700900123")))
            most = max(most, sum(not leg.is_over for leg in legs))
        await asyncio.gather(*(leg.ended for leg in legs))
        findings = len(platform.findings)
        spent = (time.process_time() - spent) / CALLS
    clock.late.sort()
    return {"at_once": most, "late_p99": clock.late[int(len(clock.late) * 0.99)], "spent": spent, "findings": findings}


async def one_after_another(application: Application) -> list[float]:
    """Play scripted calls at full speed; gives the processor seconds that each took of ours."""
    spent = []
    for _ in range(SCRIPTED):
        before = time.process_time()
        async with Platform([application], clock=Clock(AT_ONCE)) as platform:
            caller = Endpoint("phone", "447700900123")
            leg = platform.ring(application, to="442079460000", caller=caller, person=Person([Press("1")]))
            await leg.ended
        spent.append(time.process_time() - before)
    return spent


def measure(port: int) -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    base, secret = f"http://127.0.0.1:{port}", "a-secret-of-the-benchmark-0123456789"
    application = Application(answer_url=f"{base}/answer", event_url=f"{base}/event", secret=secret)
    figures = asyncio.run(at_a_time(application))
    figures["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures["scripted"] = median(asyncio.run(one_after_another(application)))
    print(json.dumps(figures))


def serve() -> None:
    """Be the application: a menu, and an empty 200 to every event."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(MENU)

    async def event(request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.add_routes([web.get("/answer", answer), web.post("/event", event)])
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[2]), print=None, access_log=None)


if __name__ == "__main__":
    if sys.argv[1] == "application":
        serve()
    else:
        measure(int(sys.argv[1]))
