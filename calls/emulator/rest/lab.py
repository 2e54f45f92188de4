"""`/lab`: what is no part of the platform. Programs ring, press keys, answer and make faults through it.

It asks for no token, for it is reached from this machine alone unless its owner decides otherwise.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from calls.emulator import scenario as scenarios
from calls.emulator.faults import read_faults
from calls.emulator.legs import Leg
from calls.emulator.people import Callees
from calls.emulator.platform import Platform
from calls.emulator.reading import BadFile
from calls.emulator.rest.problems import Problem
from calls.emulator.rest.requests import PLATFORM, body_of
from calls.emulator.ring import Witness, play
from calls.emulator.trace import Happening

MOST_WAITING = 10_000  # happenings for a watcher who reads slowly; then it is let go


def routes() -> list[web.RouteDef]:
    return [
        web.get("/lab", about),
        web.post("/lab/calls", ring),
        web.post("/lab/legs/{uuid}/{does}", act),
        web.get("/lab/trace", trace),
        web.put("/lab/callees", set_callees),
        web.put("/lab/clock", set_clock),
        web.get("/lab/faults", get_faults),
        web.put("/lab/faults", set_faults),
    ]


async def about(request: web.Request) -> web.Response:
    """Say what there is: applications, their numbers, the clock, the legs that are not over."""
    platform = request.app[PLATFORM]
    applications = [
        {"application_id": one.application_id, "name": one.name, "numbers": one.numbers}
        for one in platform.applications
    ]
    open_legs = [_leg_as_json(leg) for leg in platform.legs.values() if not leg.is_over]
    clock = {"now": platform.clock.now().isoformat(), "speed": str(platform.clock.speed)}
    return web.json_response({"applications": applications, "clock": clock, "legs": open_legs})


async def ring(request: web.Request) -> web.StreamResponse:
    """Play a scenario, given as JSON. `?watch=1` streams what happens, a JSON line each, and ends with the outcome;
    without it the reply is the leg, which lives on.
    """
    platform = request.app[PLATFORM]
    given = await _read(request)
    application = platform.application_of(given.to)
    if application is None:
        raise Problem(404, f"{given.to} is linked to no application.")
    if given.at:
        platform.clock.set(given.at)
    called = given.called(platform.callees.everybody)
    platform.callees = Callees(called.everybody, platform.callees.by_number | called.by_number)
    if given.faults:
        platform.faults = given.with_faults(platform.faults)
    if "watch" not in request.query:
        caller = given.endpoint()
        return web.json_response(
            _leg_as_json(platform.ring(application, to=given.to, caller=caller, person=given.caller())), status=201
        )
    witnesses: list[Witness] = []  # of this call, once it is begun

    def is_told(happening: Happening) -> bool:
        return any(one.concerns(happening.leg, happening.conversation) for one in witnesses)

    async with _lines(request) as write, _watching(platform, is_told) as happenings:
        playing = asyncio.create_task(
            play(given, application, platform, begun=lambda leg, witness: witnesses.append(witness))
        )
        try:
            while not playing.done() or not happenings.empty():
                await _next(playing, happenings, write)
        finally:
            playing.cancel()  # who rang has gone away, and hangs up
        await write(playing.result().as_json())
    return request[STREAM]


async def act(request: web.Request) -> web.Response:
    """Let whoever is on a leg press keys (`keys`), say something (`text`), answer, or hang up."""
    leg = request.app[PLATFORM].legs.get(request.match_info["uuid"])
    if leg is None or leg.is_over:
        raise Problem(404, "No such leg, or it is over.")
    match request.match_info["does"]:
        case "press":
            await _press(leg, await body_of(request))
        case "say":
            said = (await body_of(request)).get("text")
            if not isinstance(said, str) or not said:
                raise Problem(400, "text has to be what is said.")
            leg.beside(leg.speak(said))
        case "answer":
            leg.pick_up()
        case "hangup":
            leg.hang_up("user")
        case _:
            raise Problem(404, "A leg can press, say, answer and hangup.")
    return web.json_response(_leg_as_json(leg))


async def trace(request: web.Request) -> web.StreamResponse:
    """Stream what happens, a JSON line each; `?leg=` of one leg only, `?kept=1` what happened before as well."""
    platform = request.app[PLATFORM]
    leg = request.query.get("leg", "")
    async with _lines(request) as write, _watching(platform) as happenings:
        for happening in list(platform.trace.kept) if "kept" in request.query else []:
            if leg in {"", happening.leg}:
                await write(happening.as_json())
        while True:
            happening = await happenings.get()
            if leg in {"", happening.leg}:
                await write(happening.as_json())


async def set_callees(request: web.Request) -> web.Response:
    """Say what called parties do, as the file of applications does."""
    try:
        callees = scenarios.read_callees(await body_of(request), "callees")
    except BadFile as error:
        raise Problem(400, str(error)) from None
    request.app[PLATFORM].callees = Callees(callees.pop(scenarios.EVERYBODY, None), callees)
    return web.json_response({})


async def set_clock(request: web.Request) -> web.Response:
    """Make it another time: `now`."""
    try:
        now = scenarios.moment((await body_of(request)).get("now"), "now")
    except BadFile as error:
        raise Problem(400, str(error)) from None
    request.app[PLATFORM].clock.set(now)
    return web.json_response({"now": request.app[PLATFORM].clock.now().isoformat()})


async def get_faults(request: web.Request) -> web.Response:
    """Say what the platform does wrong."""
    return web.json_response(request.app[PLATFORM].faults.as_json())


async def set_faults(request: web.Request) -> web.Response:
    """Say what it is to do wrong from now on; what is not named is not done."""
    try:
        faults = read_faults(await body_of(request), "faults")
    except BadFile as error:
        raise Problem(400, str(error)) from None
    request.app[PLATFORM].faults = faults
    return web.json_response(faults.as_json())


STREAM = web.RequestKey("stream", web.StreamResponse)


@asynccontextmanager
async def _lines(request: web.Request) -> AsyncIterator[Any]:
    """Open a reply of JSON lines; gives what writes one."""
    stream = web.StreamResponse(headers={"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"})
    await stream.prepare(request)
    request[STREAM] = stream

    async def write(value: Any) -> None:
        await stream.write(json.dumps(value, default=str).encode() + b"\n")

    yield write
    await stream.write_eof()


@asynccontextmanager
async def _watching(
    platform: Platform, wants: Callable[[Happening], bool] = lambda happening: True
) -> AsyncIterator["asyncio.Queue[Happening]"]:
    happenings: asyncio.Queue[Happening] = asyncio.Queue(MOST_WAITING)

    def watch(happening: Happening) -> None:
        if wants(happening) and not happenings.full():
            happenings.put_nowait(happening)

    platform.trace.watchers.append(watch)
    try:
        yield happenings
    finally:
        platform.trace.watchers.remove(watch)


async def _next(playing: "asyncio.Task[Any]", happenings: "asyncio.Queue[Happening]", write: Any) -> None:
    """Write the next thing that happens, or return when the call is over."""
    getting = asyncio.ensure_future(happenings.get())
    await asyncio.wait({playing, getting}, return_when=asyncio.FIRST_COMPLETED)
    if getting.done():
        await write(getting.result().as_json())
    else:
        getting.cancel()


async def _press(leg: Leg, body: dict[str, Any]) -> None:
    try:
        keys = scenarios.keys(body.get("keys", ""), "keys")
    except BadFile as error:
        raise Problem(400, str(error)) from None
    for key in keys:
        leg.press(key)


async def _read(request: web.Request) -> scenarios.Scenario:
    try:
        return scenarios.read(await body_of(request), "scenario")
    except BadFile as error:
        raise Problem(400, str(error)) from None


def _leg_as_json(leg: Leg) -> dict[str, Any]:
    return {
        "uuid": leg.uuid,
        "conversation_uuid": leg.conversation.uuid,
        "direction": leg.direction,
        "from": leg.from_.shown,
        "to": leg.to.shown,
        "status": leg.status,
        "listens": sorted(leg.ear.wants),
    }
