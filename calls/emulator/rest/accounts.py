"""`/v2/applications` and `/account/numbers`: what the owner of an application reads and sets."""

import dataclasses
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from calls.emulator.application import Application
from calls.emulator.rest.problems import Problem, invalid
from calls.emulator.rest.requests import PLATFORM, account_of, body_of

DOORS = {"answer": "answer_url", "event": "event_url", "fallback": "fallback_answer_url"}


def routes() -> list[web.RouteDef]:
    return [
        web.get("/v2/applications", list_applications),
        web.get("/v2/applications/{id}", read),
        web.put("/v2/applications/{id}", replace),
        web.get("/account/numbers", list_numbers),
        web.post("/number/update", link),
    ]


async def list_applications(request: web.Request) -> web.Response:
    owned = [as_json(one) for one in account_of(request)]
    return web.json_response(
        {"page_size": 10, "page": 1, "total_items": len(owned), "total_pages": 1, "_embedded": {"applications": owned}}
    )


async def read(request: web.Request) -> web.Response:
    return web.json_response(as_json(_named(request)))


async def replace(request: web.Request) -> web.Response:
    """Replace the whole: what is not sent is gone, and what has a default has that again."""
    before, body = _named(request), await body_of(request)
    name = body.get("name", before.name)
    if not isinstance(name, str) or not name:
        raise invalid("name")
    voice = _object(_object(body.get("capabilities", {}), "capabilities").get("voice", {}), "capabilities.voice")
    hooks = _object(voice.get("webhooks", {}), "capabilities.voice.webhooks")
    fields: dict[str, Any] = {"name": name}
    for door, theirs in DOORS.items():
        fields |= _hook(door, theirs, _object(hooks.get(theirs, {}), theirs))
    kept = ("secret", "api_key", "api_secret", "application_id", "public_key", "numbers")
    after = Application(**{name: getattr(before, name) for name in kept}, **fields)
    if key := _object(body.get("keys", {}), "keys").get("public_key"):
        after = dataclasses.replace(after, public_key=str(key))
    put(request, before, after)
    return web.json_response(as_json(after))


async def list_numbers(request: web.Request) -> web.Response:
    """List the numbers of the account, each with the application that it is linked to."""
    numbers = [
        {"country": _country(number), "msisdn": number, "type": "landline", "features": ["VOICE"], "app_id": one_id}
        for one_id, number in ((one.application_id, number) for one in account_of(request) for number in one.numbers)
    ]
    return web.json_response({"count": len(numbers), "numbers": numbers})


async def link(request: web.Request) -> web.Response:
    """Link a number to an application."""
    owned, form = account_of(request), await request.post()
    msisdn, app_id = str(form.get("msisdn", "")), str(form.get("app_id", ""))
    if not any(msisdn in one.numbers for one in owned):
        return web.json_response({"error-code": "420", "error-code-label": "Numbers from this country are not yours"})
    for one in owned:
        others = tuple(number for number in one.numbers if number != msisdn)
        numbers = (*others, msisdn) if one.application_id == app_id else others
        if numbers != one.numbers:
            put(request, one, dataclasses.replace(one, numbers=numbers))
    return web.json_response({"error-code": "200", "error-code-label": "success"})


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
    voice = {"webhooks": hooks, "signed_callbacks": bool(one.secret), "conversations_ttl": 48}
    return {
        "id": one.application_id,
        "name": one.name,
        "keys": {"public_key": one.public_key},
        "capabilities": {"voice": voice | {"leg_persistence_time": 2}},
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


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid(name)
    return value


def _hook(door: str, theirs: str, hook: dict[str, Any]) -> dict[str, Any]:
    """Read one webhook, with the ranges of its times."""
    if not hook:
        return {}
    address = hook.get("address", "")
    if not isinstance(address, str) or urlsplit(address).scheme not in {"http", "https"}:
        raise invalid(f"{theirs}.address", "must be an http or https URL")
    read = _milliseconds(hook, theirs, "socket_timeout", 10_000 if door == "event" else 5_000, 1_000)
    fields = {f"{door}_url": address, f"{door}_seconds": read}
    if "http_method" in hook:
        if hook["http_method"] not in {"GET", "POST"}:
            raise invalid(f"{theirs}.http_method", "must be GET or POST")
        fields[f"{door}_method"] = hook["http_method"]
    if "connect_timeout" in hook:
        fields["connect_seconds"] = _milliseconds(hook, theirs, "connect_timeout", 1_000, 300)
    return fields


def _milliseconds(hook: dict[str, Any], theirs: str, name: str, most: int, least: int) -> float:
    value = hook.get(name, most)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise invalid(f"{theirs}.{name}", f"must be {least} to {most}")
    return value / 1000


def _country(number: str) -> str:
    """Name the country of a number, as far as the demo numbers go (inferred)."""
    return {"4": "GB", "1": "US"}.get(number[:1], "GB")
