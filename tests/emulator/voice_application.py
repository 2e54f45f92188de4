"""A small voice application on a real port, for the local Vonage to ring. It knows nothing of ours."""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from aiohttp import web

from calls.emulator.application import Application
from calls.emulator.clock import AT_ONCE, Clock
from calls.emulator.platform import Platform
from calls.emulator.ring import Outcome, play, ring
from calls.emulator.scenario import read
from calls.emulator.trace import lines

SECRET = "a-signature-secret-of-an-application"
NCCO = [{"action": "talk", "text": "Hello world! This message is from my first Nexmo web app.", "voiceName": "Russell"}]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Received:
    """One webhook as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    at: float  # monotonic seconds

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.body)
        return value


def always(body: Any = None, *, status: int = 200, content_type: str = "application/json", after: float = 0) -> Handler:
    """Reply with this, a text or bytes as they are and anything else as JSON, `after` seconds."""
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()

    async def handler(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(after)
        return web.Response(body=raw, status=status, content_type=content_type)

    return handler


def nothing(status: int = 200) -> Handler:
    """Reply with no body, as to an ordinary event."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    return handler


def in_turn(*handlers: Handler) -> Handler:
    """Reply with the first, then the second; with the last from then on."""
    left = list(handlers)

    async def handler(request: web.Request) -> web.StreamResponse:
        return await (left.pop(0) if len(left) > 1 else left[0])(request)

    return handler


@dataclass
class VoiceApplication:
    """`routes` says how each path replies; what it received is in `received`, in order of arrival."""

    routes: dict[str, Handler] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    base: str = ""
    certificate: ssl.SSLContext | None = None
    stop: Callable[[], Any] = print

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        query, headers = dict(request.query), dict(request.headers)
        self.received.append(Received(request.method, request.path, query, headers, body, time.monotonic()))
        defaults = {"/answer": always(NCCO), "/fallback": nothing(404)}
        return await (defaults | self.routes).get(request.path, nothing())(request)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve on a free port of this machine."""
        app = web.Application(client_max_size=2**20)
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=self.certificate).start()
        self.base = f"http{'s' if self.certificate else ''}://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield
        finally:
            await runner.cleanup()

    async def rung(
        self, *, hangup_after: float | None = None, speed: float = 1000, detailed: bool = False, **options: Any
    ) -> list[str]:
        """Serve, be rung once, and give the findings. `options` are those of Application."""
        async with self.serving():
            return await ring(
                self.application(**options),
                to="442079460010",
                from_="447700900123",
                hangup_after=hangup_after,
                speed=speed,
                watch=lines(self.trace.append, detailed=detailed),
            )

    async def played(
        self, scenario: dict[str, Any], *, speed: float = AT_ONCE, waits: bool = True, **options: Any
    ) -> Outcome:
        """Serve, and play a scenario once. `speed` and `waits` are those of Clock, `options` those of Application."""
        async with self.serving():
            wanted, ours = read(scenario, "scenario"), self.application(**options)
            clock = Clock(speed, start=wanted.at, waits=waits)
            async with Platform([ours], clock=clock, callees=wanted.called(), seed=1) as platform:
                platform.trace.watchers.append(lines(self.trace.append, detailed=True))
                return await play(wanted, ours, platform)

    def play(self, scenario: dict[str, Any] | None = None, **options: Any) -> Outcome:
        """`played`, for tests that are not asynchronous."""
        return asyncio.run(self.played(scenario or {}, **options))

    def application(self, **options: Any) -> Application:
        """What the local Vonage is told. A fallback path is completed to a URL."""
        urls = {"answer_url": "/answer", "event_url": "/event", "fallback_url": ""} | options
        whole = {name: self.base + value if str(value).startswith("/") else value for name, value in urls.items()}
        return Application(**{"secret": SECRET} | whole)

    def ring(self, **options: Any) -> list[str]:
        """`rung`, for tests that are not asynchronous."""
        return asyncio.run(self.rung(**options))

    def at(self, path: str) -> list[Received]:
        return [one for one in self.received if one.path == path]

    def events(self) -> list[dict[str, Any]]:
        """Every event that was posted, in order of arrival."""
        return [one.json for one in self.received if one.method == "POST" and one.path == "/event"]

    def statuses(self) -> list[str]:
        return [event["status"] for event in self.events() if "status" in event]

    def told(self, **fields: Any) -> list[dict[str, Any]]:
        """The events that have these fields, in order of arrival."""
        return [one for one in self.events() if all(one.get(name) == value for name, value in fields.items())]

    def completed(self) -> dict[str, Any]:
        (event,) = (event for event in self.events() if event.get("status") == "completed")
        return event

    def check_signatures(self, secret: str) -> list[dict[str, Any]]:
        """Give the claims of every webhook, in order of arrival. Raises where one is not signed with the secret."""
        return [claims_of(one.headers["Authorization"], secret) for one in self.received]


def claims_of(authorization: str, secret: str = SECRET) -> dict[str, Any]:
    scheme, token = authorization.split()
    assert scheme == "Bearer"
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    claims: dict[str, Any] = jwt.decode(token, secret, algorithms=["HS256"])
    return claims
