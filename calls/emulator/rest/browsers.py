"""Who may use `/lab` from a browser: pages of this machine, and none that the public serves.

`/lab` asks for no token, so that a page of a stranger must not reach it through its reader's browser.
"""

import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from calls.emulator.rest.problems import Problem

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def know_page(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what comes under a public name, or from a page that has one; let pages of this machine read replies."""
    if not request.path.startswith("/lab"):
        return await handler(request)
    if not _is_near(f"//{request.host}"):
        raise Problem(403, "The lab is reached by an address or a local name, not under a public one.")
    origin = request.headers.get("Origin")
    if origin is not None and not _is_near(origin):
        raise Problem(403, "The lab is for pages of this machine.")
    if request.method == "OPTIONS":
        return web.Response(status=204)
    return await handler(request)


async def allow_page(request: web.Request, response: web.StreamResponse) -> None:
    """Let the page that asks read the reply; it was let in."""
    origin = request.headers.get("Origin")
    if origin is not None and request.path.startswith("/lab") and _is_near(origin):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, DELETE"
        response.headers["Access-Control-Allow-Headers"] = "Content-Type"
        response.headers["Vary"] = "Origin"


def _is_near(url: str) -> bool:
    """Whether its host is an address, or a name that public DNS does not have: `localhost`, that of a container."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return bool(host) and ("." not in host or host.endswith(".localhost"))
    return True
