"""`/v2/applications`: what the owner of an account reads and sets, by key and secret."""

import asyncio
import dataclasses
from typing import Any
from uuid import uuid4

from aiohttp import web

from calls.emulator.application import Application
from calls.emulator.applications import is_public_key, new_key_pair
from calls.emulator.rest.problems import Problem, invalid
from calls.emulator.rest.requests import PLATFORM, account_of, body_of
from calls.emulator.rest.values import Body, is_http_url, mapping, whole, word

DOORS = {"answer": "answer_url", "event": "event_url", "fallback": "fallback_answer_url"}
KEPT = ("secret", "api_key", "api_secret", "application_id", "public_key", "numbers")
TTL_HOURS, MOST_TTL_HOURS = 48, 9_000


def routes() -> list[web.RouteDef]:
    return [
        web.get("/v2/applications", list_applications),
        web.post("/v2/applications", create),
        web.get("/v2/applications/{id}", read),
        web.put("/v2/applications/{id}", replace),
        web.delete("/v2/applications/{id}", delete),
    ]


async def list_applications(request: web.Request) -> web.Response:
    """List all on one page, however large pages are to be: there are few."""
    owned = [as_json(one) for one in account_of(request)]
    pages = {"page_size": max(len(owned), 10), "page": 1, "total_items": len(owned), "total_pages": 1}
    links = {name: {"href": "/v2/applications"} for name in ("self", "first", "last")}
    return web.json_response({**pages, "_embedded": {"applications": owned}, "_links": links})


async def create(request: web.Request) -> web.Response:
    """Make one, without numbers. Its private key is in this reply alone, unless a public key was given."""
    account, body = account_of(request)[0], await body_of(request)
    blank = dataclasses.replace(account, application_id=str(uuid4()), public_key="", numbers=())
    made = read_application(body, blank)
    private_key = ""
    if not made.public_key:
        private_key, public_key = await asyncio.to_thread(new_key_pair)
        made = dataclasses.replace(made, public_key=public_key)
    request.app[PLATFORM].applications.append(made)
    shown = as_json(made)
    if private_key:
        shown["keys"]["private_key"] = private_key
    return web.json_response(shown, status=201)


async def read(request: web.Request) -> web.Response:
    return web.json_response(as_json(_named(request)))


async def replace(request: web.Request) -> web.Response:
    """Replace the whole: what is not sent is gone, and what has a default has that again."""
    body = await body_of(request)
    before = _named(request)
    after = read_application(body, before)
    put(request, before, after)
    return web.json_response(as_json(after))


async def delete(request: web.Request) -> web.Response:
    """Remove one. The last of an account stays, for the account is known by its applications."""
    if len(account_of(request)) == 1:
        raise Problem(403, "The local Vonage keeps the last application of an account.")
    request.app[PLATFORM].applications.remove(_named(request))
    return web.Response(status=204)


def read_application(body: Body, before: Application) -> Application:
    """Read what an application is to be; `before` gives what belongs to the account, and the key unless one comes."""
    name = body.get("name", before.name)
    if not isinstance(name, str) or not name:
        raise invalid("name")
    voice = mapping(mapping(body.get("capabilities", {}), "capabilities").get("voice", {}), "capabilities.voice")
    hooks = mapping(voice.get("webhooks", {}), "capabilities.voice.webhooks")
    fields: dict[str, Any] = {"name": name}
    for door, theirs in DOORS.items():
        fields |= _hook(door, theirs, mapping(hooks.get(theirs, {}), theirs))
    signed = voice.get("signed_callbacks", True)
    if not isinstance(signed, bool):
        raise invalid("signed_callbacks")
    whole(voice, "conversations_ttl", TTL_HOURS, 1, MOST_TTL_HOURS)  # read, and no more: rooms here last till left
    after = Application(**{name: getattr(before, name) for name in KEPT}, **fields, signed_callbacks=signed)
    public_key = mapping(body.get("keys", {}), "keys").get("public_key")
    if not public_key:
        return after
    if not isinstance(public_key, str) or not is_public_key(public_key):
        raise invalid("keys.public_key", "must be an RSA public key in PEM")
    return dataclasses.replace(after, public_key=public_key)


def as_json(one: Application) -> dict[str, Any]:
    """An application as the API shows it. Times are milliseconds."""
    hooks = {
        theirs: {
            "address": getattr(one, f"{door}_url"),
            "http_method": getattr(one, f"{door}_method"),
            "connect_timeout": int(one.connect_seconds * 1000),
            "socket_timeout": int(getattr(one, f"{door}_seconds") * 1000),
        }
        for door, theirs in DOORS.items()
        if getattr(one, f"{door}_url")
    }
    signed = bool(one.secret) and one.signed_callbacks
    voice = {"webhooks": hooks, "signed_callbacks": signed, "conversations_ttl": TTL_HOURS, "leg_persistence_time": 2}
    return {
        "id": one.application_id,
        "name": one.name,
        "keys": {"public_key": one.public_key},
        "capabilities": {"voice": voice},
        "_links": {"self": {"href": f"/v2/applications/{one.application_id}"}},
    }


def put(request: web.Request, before: Application, after: Application) -> None:
    """Let an application be another from now on. Calls that go on keep what they began with."""
    ours = request.app[PLATFORM].applications
    ours[ours.index(before)] = after


def _named(request: web.Request) -> Application:
    for one in account_of(request):
        if one.application_id == request.match_info["id"]:
            return one
    raise Problem(404, "The account has no such application.")


def _hook(door: str, theirs: str, hook: Body) -> dict[str, Any]:
    """Read one webhook, with the ranges of its times. One connection time is kept for all three."""
    if not hook:
        return {}
    if not is_http_url(hook.get("address")):
        raise invalid(f"{theirs}.address", "must be an http or https URL")
    longest = 10_000 if door == "event" else 5_000
    fields: dict[str, Any] = {
        f"{door}_url": hook["address"],
        f"{door}_seconds": whole(hook, "socket_timeout", longest, 1_000, longest) / 1000,
    }
    if method := word(hook, "http_method", ("GET", "POST")):
        fields[f"{door}_method"] = method
    if "connect_timeout" in hook:
        fields["connect_seconds"] = whole(hook, "connect_timeout", 1_000, 300, 1_000) / 1000
    return fields
