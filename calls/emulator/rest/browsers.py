"""Who may use `/lab` and `/phone` from a browser: pages of this machine, and none that the public serves.

They ask for no token, so that a page of a stranger must not reach them through its reader's browser: neither by
sending requests here, nor by letting a name of its own lead here (DNS rebinding).
"""

import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from calls.emulator.rest.problems import Problem

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HOST = web.AppKey("host", str)  # where it listens
DOORS = ("/lab", "/phone")


@web.middleware
async def know_page(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what comes under a public name, or from a page of elsewhere; let pages of this machine read replies."""
    if not request.path.startswith(DOORS):
        return await handler(request)
    if not _is_near(request.host, request.app[HOST]):
        raise Problem(403, "The lab is reached by an address or a local name, not under a public one.")
    origin = request.headers.get("Origin")
    if origin is not None and not _is_ours(origin, request.host):
        raise Problem(403, "The lab is for pages of this machine.")
    # Not all that a page sends has an origin: pictures and scripts that it names have none.
    if origin is None and request.headers.get("Sec-Fetch-Site") == "cross-site" and not _is_link(request):
        raise Problem(403, "The lab is for pages of this machine.")
    if request.method == "OPTIONS":
        return web.Response(status=204)
    return await handler(request)


async def allow_page(request: web.Request, response: web.StreamResponse) -> None:
    """Let the page that asks read the reply; it was let in."""
    origin = request.headers.get("Origin")
    is_let_in = _is_near(request.host, request.app[HOST]) and origin is not None and _is_ours(origin, request.host)
    if origin is not None and request.path.startswith("/lab") and is_let_in:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, PATCH, DELETE"
        response.headers["Access-Control-Allow-Headers"] = "Content-Type"
        response.headers["Vary"] = "Origin"


def _is_near(host: str, listens: str) -> bool:
    """Whether it is where we listen, an address, or a name that public DNS does not have: `localhost`, that of a
    container. None of these can be made to lead here by a stranger.
    """
    name = _name(f"//{host}")
    if name and name == listens.lower():
        return True
    return _address(name) is not None or (bool(name) and ("." not in name or name.endswith(".localhost")))


def _is_ours(origin: str, host: str) -> bool:
    """Whether a page is of this machine, or of the host by which we are reached. An address may be anybody's."""
    name = _name(origin)
    address = _address(name)
    is_of_this_machine = address.is_loopback if address else name == "localhost" or name.endswith(".localhost")
    return is_of_this_machine or (bool(name) and name == _name(f"//{host}"))


def _is_link(request: web.Request) -> bool:
    """Whether somebody follows a link to the page, from wherever: that changes nothing, and it cannot be framed."""
    goes = request.headers.get("Sec-Fetch-Mode") == "navigate" and request.headers.get("Sec-Fetch-Dest") == "document"
    return goes and request.method == "GET" and request.path == "/phone"


def _name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None
