"""`/lab`: what is no part of the platform. Programs ring, press keys, answer and make faults through it.

It asks for no token, for it is reached from this machine alone unless its owner decides otherwise.
"""

import asyncio
from typing import Any

from aiohttp import web

from calls.emulator import scenario as scenarios
from calls.emulator.faults import read_faults
from calls.emulator.legs import Leg
from calls.emulator.people import Person
from calls.emulator.reading import BadFile, seconds
from calls.emulator.rest.problems import Problem
from calls.emulator.rest.requests import PLATFORM, body_of
from calls.emulator.rest.streams import opened, pass_on, watching
from calls.emulator.ring import Witness, play
from calls.emulator.trace import Happening


def routes() -> list[web.RouteDef]:
    return [
        web.get("/lab", about),
        web.post("/lab/calls", ring),
        web.post("/lab/legs/{uuid}/{does}", act),
        web.get("/lab/trace", trace),
        web.get("/lab/callees", get_callees),
        web.put("/lab/callees", set_callees),
        web.patch("/lab/callees", add_callees),
        web.put("/lab/clock", set_clock),
        web.get("/lab/faults", get_faults),
        web.put("/lab/faults", set_faults),
    ]


async def about(request: web.Request) -> web.Response:
    """Say what there is: applications and their numbers, the clock, legs that are not over, recordings, faults."""
    platform = request.app[PLATFORM]
    applications = [
        {"application_id": one.application_id, "name": one.name, "numbers": one.numbers}
        for one in platform.applications
    ]
    open_legs = [leg_as_json(leg) for leg in platform.legs.values() if not leg.is_over]
    return web.json_response(
        {
            "url": platform.base_url,
            "applications": applications,
            "clock": {"now": platform.clock.now().isoformat(), "speed": str(platform.clock.speed)},
            "legs": open_legs,
            "recordings": platform.recordings.as_json(),
            "faults": platform.faults.as_json(),
        }
    )


async def ring(request: web.Request) -> web.StreamResponse:
    """Play a scenario, given as JSON. `?watch=1` streams what happens, and ends with the outcome; without it the reply
    is the leg, which lives on. With `"by_hand": true` who rings hangs up by hand, too.
    """
    platform, body = request.app[PLATFORM], await body_of(request)
    by_hand = body.pop("by_hand", False)
    given = _read(body)
    application = platform.application_of(given.to)
    if application is None:
        raise Problem(404, f"{given.to} is linked to no application.")
    if given.at:
        platform.clock.set(given.at)
    called = given.called(platform.callees.everybody)  # what it says of them stays as it is, for later calls
    platform.callees.everybody = called.everybody
    platform.callees.by_number.update(called.by_number)
    if given.faults:
        platform.faults = given.with_faults(platform.faults)
    if "watch" not in request.query:
        person = given.caller()
        if by_hand:
            person.answer = "no-answer"
        extras = dict(given.answer_fields)
        leg = platform.ring(application, to=given.to, caller=given.endpoint(), person=person, extras=extras)
        return web.json_response(leg_as_json(leg), status=201)
    witnesses: list[Witness] = []  # of this call, once it is begun

    def is_told(happening: Happening) -> bool:
        return any(one.concerns(happening.leg, happening.conversation) for one in witnesses)

    async with (
        watching(platform, is_told) as happenings,
        opened(request, lambda: happenings.put_nowait(None)) as stream,
    ):
        playing = asyncio.create_task(
            play(given, application, platform, begun=lambda leg, witness: witnesses.append(witness))
        )
        playing.add_done_callback(lambda done: happenings.put_nowait(None))
        try:
            await pass_on(happenings, stream)
            if playing.done():
                await stream.write(playing.result().as_json())
        finally:
            playing.cancel()  # who rang has gone away, and hangs up
    return stream.response


