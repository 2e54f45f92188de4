"""A WebSocket to the application: the sound of a call in both directions, and a few messages beside it.

While one is open, time runs as ours does, whatever the speed: the program at its other end lives in our time. The
names of the messages are Vonage's; what is done with a wrong one, and when sound counts as speech, is inferred.
"""

import asyncio
import json
import math
import struct
from typing import TYPE_CHECKING, Any

import aiohttp

from calls.emulator.webhooks import signature

if TYPE_CHECKING:
    from calls.emulator.legs import Leg
    from calls.emulator.trace import Happening

FRAME_SECONDS = 0.02
MOST_FRAMES = 1024  # that wait to be played into the call
KEY_MILLISECONDS = 260  # how long a key is told to have been pressed; as in Vonage's own example
CONNECT_SECONDS, CLOSE_SECONDS = 5.0, 1.0  # inferred
SILENT_SECONDS = 0.3  # after which what the application said is over
HUM_HERTZ, LOUDNESS = 200, 6_000  # of what a party says; whole waves in 20 ms
HEARD = {"says", "plays", "hears", "beep"}


async def open_socket(leg: "Leg") -> bool:
    """Connect to the application, and say whether that went well. Where not, the leg is over, and has said why.

    Which status tells of which failure is inferred: `unanswered` where nobody is there, `failed` where somebody is
    and refuses.
    """
    line = Line(leg)
    leg.beside(line.live())
    problem = await asyncio.shield(line.opened)
    if not problem:
        return True
    leg.platform.sender.note(f"WebSocket {leg.to.shown.partition('?')[0]}: {problem[1]}")
    if problem[0] == "unanswered":
        leg.fail("unanswered", detail="unavailable")
    else:
        leg.fail("failed", detail="cannot_route")
    return False


