"""`/account/numbers` and `/number/update`: the numbers of an account, and the applications that they are linked to."""

import dataclasses

from aiohttp import web

from calls.emulator.application import Application
from calls.emulator.rest import tokens
from calls.emulator.rest.accounts import put
from calls.emulator.rest.orders import ANY_NUMBER
from calls.emulator.rest.requests import PLATFORM

COUNTRIES = (("44", "GB"), ("1", "US"))  # of the numbers that are made up here
SUCCESS, MOST_LISTED = (200, "success"), 100


def routes() -> list[web.RouteDef]:
    return [web.get("/account/numbers", list_numbers), web.post("/number/update", link)]


async def list_numbers(request: web.Request) -> web.Response:
    """List the numbers of the account, each with the application that it is linked to."""
    try:
        owned = _owned(request)
    except tokens.Unauthorized:
        return _reply(401, "authentication failed")
    query = request.query
    found = [
        {"country": country, "msisdn": number, "type": "landline", "features": ["VOICE"], "app_id": application_id}
        for number, application_id in _linked(owned)
        if (country := _country(number))
        and query.get("country", country) == country
        and query.get("application_id", application_id) == application_id
        and query.get("has_application", "true").lower() == "true"
        and _matches(number, query.get("pattern", ""), query.get("search_pattern", "0"))
    ]
    size, page = _whole(query.get("size", ""), 10, MOST_LISTED), _whole(query.get("index", ""), 1, 10**6)
    shown = found[(page - 1) * size : page * size]
    return web.json_response({"count": len(found), "numbers": shown} if found else {})


async def link(request: web.Request) -> web.Response:
    """Link a number to an application, or to none where none is named."""
    try:
        owned = _owned(request)
    except tokens.Unauthorized:
        return _reply(401, "authentication failed")
    form = await request.post()
    msisdn, app_id, country = (str(form.get(name, "")) for name in ("msisdn", "app_id", "country"))
    is_ours = any(one.owns(msisdn) for one in owned)
    if not is_ours or country != _country(msisdn) or (app_id and app_id not in {one.application_id for one in owned}):
        return _reply(420, "method failed")
    for one in owned:
        if one.numbers is None:
            continue  # any number is linked to it, which no application of the real platform can say
        others = tuple(number for number in one.numbers if number != msisdn)
        numbers = (*others, msisdn) if one.application_id == app_id else others
        if numbers != one.numbers:
            put(request, one, dataclasses.replace(one, numbers=numbers))
    return _reply(*SUCCESS)


def _owned(request: web.Request) -> list[Application]:
    """Give the applications of the account. Raises Unauthorized."""
    return tokens.account_of(request.headers.get("Authorization", ""), request.app[PLATFORM].applications)


def _linked(owned: list[Application]) -> list[tuple[str, str]]:
    """Give each number with its application. Where any number is linked, the demo's stands for all."""
    return [
        (number, one.application_id)
        for one in owned
        for number in ((ANY_NUMBER,) if one.numbers is None else one.numbers)
    ]


def _matches(number: str, pattern: str, how: str) -> bool:
    """0: begins with it, 1: has it in it, 2: ends with it."""
    return {"0": number.startswith(pattern), "2": number.endswith(pattern)}.get(how, pattern in number)


def _country(number: str) -> str:
    """Name the country of a number, as far as the numbers of examples go (inferred)."""
    return next((country for prefix, country in COUNTRIES if number.startswith(prefix)), "GB")


def _whole(text: str, default: int, most: int) -> int:
    """Read a whole number from 1 on; what is none counts as not given (inferred)."""
    given = int(text[:9]) if text.isascii() and text.isdecimal() else 0
    return min(given, most) or default


def _reply(status: int, label: str) -> web.Response:
    """Reply in the shape of this API, which is older than the others."""
    return web.json_response({"error-code": str(status), "error-code-label": label}, status=status)
