"""Telling what happens to whoever watches: as JSON lines, or as messages of a WebSocket."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import web

from calls.emulator.platform import Platform
from calls.emulator.trace import Happening

MOST_WAITING = 10_000  # happenings for a watcher who reads slowly; then it is let go
HEARTBEAT_SECONDS = 30.0

Wants = Callable[[Happening], bool]
Happenings = asyncio.Queue[Happening | None]  # None: there is no more to come


class Stream:
    """A reply that goes on. `write` sends a value of JSON. Raises ConnectionError when nobody reads any more."""

    def __init__(self, response: web.StreamResponse) -> None:
        self.response = response

    async def write(self, value: Any) -> None:
        text = json.dumps(value, default=str)
        if isinstance(self.response, web.WebSocketResponse):
            await self.response.send_str(text)
        else:
            await self.response.write(text.encode() + b"\n")


@asynccontextmanager
async def opened(request: web.Request, left: Callable[[], None]) -> AsyncIterator[Stream]:
    """Open a reply: over a WebSocket if one is asked for. `left` is called when who asked has closed that. Who goes
    away while something is written ends what is done with the stream, and that is no error.
    """
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS)
    if not socket.can_prepare(request):
        lines = web.StreamResponse(headers={"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"})
        await lines.prepare(request)
        with suppress(ConnectionError):
            yield Stream(lines)
            await lines.write_eof()
        return
    await socket.prepare(request)
    reading = asyncio.create_task(_read_all(socket))
    reading.add_done_callback(lambda done: left())
    try:
        with suppress(ConnectionError):
            yield Stream(socket)
            await socket.close()
    finally:
        reading.cancel()


async def _read_all(socket: web.WebSocketResponse) -> None:
    """What a watcher says means nothing; that it closes does."""
    async for _ in socket:
        pass


@asynccontextmanager
async def watching(platform: Platform, wants: Wants = lambda happening: True) -> AsyncIterator[Happenings]:
    """Give what happens from now on. Who is too far behind is told no more."""
    happenings: Happenings = asyncio.Queue()

    def watch(happening: Happening) -> None:
        if not wants(happening):
            return
        if happenings.qsize() < MOST_WAITING:
            happenings.put_nowait(happening)
        else:
            happenings.put_nowait(None)
            platform.trace.watchers.remove(watch)

    platform.trace.watchers.append(watch)
    try:
        yield happenings
    finally:
        if watch in platform.trace.watchers:
            platform.trace.watchers.remove(watch)


async def pass_on(happenings: Happenings, stream: Stream) -> None:
    """Write what happens until there is no more to come."""
    while (happening := await happenings.get()) is not None:
        await stream.write(happening.as_json())
