"""`/v1/calls/{uuid}`: changing a call that goes on."""

import math
from typing import Any

from aiohttp import web

from calls.emulator.application import Target
from calls.emulator.legs import Leg
from calls.emulator.rest.calls import leg_of
from calls.emulator.rest.orders import Body, read_ncco, read_url
from calls.emulator.rest.problems import Problem, invalid
from calls.emulator.rest.requests import PLATFORM, body_of
from calls.emulator.sounds import seconds_of
from calls.emulator.speech import seconds_to_say

TONES = set("0123456789*#p")


def routes() -> list[web.RouteDef]:
    found = [web.put("/v1/calls/{uuid}", change), web.put("/v1/calls/{uuid}/dtmf", send_dtmf)]
    found += [web.put("/v1/calls/{uuid}/talk", talk), web.delete("/v1/calls/{uuid}/talk", stop_talk)]
    found += [web.put("/v1/calls/{uuid}/stream", stream), web.delete("/v1/calls/{uuid}/stream", stop_stream)]
    found += [web.put("/v1/calls/{uuid}/input/dtmf", subscribe), web.delete("/v1/calls/{uuid}/input/dtmf", unsubscribe)]
    return found


async def change(request: web.Request) -> web.Response:
    """Hang up, mute, earmuff, transfer. A call that is over cannot be changed."""
    leg, body = _open_leg(request), await body_of(request)
    match body.get("action"):
        case "hangup":
            leg.hang_up("platform")
        case "mute" | "unmute" as word:
            leg.muted = word == "mute"
            leg.note("note", f"{word}d", muted=leg.muted)
        case "earmuff" | "unearmuff" as word:
            leg.earmuffed = word == "earmuff"
            leg.note("note", f"{word}ed", earmuffed=leg.earmuffed)
        case "transfer":
            request.app[PLATFORM].transfer(_talking_leg(request), _destination(body))
        case _:
            raise invalid("action", "must be hangup, mute, unmute, earmuff, unearmuff or transfer")
    return web.Response(status=204)


async def talk(request: web.Request) -> web.Response:
    """Speak into the call. What was spoken or played into it before ends."""
    leg, body = _talking_leg(request), await body_of(request)
    text = body.get("text")
    if not isinstance(text, str) or not text:
        raise invalid("text")
    loop, seconds = _loop(body), seconds_to_say(text)
    leg.note("says", f"talk by REST ({seconds:.1f} s): {text}", text=text, seconds=round(seconds, 1), by="rest")
    _put_in(leg, "talk", seconds * loop)
    return _done("Talk started", leg)


async def stop_talk(request: web.Request) -> web.Response:
    return _stop(request, "talk")


async def stream(request: web.Request) -> web.Response:
    """Play a sound into the call. What was spoken or played into it before ends."""
    leg, body = _talking_leg(request), await body_of(request)
    url, loop = read_url(body.get("stream_url"), "stream_url"), _loop(body)
    _put_in(leg, "stream", math.inf)
    leg.beside(_play(leg, url, loop))
    return _done("Stream started", leg)


async def _play(leg: Leg, url: str, loop: float) -> None:
    """Fetch the sound when the program has its reply: it may come from that program. One that is none plays nothing."""
    mine = leg.put_in
    seconds = await seconds_of(leg.platform, url)
    if leg.put_in is not mine:  # stopped meanwhile
        return
    if seconds:
        leg.note("plays", f"stream by REST ({seconds:.1f} s): {url}", url=url, seconds=round(seconds, 1), by="rest")
    _put_in(leg, "stream", seconds * loop if seconds else 0.0)


async def stop_stream(request: web.Request) -> web.Response:
    return _stop(request, "stream")


async def send_dtmf(request: web.Request) -> web.Response:
    """Send tones to whoever is on this leg."""
    leg, body = _talking_leg(request), await body_of(request)
    digits = body.get("digits")
    if not isinstance(digits, str) or not digits or not set(digits) <= TONES:
        raise invalid("digits", "must be of 0-9, *, # and p")
    leg.note("hears", f"{leg.party.shown} hears the keys {digits}", keys=digits, by="rest")
    return _done("DTMF sent", leg)


async def subscribe(request: web.Request) -> web.Response:
    """Have each key that is pressed on this leg told to a URL."""
    leg, body = _talking_leg(request), await body_of(request)
    _unsubscribe(leg)
    leg.rest_key_target = Target(read_url(body.get("event_url"), "event_url"))
    leg.key_targets.append(leg.rest_key_target)
    return web.json_response({})


async def unsubscribe(request: web.Request) -> web.Response:
    _unsubscribe(_open_leg(request))
    return web.json_response({})


def _unsubscribe(leg: Leg) -> None:
    if leg.rest_key_target in leg.key_targets:
        leg.key_targets.remove(leg.rest_key_target)


def _open_leg(request: web.Request) -> Leg:
    leg = leg_of(request)
    if leg.is_over:
        raise Problem(400, "The call is over.")
    return leg


def _talking_leg(request: web.Request) -> Leg:
    leg = _open_leg(request)
    if leg.answered_at is None:
        raise Problem(400, "The call has not been answered.")
    return leg


def _destination(body: Body) -> Any:
    destination = body.get("destination")
    if not isinstance(destination, dict) or destination.get("type") != "ncco":
        raise invalid("destination")
    if "ncco" in destination:
        return read_ncco(destination["ncco"], "destination.ncco")
    return Target(read_url(destination.get("url"), "destination.url"), "GET")


def _loop(body: Body) -> float:
    loop = body.get("loop", 1)
    if isinstance(loop, bool) or not isinstance(loop, int) or loop < 0:
        raise invalid("loop", "must be 0 or more")
    return loop or math.inf


def _put_in(leg: Leg, kind: str, seconds: float) -> None:
    """Let it be heard for so long."""
    if leg.put_in:
        leg.put_in[1].cancel()
    leg.put_in = (kind, leg.platform.clock.later(seconds, lambda: setattr(leg, "put_in", None)))


def _stop(request: web.Request, kind: str) -> web.Response:
    leg = _open_leg(request)
    if leg.put_in and leg.put_in[0] == kind:
        leg.put_in[1].cancel()
        leg.put_in = None
        leg.note("cut", f"{kind} stopped by REST")
    return _done(f"{kind.capitalize()} stopped", leg)


def _done(message: str, leg: Leg) -> web.Response:
    return web.json_response({"message": message, "uuid": leg.uuid})
