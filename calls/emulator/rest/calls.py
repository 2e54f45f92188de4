"""`/v1/calls`: placing calls and reading them."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from calls.emulator import events
from calls.emulator.application import Application
from calls.emulator.billing import figures_of
from calls.emulator.legs import Leg
from calls.emulator.platform import Platform
from calls.emulator.rest.orders import read_order
from calls.emulator.rest.problems import Problem, invalid
from calls.emulator.rest.requests import PLATFORM, body_of, sender_of
from calls.emulator.rest.values import Body

STATUSES = ["started", "ringing", "answered", "machine", "completed", "busy", "cancelled", "failed", "rejected"]
STATUSES += ["timeout", "unanswered"]
PAGE_SIZE, MOST_ON_A_PAGE = 10, 100


def routes() -> list[web.RouteDef]:
    return [
        web.post("/v1/calls", create),
        web.get("/v1/calls", list_calls),
        web.get("/v1/calls/{uuid}", read),
    ]


async def create(request: web.Request) -> web.Response:
    """Place a call. What cannot be called is accepted all the same; an event tells so."""
    platform, application = request.app[PLATFORM], sender_of(request)
    order = read_order(await body_of(request), application, platform.chance)
    if not platform.new_calls.allows():
        raise Problem(429, "Three new calls a second are taken; nothing was queued.")
    leg = platform.place(application, order)
    made = {"uuid": leg.uuid, "status": "started", "direction": "outbound"}
    return web.json_response(made | {"conversation_uuid": leg.conversation.uuid}, status=201)


async def list_calls(request: web.Request) -> web.Response:
    """List the application's legs, oldest first unless told otherwise. `record_index` counts pages."""
    query = request.query
    size = _whole(query.get("page_size", ""), "page_size", PAGE_SIZE, 1, MOST_ON_A_PAGE)
    page = _whole(query.get("record_index", ""), "record_index", 0, 0, 1_000_000)
    found = _found(request, request.app[PLATFORM], sender_of(request))
    shown = found[page * size : (page + 1) * size]
    last = max((len(found) - 1) // size, 0)
    pages = {"self": page, "first": 0, "last": last, "prev": page - 1, "next": page + 1}
    links = {
        name: {"href": _page(request, size, at)} for name, at in pages.items() if 0 <= at <= last or name == "self"
    }
    return web.json_response(
        {
            "count": len(found),
            "page_size": size,
            "record_index": page,
            "_links": links,
            "_embedded": {"calls": [as_json(leg) for leg in shown]},
        }
    )


async def read(request: web.Request) -> web.Response:
    return web.json_response(as_json(leg_of(request)))


def leg_of(request: web.Request) -> Leg:
    """Give the leg that the path names. Raises Problem where it is none of the sender's."""
    request.app[PLATFORM].forget_old_legs()
    leg = request.app[PLATFORM].legs.get(request.match_info["uuid"])
    if leg is None or leg.application.application_id != sender_of(request).application_id:
        raise Problem(404, "No call has this uuid; it may have ended long ago, or be in another region.")
    return leg


def as_json(leg: Leg) -> Body:
    """A call as the API shows it. The figures are there once it is completed: others cost nothing."""
    shown: Body = {
        "_links": {"self": {"href": f"/v1/calls/{leg.uuid}"}},
        "uuid": leg.uuid,
        "conversation_uuid": leg.conversation.uuid,
        "to": leg.to.as_json(),
        "from": leg.from_.as_json(),
        "status": leg.status,
        "direction": leg.direction,
    }
    if leg.ended_at and leg.status == "completed":
        figures = figures_of(leg, leg.ended_at)
        shown |= {
            "rate": figures.rate,
            "price": figures.price,
            "duration": str(figures.seconds),
            "start_time": events.stamp(figures.start) if figures.start else None,
            "end_time": events.stamp(figures.end),
            "network": figures.network,
        }
    return shown


def _found(request: web.Request, platform: Platform, application: Application) -> list[Leg]:
    """Give the legs that the query asks for."""
    platform.forget_old_legs()
    query = request.query
    status, order = query.get("status", ""), query.get("order", "asc")
    if status and status not in STATUSES:
        raise invalid("status", "must be one of " + ", ".join(STATUSES))
    if order not in {"asc", "desc"}:
        raise invalid("order", "must be asc or desc")
    wanted: list[Callable[[Leg], Any]] = [lambda leg: leg.application.application_id == application.application_id]
    if status:
        wanted.append(lambda leg: leg.status == status)
    if conversation := query.get("conversation_uuid"):
        wanted.append(lambda leg: leg.conversation.uuid == conversation)
    if since := _moment(query.get("date_start", ""), "date_start"):
        wanted.append(lambda leg: leg.started_at >= since)
    if until := _moment(query.get("date_end", ""), "date_end"):
        wanted.append(lambda leg: leg.started_at <= until)
    found = [leg for leg in platform.legs.values() if all(test(leg) for test in wanted)]
    found.sort(key=lambda leg: leg.started_at)
    return found[::-1] if order == "desc" else found


def _page(request: web.Request, size: int, page: int) -> str:
    query = dict(request.query) | {"page_size": str(size), "record_index": str(page)}
    return f"{request.path}?{urlencode(query)}"


def _whole(text: str, name: str, default: int, least: int, most: int) -> int:
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
        raise invalid(name, f"must be {least} to {most}")
    return int(text)


def _moment(text: str, name: str) -> datetime | None:
    if not text:
        return None
    for form in (text, text.replace(" ", "+")):  # a plus that nobody wrote as %2B
        with suppress(ValueError):
            moment = datetime.fromisoformat(form)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise invalid(name, "must be a time such as 2020-01-01T12:00:00Z")
