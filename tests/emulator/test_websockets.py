"""A call that is connected to a WebSocket of the application: real frames over a real connection."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from calls.emulator.clock import AT_ONCE, Clock
from calls.emulator.legs import Endpoint, Leg
from calls.emulator.lives import Order
from calls.emulator.people import Person, Say
from calls.emulator.platform import Platform
from calls.vonage.ncco import Ncco
from tests.emulator.test_connect import CALLER, FIRST, OURS, to_status
from tests.emulator.test_faults import self_made
from tests.emulator.voice_application import SECRET, Handler, VoiceApplication, always, claims_of, nothing

pytestmark = pytest.mark.once
INSTEAD: Ncco = [{"action": "talk", "text": "The line broke off."}]
REST: Ncco = [{"action": "talk", "text": "This is the rest."}]
RATE_16 = "audio/l16;rate=16000"

Does = Callable[[web.WebSocketResponse, "Bot"], Coroutine[Any, Any, None]]


class Bot:
    """The program at the other end. It remembers what comes, and does something of its own meanwhile."""

    def __init__(self, does: Does | None = None) -> None:
        self.does = does
        self.headers: dict[str, str] = {}
        self.texts: list[dict[str, Any]] = []
        self.frames: list[bytes] = []
        self.closed = False
        self.came = asyncio.Event()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        self.headers = dict(request.headers)
        await socket.prepare(request)
        doing = asyncio.create_task(self.does(socket, self)) if self.does else None
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                self.texts.append(json.loads(message.data))
            else:
                self.frames.append(message.data)
            self.came.set()
        self.closed = True
        if doing:
            doing.cancel()
        return socket

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not is_so():
                self.came.clear()
                await self.came.wait()

    def told(self, event: str) -> list[dict[str, Any]]:
        return [text for text in self.texts if text["event"] == event]


def talks_to(bot: Bot, ncco: Ncco | None = None, **endpoint: Any) -> VoiceApplication:
    """An application that connects its callers to a bot of its own."""

    async def answer(request: web.Request) -> web.StreamResponse:
        uri = {"type": "websocket", "uri": f"ws://{request.host}/socket", "content-type": RATE_16}
        connect = {"action": "connect", "from": OURS, "endpoint": [uri | endpoint]}
        return await always([connect, *(REST if ncco is None else ncco)])(request)

    return VoiceApplication({"/answer": answer, "/socket": bot})


def rung(voice: VoiceApplication, *steps: Any, until: Callable[[Platform, Leg], Awaitable[None]]) -> list[str]:
    """Ring, let something happen, hang up, and give the findings."""

    async def run() -> list[str]:
        async with voice.serving():
            ours = voice.application()
            async with Platform([ours], clock=Clock(AT_ONCE)) as platform:
                platform.trace.watchers.append(lambda one: voice.trace.append(one.words))
                leg = platform.ring(ours, to=OURS, caller=Endpoint("phone", CALLER), person=Person(steps))
                await until(platform, leg)
                leg.hang_up("user")
            return platform.findings

    return asyncio.run(run())


def no_more_than(frames: int, bot: Bot) -> Callable[[Platform, Leg], Awaitable[None]]:
    async def until(platform: Platform, leg: Leg) -> None:
        await bot.until(lambda: len(bot.frames) >= frames)

    return until


async def until_over(platform: Platform, leg: Leg) -> None:
    await leg.ended


@pytest.mark.parametrize(("rate", "size"), [(8000, 320), (16000, 640), (24000, 960)])
def test_first_message_and_frames(rate: int, size: int) -> None:
    bot = Bot()
    content_type = f"audio/l16;rate={rate}"
    headers = {"caller": "Ann", "language": "en-GB"}
    options: dict[str, Any] = {"content-type": content_type, "headers": headers}
    voice = talks_to(bot, **options)
    assert rung(voice, until=no_more_than(25, bot)) == []
    assert bot.texts == [
        {"event": "websocket:connected", "content-type": content_type, "caller": "Ann", "language": "en-GB"}
    ]
    assert {len(frame) for frame in bot.frames} == {size}
    assert bot.closed
    told = voice.told(direction="outbound")
    assert [one["status"] for one in told] == ["started", "answered", "completed"]
    assert all(one["headers"] == {"caller": "Ann", "language": "en-GB"} for one in told)
    assert all(one["to"] == f"{voice.base.replace('http', 'ws')}/socket" for one in told)
    assert (told[-1]["disconnected_by"], told[-1]["price"], told[-1]["network"]) == ("platform", "0", None)


def test_frames_come_in_real_time_whatever_the_speed() -> None:
    bot = Bot()
    began: list[float] = []

    async def until(platform: Platform, leg: Leg) -> None:
        await bot.until(lambda: len(bot.frames) >= 1)
        began.append(asyncio.get_running_loop().time())
        await bot.until(lambda: len(bot.frames) >= 51)
        began.append(asyncio.get_running_loop().time())

    assert rung(talks_to(bot), until=until) == []
    assert 0.9 < began[1] - began[0] < 4


def test_what_the_caller_says_is_heard_and_all_else_is_silence() -> None:
    bot = Bot()
    assert rung(talks_to(bot), Say("Yes"), until=no_more_than(80, bot)) == []
    loud = [any(frame) for frame in bot.frames]
    assert 35 < loud.count(True) < 60  # 0.9 s
    assert loud[0] is loud[-1] is False


def test_keys_are_told() -> None:
    bot = Bot()

    async def until(platform: Platform, leg: Leg) -> None:
        await bot.until(lambda: len(bot.frames) > 3)
        leg.press("5")
        leg.press("#")
        await bot.until(lambda: len(bot.told("websocket:dtmf")) == 2)

    assert rung(talks_to(bot), until=until) == []
    assert bot.told("websocket:dtmf")[0] == {"event": "websocket:dtmf", "digit": "5", "duration": 260}


@pytest.mark.parametrize("how", ["vonage", "custom"])
def test_authorization(how: str) -> None:
    bot = Bot()
    wanted = {"type": how} | ({"value": "Basic c2VjcmV0"} if how == "custom" else {})
    assert rung(talks_to(bot, authorization=wanted), until=no_more_than(1, bot)) == []
    if how == "custom":
        assert bot.headers["Authorization"] == "Basic c2VjcmV0"
    else:
        assert claims_of(bot.headers["Authorization"], SECRET)["iss"] == "Vonage"


async def say_something(socket: web.WebSocketResponse, bot: Bot) -> None:
    for _ in range(25):
        await socket.send_bytes(b"\x10\x20" * 320)
    await socket.send_str('{"action": "notify", "payload": {"said": "hello"}}')


def test_what_the_application_says_is_heard_by_the_caller_and_told_when_it_was_played() -> None:
    bot = Bot(say_something)

    async def until(platform: Platform, leg: Leg) -> None:
        await bot.until(lambda: bool(bot.told("websocket:notify")))
        frames = len(bot.frames)
        await bot.until(lambda: len(bot.frames) > frames + 30)

    voice = talks_to(bot)
    assert rung(voice, until=until) == []
    assert bot.told("websocket:notify") == [{"event": "websocket:notify", "payload": {"said": "hello"}}]
    assert len(bot.frames) > 25 + 30  # half a second was played before it was told
    assert any(line.startswith("sound from ws://") and line.endswith("(0.5 s)") for line in voice.trace)
    assert any(line.startswith(f"{CALLER} hears: ws://") for line in voice.trace)


def test_what_waits_to_be_played_can_be_forgotten() -> None:
    async def does(socket: web.WebSocketResponse, bot: Bot) -> None:
        for _ in range(200):  # four seconds
            await socket.send_bytes(b"\x10\x20" * 320)
        await socket.send_str('{"action": "clear"}')
        await socket.send_str('{"action": "notify", "payload": {}}')

    bot = Bot(does)

    async def until(platform: Platform, leg: Leg) -> None:
        await bot.until(lambda: bool(bot.told("websocket:notify")))

    assert rung(talks_to(bot), until=until) == []
    assert [text["event"] for text in bot.texts[1:]] == ["websocket:cleared", "websocket:notify"]
    assert len(bot.frames) < 180


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (b"\0" * 100, "sound comes in messages of 100 bytes. Send 640"),
        ("Hello", "a message is no JSON object with an action."),
        ("[]", "a message is no JSON object with an action."),
        ('{"action": "sing"}', "the action 'sing' is not known."),
    ],
)
def test_wrong_messages_are_found_and_take_no_call_down(sent: bytes | str, says: str) -> None:
    async def does(socket: web.WebSocketResponse, bot: Bot) -> None:
        await (socket.send_bytes(sent) if isinstance(sent, bytes) else socket.send_str(sent))

    bot = Bot(does)
    voice = talks_to(bot)
    (finding,) = rung(voice, until=no_more_than(20, bot))
    assert says in finding
    assert voice.told(status="disconnected") == []


def test_application_that_sends_too_fast_loses_sound() -> None:
    async def does(socket: web.WebSocketResponse, bot: Bot) -> None:
        for _ in range(1100):
            await socket.send_bytes(b"\x10\x20" * 320)

    bot = Bot(does)
    (finding,) = rung(talks_to(bot), until=no_more_than(30, bot))
    assert "more than 1,024 frames wait to be played" in finding


def test_socket_whose_certificate_nobody_trusts(tmp_path: Path) -> None:
    voice = VoiceApplication()
    secure = VoiceApplication({"/socket": Bot()}, certificate=self_made(tmp_path))

    async def run() -> Sequence[str]:
        async with secure.serving():
            uri = f"{secure.base.replace('https', 'wss')}/socket"
            endpoint = {"type": "websocket", "uri": uri, "content-type": RATE_16}
            voice.routes["/answer"] = always([{"action": "connect", "endpoint": [endpoint]}])
            return (await voice.played({}, waits=False)).findings

    (finding,) = asyncio.run(run())
    assert "the TLS certificate or handshake is bad" in finding
    assert voice.told(status="failed")[0]["detail"] == "cannot_route"


async def leave(socket: web.WebSocketResponse, bot: Bot) -> None:
    await bot.until(lambda: len(bot.frames) > 3)
    await socket.close()


@pytest.mark.parametrize("replies", [True, False])
def test_reply_to_the_end_of_the_socket_replaces_the_flow(replies: bool) -> None:
    voice = talks_to(Bot(leave))
    if replies:
        voice.routes["/event"] = to_status("disconnected", INSTEAD)
    assert rung(voice, until=until_over) == []
    (told,) = voice.told(status="disconnected")
    assert set(told) == {"headers", "from", "to", "uuid", "conversation_uuid", "status", "timestamp"}
    assert any(INSTEAD[0]["text"] in line for line in voice.trace) is replies
    assert any(REST[0]["text"] in line for line in voice.trace) is not replies
    (completed,) = voice.told(status="completed", direction="outbound")
    assert completed["disconnected_by"] == "user"
    assert voice.statuses().index("disconnected") < voice.statuses().index("completed")


@pytest.mark.parametrize(
    ("handler", "status", "detail"), [(nothing(404), "failed", "cannot_route"), (None, "unanswered", "unavailable")]
)
def test_socket_that_cannot_be_connected(handler: Handler | None, status: str, detail: str) -> None:
    nowhere: dict[str, Any] = {} if handler else {"uri": "ws://127.0.0.1:9/socket"}
    voice = talks_to(Bot(), **nowhere)
    if handler:
        voice.routes["/socket"] = handler
    (finding,) = rung(voice, until=until_over)
    assert finding.startswith("WebSocket ws://")
    assert voice.told(status=status)[0]["detail"] == detail
    assert voice.told(status="answered", direction="outbound") == []
    assert any(REST[0]["text"] in line for line in voice.trace)


def test_call_may_be_placed_to_a_socket() -> None:
    bot = Bot()
    voice = VoiceApplication({"/socket": bot})
    ncco: Ncco = [{"action": "talk", "text": "Hello, bot."}]

    async def run() -> None:
        async with voice.serving():
            ours = voice.application()
            options = {"type": "websocket", "uri": f"{voice.base.replace('http', 'ws')}/socket"}
            to = Endpoint("websocket", str(options["uri"]), options | {"content-type": RATE_16})
            async with Platform([ours], clock=Clock(AT_ONCE)) as platform:
                leg = platform.place(ours, Order(to=to, from_=Endpoint("phone", OURS), ncco=ncco))
                await leg.ended

    asyncio.run(run())
    assert voice.statuses() == ["started", "answered", "completed"]
    assert sum(any(frame) for frame in bot.frames) > 30  # it heard the talk
    assert bot.closed


def test_two_callers_at_once_each_have_their_own_socket() -> None:
    bots = [Bot(), Bot()]
    left = list(bots)

    async def either(request: web.Request) -> web.StreamResponse:
        return await left.pop()(request)

    voice = talks_to(bots[0])
    voice.routes["/socket"] = either

    async def run() -> None:
        async with voice.serving():
            ours = voice.application()
            async with Platform([ours], clock=Clock(AT_ONCE)) as platform:
                for number in (CALLER, "447700900124"):
                    platform.ring(ours, to=OURS, caller=Endpoint("phone", number))
                while not all(len(bot.frames) > 5 for bot in bots):
                    await platform.clock.sleep(0.1)
                next(iter(platform.legs.values())).press("1")
                await platform.clock.sleep(0.2)

    asyncio.run(run())
    assert sorted(len(bot.told("websocket:dtmf")) for bot in bots) == [0, 1]


@pytest.mark.parametrize("answers", [True, False])
def test_end_of_a_socket_is_told_though_another_party_is_being_rung(answers: bool) -> None:
    bot = Bot(leave)

    async def answer(request: web.Request) -> web.StreamResponse:
        socket = {"type": "websocket", "uri": f"ws://{request.host}/socket", "content-type": RATE_16}
        both = [socket, {"type": "phone", "number": FIRST}]
        return await always([{"action": "connect", "from": OURS, "endpoint": [one]} for one in both])(request)

    voice = VoiceApplication({"/answer": answer, "/socket": bot, "/event": to_status("disconnected", INSTEAD)})
    callee = {FIRST: {"answer": "answer" if answers else "no-answer", "after": 30, "talks": 600}}
    outcome = voice.play({"callees": callee, "hangup_after": 60}, waits=False)
    assert outcome.failures == []
    (socket_ends,) = voice.told(status="disconnected")
    ended = voice.told(status="completed", uuid=socket_ends["uuid"])
    assert len(ended) == 1
    assert any(INSTEAD[0]["text"] in line for line in voice.trace) is answers