async def act(request: web.Request) -> web.Response:
    """Let whoever is on a leg press keys (`keys`), say something (`text`, and `seconds` if it takes as long as that),
    make a sound (`seconds`), answer, reject, or hang up.
    """
    leg = request.app[PLATFORM].legs.get(request.match_info["uuid"])
    if leg is None or leg.is_over:
        raise Problem(404, "No such leg, or it is over.")
    match request.match_info["does"]:
        case "press":
            await _press(leg, await body_of(request))
        case "say":
            said = await body_of(request)
            leg.beside(leg.speak(_text(said), seconds=_seconds(said) if "seconds" in said else None))
        case "sound":
            leg.beside(leg.speak("", seconds=_seconds(await body_of(request))))
        case "answer":
            leg.pick_up()
        case "reject" if leg.direction == "outbound" and leg.answered_at is None:
            leg.fail("rejected", detail="declined")
        case "hangup":
            leg.hang_up("user")
        case _:
            raise Problem(404, "A leg can press, say, sound, answer, hangup and, while it rings, reject.")
    return web.json_response(leg_as_json(leg))


async def trace(request: web.Request) -> web.StreamResponse:
    """Stream what happens; `?leg=` of one leg only, `?kept=1` what happened before as well."""
    platform = request.app[PLATFORM]
    leg = request.query.get("leg", "")

    def is_told(happening: Happening) -> bool:
        return leg in {"", happening.leg}

    async with (
        watching(platform, is_told) as happenings,
        opened(request, lambda: happenings.put_nowait(None)) as stream,
    ):
        before = [one for one in platform.trace.kept if is_told(one)] if "kept" in request.query else []
        for _ in range(happenings.qsize()):  # they are among those before
            happenings.get_nowait() if "kept" in request.query else None
        for happening in before:
            await stream.write(happening.as_json())
        await pass_on(happenings, stream)
    return stream.response


async def get_callees(request: web.Request) -> web.Response:
    """Say what called parties do."""
    return web.json_response(scenarios.callees_as_json(request.app[PLATFORM].callees))


async def set_callees(request: web.Request) -> web.Response:
    """Say what called parties do, as the file of applications does. Who is not named does what is usual."""
    given, ours = await _callees(request), request.app[PLATFORM].callees
    ours.everybody, ours.by_number = given.pop(scenarios.EVERYBODY, Person()), given
    return web.json_response({})


async def add_callees(request: web.Request) -> web.Response:
    """Say what some called parties do, or `everybody` else. Who is not named does as before."""
    given, ours = await _callees(request), request.app[PLATFORM].callees
    ours.everybody = given.pop(scenarios.EVERYBODY, ours.everybody)
    ours.by_number.update(given)
    return web.json_response({})


async def _callees(request: web.Request) -> dict[str, Person]:
    try:
        return scenarios.read_callees(await body_of(request), "callees")
    except BadFile as error:
        raise Problem(400, str(error)) from None


async def set_clock(request: web.Request) -> web.Response:
    """Make it another time (`now`), or let time pass so much faster than ours from now on (`speed`)."""
    clock, given = request.app[PLATFORM].clock, await body_of(request)
    speed = given.get("speed", clock.speed)
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not speed >= 1:
        raise Problem(400, "speed has to be a number of 1 or more.")
    try:
        if "now" in given or "speed" not in given:
            clock.set(scenarios.moment(given.get("now"), "now"))
    except BadFile as error:
        raise Problem(400, str(error)) from None
    if "speed" in given:
        clock.run_at(float(speed))
    return web.json_response({"now": clock.now().isoformat(), "speed": str(clock.speed)})


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


def _text(body: dict[str, Any]) -> str:
    text = body.get("text")
    if not isinstance(text, str) or not text:
        raise Problem(400, "text has to be what is said.")
    return text


def _seconds(body: dict[str, Any]) -> float:
    try:
        return seconds(body.get("seconds"), "seconds")
    except BadFile as error:
        raise Problem(400, str(error)) from None


async def _press(leg: Leg, body: dict[str, Any]) -> None:
    try:
        keys = scenarios.keys(body.get("keys", ""), "keys")
    except BadFile as error:
        raise Problem(400, str(error)) from None
    for key in keys:
        leg.press(key)


def _read(body: dict[str, Any]) -> scenarios.Scenario:
    try:
        return scenarios.read(body, "scenario")
    except BadFile as error:
        raise Problem(400, str(error)) from None


def leg_as_json(leg: Leg) -> dict[str, Any]:
    return {
        "uuid": leg.uuid,
        "conversation_uuid": leg.conversation.uuid,
        "direction": leg.direction,
        "from": leg.from_.shown,
        "to": leg.to.shown,
        "status": leg.status,
        "listens": sorted(leg.ear.is_open_to),
    }
