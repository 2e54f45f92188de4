"""`/v1/calls/{uuid}`: changing a call that goes on."""

import math
from contextlib import suppress
from datetime import timedelta
from typing import Any

from aiohttp import web

from calls.emulator.application import Target
from calls.emulator.legs import Leg
from calls.emulator.rest.calls import leg_of
from calls.emulator.rest.orders import read_ncco
from calls.emulator.rest.problems import Problem, invalid
from calls.emulator.rest.requests import PLATFORM, body_of
from calls.emulator.rest.values import Body, mapping, one_url, refused
from calls.emulator.sounds import seconds_of
from calls.emulator.speech import seconds_to_say

YOUNG_SECONDS = 1.0  # in which the platform may refuse changes; 1 to 2 were seen
TONES = set("0123456789*#p")
# The options of what is put into a call, by their names in an NCCO.
TALK = {name: name for name in ("text", "language", "style", "premium", "loop", "level")} | {"voiceName": "voice_name"}
STREAM = {"streamUrl": "stream_url", "loop": "loop", "level": "level"}


def routes() -> list[web.RouteDef]:
    found = [web.put("/v1/calls/{uuid}", change), web.put("/v1/calls/{uuid}/dtmf", send_dtmf)]
    found += [web.put("/v1/calls/{uuid}/talk", talk), web.delete("/v1/calls/{uuid}/talk", stop_talk)]
    found += [web.put("/v1/calls/{uuid}/stream", stream), web.delete("/v1/calls/{uuid}/stream", stop_stream)]
    found += [web.put("/v1/calls/{uuid}/input/dtmf", subscribe), web.delete("/v1/calls/{uuid}/input/dtmf", unsubscribe)]
    return found


async def change(request: web.Request) -> web.Response:
    """Hang up, mute, earmuff, transfer. A call that is over cannot be changed."""
    leg, body = await _open_leg(request)
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
            to = _destination(body)
            _be_answered(leg)
            request.app[PLATFORM].transfer(leg, to)
        case _:
            raise invalid("action", "must be hangup, mute, unmute, earmuff, unearmuff or transfer")
    return web.Response(status=204)


async def talk(request: web.Request) -> web.Response:
    """Speak into the call. What was spoken or played into it before ends."""
    leg, body = await _talking_leg(request)
    _check(body, "talk", TALK)
    text = body["text"]
    seconds = seconds_to_say(text)
    leg.note("says", f"talk by REST ({seconds:.1f} s): {text}", text=text, seconds=round(seconds, 1), by="rest")
    _put_in(leg, "talk", seconds * _loops(body))
    return _done("Talk started", leg)


async def stop_talk(request: web.Request) -> web.Response:
    return _stop(request, "talk")


async def stream(request: web.Request) -> web.Response:
    """Play a sound into the call. What was spoken or played into it before ends."""
    leg, body = await _talking_leg(request)
    url = one_url(body.get("stream_url"), "stream_url")
    _check(body, "stream", STREAM)
    _put_in(leg, "stream", math.inf)
    leg.beside(_play(leg, url, _loops(body)))
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
    leg, body = await _talking_leg(request)
    digits = body.get("digits")
    if not isinstance(digits, str) or not digits or not set(digits) <= TONES:
        raise invalid("digits", "must be of 0-9, *, # and p")
    leg.note("hears", f"{leg.party.shown} hears the keys {digits}", keys=digits, by="rest")
    return _done("DTMF sent", leg)


async def subscribe(request: web.Request) -> web.Response:
    """Have each key that is pressed on this leg told to a URL."""
    leg, body = await _talking_leg(request)
    target = Target(one_url(body.get("event_url"), "event_url"))
    _unsubscribe(leg)
    leg.rest_key_target = target
    leg.keys.tell_to(target)
    return web.json_response({})


async def unsubscribe(request: web.Request) -> web.Response:
    leg = leg_of(request)
    _be_open(leg)
    _unsubscribe(leg)
    return web.json_response({})


def _unsubscribe(leg: Leg) -> None:
    leg.keys.tell_no_more_to(leg.rest_key_target)
    leg.rest_key_target = None


async def _open_leg(request: web.Request) -> tuple[Leg, Body]:
    """Give the leg and the body. Whether the call goes on is looked at last: it may end while the body comes, and
    from here on nobody else has a turn, so two requests at once come one after the other.
    """
    leg = leg_of(request)
    body = await body_of(request)
    _be_open(leg)
    age = leg.platform.clock.now() - leg.started_at
    if leg.platform.faults.too_young and age < timedelta(seconds=YOUNG_SECONDS):
        raise Problem(400, "The call is too young.")
    return leg, body


async def _talking_leg(request: web.Request) -> tuple[Leg, Body]:
    leg, body = await _open_leg(request)
    _be_answered(leg)
    return leg, body


def _be_open(leg: Leg) -> None:
    if leg.is_over:
        raise Problem(400, "The call is over.")


def _be_answered(leg: Leg) -> None:
    if leg.answered_at is None:
        raise Problem(400, "The call has not been answered.")


def _destination(body: Body) -> Any:
    destination = mapping(body.get("destination"), "destination")
    if destination.get("type") != "ncco":
        raise invalid("destination.type", "must be ncco")
    if ("ncco" in destination) is ("url" in destination):
        raise invalid("destination", "must have either url or ncco")
    if "ncco" in destination:
        return read_ncco(destination["ncco"], "destination.ncco")
    return Target(one_url(destination["url"], "destination.url"), "GET")


def _check(body: Body, kind: str, names: dict[str, str]) -> None:
    """Refuse what an NCCO would be refused for. The level may be text, as the specification has it."""
    action: Body = {ours: body[theirs] for ours, theirs in names.items() if theirs in body}
    if isinstance(action.get("level"), str):
        with suppress(ValueError):
            action["level"] = float(action["level"])
    if problem := refused({"action": kind, **action}, names):
        raise problem


def _loops(body: Body) -> float:
    return body.get("loop", 1) or math.inf


def _put_in(leg: Leg, kind: str, seconds: float) -> None:
    """Let it be heard for so long."""
    if leg.put_in:
        leg.put_in[1].cancel()
    leg.put_in = (kind, leg.platform.clock.later(seconds, lambda: setattr(leg, "put_in", None)))


def _stop(request: web.Request, kind: str) -> web.Response:
    leg = leg_of(request)
    _be_open(leg)
    if leg.put_in and leg.put_in[0] == kind:
        leg.put_in[1].cancel()
        leg.put_in = None
        leg.note("cut", f"{kind} stopped by REST")
    return _done(f"{kind.capitalize()} stopped", leg)


def _done(message: str, leg: Leg) -> web.Response:
    return web.json_response({"message": message, "uuid": leg.uuid})
