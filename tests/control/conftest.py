"""A local Vonage in a thread, to which the server's settings point; and servers that treat a request badly."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from calls.emulator.application import Application
from calls.emulator.clock import AT_ONCE, Clock
from calls.emulator.people import Callees, Person
from calls.emulator.platform import Platform
from calls.emulator.rest.server import serving
from calls.flows.numbers import save_number
from calls.models import PhoneNumber
from tests.emulator.keys import APPLICATION_ID, key_pair

OURS, THEIRS = "442079460000", "447700900456"


@dataclass
class LocalVonage:
    """The platform, and the thread that it lives in."""

    base: str
    platform: Platform

    @property
    def placed(self) -> list[str]:
        """The numbers that were rung, in order."""
        return [leg.to.shown for leg in self.platform.legs.values()]


@contextmanager
def local_vonage(
    *, person: Person | None = None, speed: float = AT_ONCE, secret: str = "", number: str = OURS, **urls: str
) -> Iterator[LocalVonage]:
    """Serve until the block is left. Whoever is called lets it ring, unless told otherwise; webhooks are signed where
    there is a secret. `urls` are those of the application.
    """
    ready, stop = threading.Event(), asyncio.Event()
    made: list[LocalVonage] = []
    loop = asyncio.new_event_loop()

    async def live() -> None:
        key = key_pair("first")[1]
        ours = Application(
            application_id=APPLICATION_ID, public_key=key, numbers=(number,), secret=secret, **cast("Any", urls)
        )
        callees = Callees(person or Person(answer="no-answer"))
        async with Platform([ours], clock=Clock(speed), callees=callees) as platform, serving(platform) as base:
            made.append(LocalVonage(base, platform))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(live()), daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        yield made[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()


def point_to(settings: Any, url: str) -> None:
    settings.VONAGE_API_URL = url
    settings.VONAGE_APPLICATION_ID = APPLICATION_ID
    settings.VONAGE_PRIVATE_KEY = key_pair("first")[0]


@pytest.fixture
def vonage(settings: Any) -> Iterator[LocalVonage]:
    with local_vonage() as found:
        point_to(settings, found.base)
        yield found


@pytest.fixture
def number(db: None) -> PhoneNumber:
    return save_number(OURS, label="Front desk")


@dataclass
class BadServer:
    """Reads each request whole, then does with the connection what it is told: reply bytes, or nothing."""

    reply: bytes
    port: int = 0
    requests: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def bad_server(reply: bytes) -> Iterator[BadServer]:
    found = BadServer(reply)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        found.port = listener.getsockname()[1]
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                try:
                    client, _ = listener.accept()
                except TimeoutError:
                    continue
                with client:
                    client.settimeout(5)
                    found.requests.append(read_request(client))
                    client.sendall(found.reply)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield found
        finally:
            stop.set()
            thread.join(10)


def read_request(client: socket.socket) -> bytes:
    """Give head and body."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += client.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body