class Line:
    """The platform's end of one WebSocket."""

    def __init__(self, leg: "Leg") -> None:
        self.leg = leg
        self.clock = leg.platform.clock
        self.opened: asyncio.Future[tuple[str, str] | None] = asyncio.get_running_loop().create_future()
        options = leg.to.options
        self.content_type = str(options.get("content-type", "audio/l16;rate=16000"))
        rate = int(self.content_type.rpartition("rate=")[2])
        self.silence = bytes(int(rate * FRAME_SECONDS) * 2)
        self.hum = _hum(rate)
        self.sounds: list[list[float]] = []  # from and to, by the clock: what the application is to hear
        self.messages: list[dict[str, Any]] = []  # that wait to be sent
        self.plays_until = 0.0  # what the application has sent
        self.speech: list[float] | None = None  # from and to: what it is saying
        self.notices: list[asyncio.Future[None]] = []

    async def live(self) -> None:
        """Stay connected until one side ends it."""
        watchers = self.leg.platform.trace.watchers
        try:
            await self.clock.run(self._serve())
        finally:
            if self.watch in watchers:
                watchers.remove(self.watch)
            for notice in self.notices:
                notice.cancel()

    async def _serve(self) -> None:
        limits = aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS)
        try:
            async with aiohttp.ClientSession() as session:
                async with asyncio.timeout(CONNECT_SECONDS):
                    socket = await session.ws_connect(
                        self.leg.to.shown, headers=self._authorization(), timeout=limits, max_msg_size=2**20
                    )
                async with socket:
                    await self._talk(socket)
        except (aiohttp.ClientError, OSError, ValueError) as error:  # a connection that breaks off is a closed one
            if not self.opened.done():
                self.opened.set_result(_in_words(error))
                return
        self.leg.disconnect()

    async def _talk(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        headers = self.leg.to.options.get("headers", {})
        await socket.send_json({"event": "websocket:connected", "content-type": self.content_type, **headers})
        self.leg.platform.trace.watchers.append(self.watch)
        self.opened.set_result(None)
        sending = asyncio.create_task(self._send(socket))
        try:
            async for message in socket:
                if message.type == aiohttp.WSMsgType.BINARY:
                    self._play(message.data)
                elif message.type == aiohttp.WSMsgType.TEXT:
                    self._obey(message.data)
        finally:
            sending.cancel()
            self._end_speech(self.clock.elapsed())

    def _authorization(self) -> dict[str, str]:
        """What the endpoint asks for: the token that webhooks are signed with, or a text of its own."""
        wanted = self.leg.to.options.get("authorization") or {}
        if wanted.get("type") == "custom":
            return {"Authorization": str(wanted.get("value", ""))}
        return signature(self.leg.application, b"") if wanted.get("type") == "vonage" else {}

    # To the application

    async def _send(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Send a frame of sound each 20 ms, and messages as they come."""
        due = self.clock.elapsed()
        try:
            while True:
                now = self.clock.elapsed()
                while self.messages:
                    await socket.send_json(self.messages.pop(0))
                await socket.send_bytes(self.hum if self._sounds(now) else self.silence)
                if self.speech and now > self.speech[1] + SILENT_SECONDS:
                    self._end_speech(now)
                due += FRAME_SECONDS
                await self.clock.sleep(max(due - self.clock.elapsed(), 0.0))
        except (aiohttp.ClientError, OSError):
            return  # it is closed, which whoever reads from it finds out

    def _sounds(self, now: float) -> bool:
        self.sounds = [one for one in self.sounds if one[1] > now]
        return any(one[0] <= now for one in self.sounds)

    def watch(self, happening: "Happening") -> None:
        """Hear what the leg hears."""
        if happening.leg != self.leg.uuid:
            return
        now = self.clock.elapsed()
        for key in happening.data.get("keys", "") if happening.kind == "hears" else "":
            self.messages.append({"event": "websocket:dtmf", "digit": key, "duration": KEY_MILLISECONDS})
        if happening.kind in HEARD and (seconds := happening.data.get("seconds", 0.0)):
            loop = happening.data.get("loop", 1)
            self.sounds.append([now, now + seconds * loop if loop else math.inf])
        elif happening.kind == "cut":
            self.sounds = []

    # From the application

    def _play(self, frame: bytes) -> None:
        """Play sound into the call, behind what still waits to be played."""
        now = self.clock.elapsed()
        if len(frame) != len(self.silence):
            self._find(f"sound comes in messages of {len(frame)} bytes. Send {len(self.silence)}, which are 20 ms.")
        begins = max(self.plays_until, now)
        if begins - now > MOST_FRAMES * FRAME_SECONDS:
            self._find(f"more than {MOST_FRAMES:,} frames wait to be played: what comes more is lost. Send slower.")
            return
        self.plays_until = begins + len(frame) / len(self.silence) * FRAME_SECONDS
        if not any(frame):
            return
        if self.speech and begins > self.speech[1] + SILENT_SECONDS:
            self._end_speech(now)
        self.speech = [self.speech[0] if self.speech else begins, self.plays_until]

    def _end_speech(self, now: float) -> None:
        """Tell what was said: as the length of a sound, when it has ended."""
        if not self.speech:
            return
        seconds = min(self.speech[1], now) - self.speech[0]
        self.speech = None
        if seconds > 0 and not self.leg.is_over:
            shown = self.leg.to.shown
            self.leg.note("speaks", f"sound from {shown} ({seconds:.1f} s)", text="", seconds=round(seconds, 2))
            self.leg.conversation.spoken(self.leg, "", seconds)

    def _obey(self, text: str) -> None:
        """Do what a message asks for: forget what waits to be played, or say when it was played."""
        try:
            message = json.loads(text)
            action = message["action"]
        except (ValueError, TypeError, KeyError, RecursionError):
            self._find("a message is no JSON object with an action.")
            return
        now = self.clock.elapsed()
        if action == "clear":
            self._end_speech(now)
            self.plays_until = now
            self.messages.append({"event": "websocket:cleared"})
        elif action == "notify":
            told = {"event": "websocket:notify", "payload": message.get("payload", {})}
            wait = max(self.plays_until - now, 0.0)
            self.notices.append(self.clock.later(wait, lambda: self.messages.append(told)))
        else:
            self._find(f"the action {str(action)[:50]!r} is not known. Known are clear and notify.")

    def _find(self, fault: str) -> None:
        self.leg.platform.sender.note(f"WebSocket {self.leg.to.shown.partition('?')[0]}: {fault}")


def _hum(rate: int) -> bytes:
    """Give 20 ms of a voice: 16-bit samples, the lower byte first."""
    count = int(rate * FRAME_SECONDS)
    samples = [int(LOUDNESS * math.sin(2 * math.pi * HUM_HERTZ * index / rate)) for index in range(count)]
    return struct.pack(f"<{count}h", *samples)


def _in_words(error: Exception) -> tuple[str, str]:
    """Say with which status it failed, and why."""
    match error:
        case aiohttp.WSServerHandshakeError():
            return "failed", f"the handshake was answered with status {error.status}. Accept it."
        case aiohttp.ClientSSLError():
            return "failed", f"the TLS certificate or handshake is bad ({error})."
        case TimeoutError():
            return "unanswered", f"no connection within {CONNECT_SECONDS:g} s. Is the server running there?"
        case aiohttp.ClientConnectorError():
            return "unanswered", f"no connection ({error.strerror or error}). Is the server running there?"
        case _:
            return "failed", f"it cannot be connected to ({error or type(error).__name__})."
