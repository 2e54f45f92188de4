"""`/phone`: the page, and the connection over which it learns what happens.

What its telephones do, they do by `/lab`. While a page is connected, those who are called may be reached there.
"""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakSet

from aiohttp import WSCloseCode, web

from calls.emulator import scenario
from calls.emulator.platform import Platform
from calls.emulator.rest.problems import Problem
from calls.emulator.rest.requests import PLATFORM
from calls.emulator.rest.streams import Happenings, watching

FOLDER = Path(__file__).parent
# Colours, type and the theme switch are those of every page of the project.
SHARED = [FOLDER.parents[1] / "static" / "calls" / name for name in ("tokens.css", "theme.js")]
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
DASHBOARD = web.AppKey("dashboard", str)
SOCKETS: "WeakSet[web.WebSocketResponse]" = WeakSet()
HEARTBEAT_SECONDS = 10.0  # after which a page that has vanished is noticed
# No inline script or style. Sounds are played from wherever a voice application has them.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "media-src 'self' http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Cache-Control": "no-cache",
}


def routes() -> list[web.RouteDef]:
    return [
        web.get("/", to_phone),
        web.get("/phone/", to_phone),
        web.get("/phone", phone),
        web.get("/phone/happenings", happenings),
        web.get("/phone/{name}", part),
    ]


async def to_phone(request: web.Request) -> web.Response:
    """Lead whoever opens the bare address to what there is to see."""
    return web.Response(status=302, headers={"Location": "/phone"})


async def phone(request: web.Request) -> web.Response:
    return _file(FOLDER / "phone.html", "text/html")


async def part(request: web.Request) -> web.Response:
    """Give a script, a style sheet or a picture of the page."""
    path = next((one for one in (*FOLDER.iterdir(), *SHARED) if one.name == request.match_info["name"]), None)
    if path is None or path.suffix not in TYPES:
        raise Problem(404, "The page has no such part.")
    return _file(path, TYPES[path.suffix])


def _file(path: Path, content_type: str) -> web.Response:
    """Read it anew each time: who works on it sees what he does."""
    text = path.read_text(encoding="utf-8")
    return web.Response(text=text, content_type=content_type, charset="utf-8", headers=HEADERS)


async def happenings(request: web.Request) -> web.WebSocketResponse:
    """Tell a page what there is, and then whatever happens. It tells which legs are in its hands: `{"holds": […]}`.
    Those are hung up when it goes away, as whoever puts a telephone down does.
    """
    platform = request.app[PLATFORM]
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS, max_msg_size=64 * 1024)
    await socket.prepare(request)
    SOCKETS.add(socket)
    held: list[str] = []
    platform.phones += 1
    try:
        async with watching(platform) as queue:
            hello = _hello(platform, request.app[DASHBOARD])
            telling = asyncio.create_task(_tell(socket, hello, queue))
            try:
                async for message in socket:
                    held[:] = _legs_in(str(message.data))
            finally:
                telling.cancel()
    finally:
        platform.phones -= 1
        for uuid in held:
            if leg := platform.legs.get(uuid):
                leg.hang_up("user")
    return socket


async def hang_up_all(app: web.Application) -> None:
    """Let the pages go: the platform ends."""
    for socket in list(SOCKETS):
        await socket.close(code=WSCloseCode.GOING_AWAY)


def _hello(platform: Platform, dashboard: str) -> dict[str, Any]:
    """What a page has to know at first."""
    clock = platform.clock
    return {
        "kind": "hello",
        "at": round(clock.elapsed(), 3),
        "speed": str(clock.speed),
        "dashboard": dashboard,
        "applications": [{"name": one.name, "numbers": one.numbers or []} for one in platform.applications],
        "callees": scenario.callees_as_json(platform.callees),
        "faults": platform.faults.as_json(),
    }


async def _tell(socket: web.WebSocketResponse, hello: dict[str, Any], queue: Happenings) -> None:
    with suppress(ConnectionError):  # it is gone; whoever reads notices, too
        await socket.send_json(hello)
        while (happening := await queue.get()) is not None:
            await socket.send_str(json.dumps(happening.as_json(), default=str))
        await socket.close()  # it was too slow, and begins anew


def _legs_in(message: str) -> list[str]:
    """Read which legs a page holds. What is none is none."""
    try:
        holds = json.loads(message)["holds"]
        return [str(uuid) for uuid in holds][:10]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []
