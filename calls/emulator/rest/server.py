"""The platform's doors on a port: its REST API, over HTTP or TLS."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from calls.emulator.phone import page
from calls.emulator.platform import Platform
from calls.emulator.rest import accounts, calls, control, files, lab, numbers
from calls.emulator.rest.browsers import HOST, allow_page, know_page
from calls.emulator.rest.requests import LIMITER, MOST_BYTES, PLATFORM, know_sender, limiter, tell_problems

EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - to compare with, not to listen


def make_app(platform: Platform, *, host: str = "", dashboard: str = "") -> web.Application:
    """Put the routes together. `host` is where it listens, `dashboard` a URL that the page of the phones leads to."""
    app = web.Application(middlewares=[tell_problems, know_page, know_sender], client_max_size=MOST_BYTES)
    app[PLATFORM] = platform
    app[LIMITER] = limiter(platform)
    app[HOST] = host
    app[page.DASHBOARD] = dashboard
    app.on_shutdown.append(page.hang_up_all)
    for room in (calls, control, files, accounts, numbers, lab, page):
        app.add_routes(room.routes())
    app.on_response_prepare.append(allow_page)
    return app


@asynccontextmanager
async def serving(
    platform: Platform,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    url: str = "",
    dashboard: str = "",
) -> AsyncIterator[str]:
    """Serve until the context is left. Gives the address; port 0 is any free one. `url` is how applications reach it,
    where that is another. Raises OSError.
    """
    # Who goes away in the middle of a stream is noticed at once.
    app = make_app(platform, host=host, dashboard=dashboard)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, ssl_context=tls).start()
        shown = "127.0.0.1" if host in EVERYWHERE else host
        base = f"{'https' if tls else 'http'}://{f'[{shown}]' if ':' in shown else shown}:{runner.addresses[0][1]}"
        platform.base_url = url or base
        yield base
    finally:
        await runner.cleanup()
