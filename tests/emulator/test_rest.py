"""The REST API as a program meets it: whose token is good, what is refused and how, what changes a call."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from calls.emulator.clock import AT_ONCE, Clock
from calls.emulator.people import Callees, Person
from calls.emulator.platform import Platform
from calls.emulator.rest.server import serving
from tests.emulator.keys import APPLICATION_ID, key_pair, token
from tests.emulator.voice_application import VoiceApplication, always

pytestmark = pytest.mark.once
NUMBERS = ("442079460000", "442079460001")
HELLO = [{"action": "talk", "text": "Hello."}]
FOR_EVER = [{"action": "talk", "text": "Please hold.", "loop": 0}]
ORDER: dict[str, Any] = {
    "to": [{"type": "phone", "number": "447700900456"}],
    "from": {"type": "phone", "number": NUMBERS[0]},
    "ncco": HELLO,
}


class Client:
    """Sends requests with a good token, unless told another."""

    def __init__(self, base: str, session: aiohttp.ClientSession) -> None:
        self.base = base
        self.session = session

    async def __call__(
        self, method: str, path: str, body: Any = None, *, data: Any = None, authorization: str | None = None
    ) -> tuple[int, Any]:
        given = f"Bearer {token()}" if authorization is None else authorization
        async with self.session.request(
            method, self.base + path, json=body, data=data, headers={"Authorization": given} if given else {}
        ) as response:
            text = await response.text()
            return response.status, await response.json() if text else None


Play = Callable[[Client, Platform, VoiceApplication], Awaitable[None]]


def on_platform(play: Play, *, speed: float = AT_ONCE, person: Person | None = None) -> VoiceApplication:
    """Serve a platform and an application, and let a program play with them."""
    voice = VoiceApplication({"/answer": always(FOR_EVER)})

    async def run() -> None:
        async with voice.serving():
            ours = voice.application(
                application_id=APPLICATION_ID,
                public_key=key_pair("first")[1],
                numbers=NUMBERS,
                api_key="abcd1234",
                api_secret="its-secret",
            )
            platform = Platform([ours], clock=Clock(speed), callees=Callees(person))
            async with platform, serving(platform) as base, aiohttp.ClientSession() as session:
                await play(Client(base, session), platform, voice)

    asyncio.run(run())
    return voice


def test_call_is_placed_and_lives() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        status, made = await client("POST", "/v1/calls", ORDER)
        assert status == 201
        assert list(made) == ["uuid", "status", "direction", "conversation_uuid"]
        assert (made["status"], made["direction"]) == ("started", "outbound")
        await platform.legs[made["uuid"]].ended
        _, call = await client("GET", f"/v1/calls/{made['uuid']}")
        assert call["status"] == "completed"
        assert call["to"] == {"type": "phone", "number": "447700900456"}
        assert call["_links"]["self"]["href"] == f"/v1/calls/{made['uuid']}"
        assert float(call["price"]) > 0

    voice = on_platform(play)
    assert voice.statuses() == ["started", "ringing", "answered", "completed"]
    assert not voice.at("/answer")


@pytest.mark.parametrize(
    "bad",
    [
        {"name": "second"},
        {"application_id": "11111111-2222-3333-4444-555555555555"},
        {"iat": None},
        {"jti": None},
        {"jti": ""},
        {"jti": 5},
        {"iat": "now"},
        {"nbf": 9_999_999_999},
        {"application_id": None},
        {"application_id": ["x"]},
        {"exp": 1_700_000_000},
        {"iat": 1_700_000_000, "exp": None},
        {"iat": 9_999_999_999},
        {"iat": 1_700_000_000, "exp": 9_999_999_999},
        {"algorithm": "HS256", "name": "a-secret-that-is-long-enough-to-sign-with"},
    ],
    ids=str,
)
def test_token_that_is_not_good_is_refused(bad: dict[str, Any]) -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        status, problem = await client("POST", "/v1/calls", ORDER, authorization=f"Bearer {token(**bad)}")
        assert status == 401
        assert (problem["title"], list(problem)) == ("Unauthorized", ["type", "title", "detail", "instance"])
        assert not platform.legs

    on_platform(play)


@pytest.mark.parametrize(
    ("lasts", "status"), [(None, 200), (29, 401), (30, 200), (86_400, 200), (86_401, 401)], ids=str
)
def test_token_lasts_from_half_a_minute_to_a_day(lasts: int | None, status: int) -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iat": now,
            "exp": now + lasts if lasts else None,
            "sub": "somebody",
            "acl": {"paths": {}},
        }
        assert (await client("GET", "/v1/calls", authorization=f"Bearer {token(**claims)}"))[0] == status

    on_platform(play)


def test_clocks_may_differ_by_some_seconds() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        ahead = int(time.time()) + 20
        good = f"Bearer {token(iat=ahead, nbf=ahead, exp=ahead + 900)}"
        assert [(await client("GET", "/v1/calls", authorization=good))[0] for _ in range(2)] == [200, 200]

    on_platform(play)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x.y.z", "Basic abcd", "Bearer " + "a" * 5000])
def test_request_without_a_token_is_refused(header: str) -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        assert (await client("GET", "/v1/calls", authorization=header))[0] == 401

    on_platform(play)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"to": "447700900456"}, "to"),
        ({"to": [{"type": "pigeon"}]}, "to.type"),
        ({"to": [{"type": "phone", "number": "+447700900456"}]}, "to.number"),
        ({"from": "442079460000"}, "from"),
        ({"ncco": None}, "ncco"),
        ({"ncco": [{"action": "sing"}]}, "ncco"),
        ({"ncco": HELLO, "answer_url": ["https://example.com"]}, "ncco"),
        ({"event_url": "https://example.com/event"}, "event_url"),
        ({"event_method": "PUT"}, "event_method"),
        ({"ringing_timer": 121}, "ringing_timer"),
        ({"length_timer": "60"}, "length_timer"),
        ({"machine_detection": "maybe"}, "machine_detection"),
        ({"advanced_machine_detection": {"mode": "x"}}, "mode"),
    ],
    ids=str,
)
def test_body_that_is_wrong_is_refused_by_name(change: dict[str, Any], name: str) -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        body = {**ORDER, **change}
        if change.get("event_method"):
            body["event_url"] = ["https://example.com/event"]
        status, problem = await client("POST", "/v1/calls", body)
        assert (status, problem["type"], problem["title"]) == (400, 400, "Bad Request")
        assert problem["invalid_parameters"][0]["name"] == name
        assert not platform.legs

    on_platform(play)


@pytest.mark.parametrize("number", ["999", "0044207946000", "4" * 16])
def test_digits_that_are_no_number_are_accepted_and_rejected_by_an_event(number: str) -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        status, made = await client("POST", "/v1/calls", {**ORDER, "to": [{"type": "phone", "number": number}]})
        assert status == 201
        await platform.legs[made["uuid"]].ended

    started, rejected = on_platform(play).events()
    assert (started["status"], rejected["status"], rejected["to"]) == ("started", "rejected", number)
    assert (rejected["detail"], rejected["sip_code"]) == ("invalid_number", 404)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b"null"])
def test_body_that_is_no_object_is_refused(data: bytes) -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        status, problem = await client("POST", "/v1/calls", data=data)
        assert (status, problem) == (400, {"type": "BAD_REQUEST", "error_title": "Bad Request"})

    on_platform(play)


def test_fourth_call_of_a_second_is_one_too_many() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        with second_that_does_not_pass(platform):
            answers = [(await client("POST", "/v1/calls", ORDER))[0] for _ in range(4)]
        assert answers == [201, 201, 201, 429]
        assert len(platform.legs) == 3

    on_platform(play, speed=1)


@contextmanager
def second_that_does_not_pass(platform: Platform) -> Iterator[None]:
    """For what is counted by the second: a busy machine takes longer."""
    now, elapsed = time.monotonic(), platform.clock.elapsed()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("calls.emulator.limits.time", SimpleNamespace(monotonic=lambda: now))
        patch.setattr(platform.clock, "elapsed", lambda: elapsed)
        yield


def test_too_many_requests_a_second_are_refused() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        good = f"Bearer {token()}"
        with second_that_does_not_pass(platform):
            answers = await asyncio.gather(*(client("GET", "/v1/calls", authorization=good) for _ in range(20)))
        statuses = [status for status, _ in answers]
        assert (statuses.count(200), statuses.count(429)) == (15, 5)
        (refusal, *_) = (problem for status, problem in answers if status == 429)
        assert refusal["title"] == "Rate Limit Hit"

    on_platform(play, speed=1)


def test_calls_are_listed_by_pages() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        for _ in range(3):
            await client("POST", "/v1/calls", ORDER)
        _, page = await client("GET", "/v1/calls?page_size=2&record_index=1&order=desc")
        assert (page["count"], page["page_size"], page["record_index"]) == (3, 2, 1)
        assert len(page["_embedded"]["calls"]) == 1
        assert set(page["_links"]) == {"self", "first", "last", "prev"}
        assert (await client("GET", "/v1/calls?status=busy"))[1]["count"] == 0
        assert (await client("GET", "/v1/calls?page_size=101"))[0] == 400
        assert (await client("GET", "/v1/calls?date_start=2999-01-01T00:00:00Z"))[1]["count"] == 0

    on_platform(play, speed=1)


def test_calls_are_listed_by_status_time_and_conversation() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        first, second = [(await client("POST", "/v1/calls", ORDER))[1] for _ in range(2)]
        await asyncio.gather(*(leg.ended for leg in platform.legs.values()))
        began = platform.legs[first["uuid"]].started_at

        async def count(query: str) -> Any:
            return (await client("GET", f"/v1/calls?{query}"))[1]["count"]

        assert await count("status=completed") == 2
        assert await count(f"conversation_uuid={second['conversation_uuid']}") == 1
        assert await count(f"date_start={began:%Y-%m-%dT%H:%M:%SZ}") == 2
        assert await count(f"date_end={began:%Y-%m-%d}") == 0
        assert await count(f"date_end={began + timedelta(seconds=60):%Y-%m-%dT%H:%M:%S+00:00}") == 2
        _, page = await client("GET", "/v1/calls?page_size=1&record_index=7")
        assert (page["count"], page["_embedded"]["calls"]) == (2, [])
        assert "next" not in page["_links"]

    on_platform(play)


def test_call_that_nobody_took_has_no_figures() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        _, made = await client("POST", "/v1/calls", ORDER)
        await platform.legs[made["uuid"]].ended
        _, call = await client("GET", f"/v1/calls/{made['uuid']}")
        assert call["status"] == "busy"
        assert not call.keys() & {"rate", "price", "duration", "start_time", "end_time", "network"}

    on_platform(play, person=Person(answer="busy"))


def test_oldest_calls_are_forgotten_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calls.emulator.platform.MOST_LEGS", 2)

    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        uuids = []
        for _ in range(3):
            uuids.append((await client("POST", "/v1/calls", ORDER))[1]["uuid"])
            await platform.legs[uuids[-1]].ended
        statuses = [(await client("GET", f"/v1/calls/{uuid}"))[0] for uuid in uuids]
        assert statuses == [404, 200, 200]

    on_platform(play)


def test_calls_of_another_application_are_not_ours() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        other = voice.application(public_key=key_pair("second")[1], numbers=())
        platform.applications.append(other)
        _, made = await client("POST", "/v1/calls", {**ORDER, "ncco": FOR_EVER})
        theirs = f"Bearer {token(name='second', application_id=other.application_id)}"
        assert (await client("GET", f"/v1/calls/{made['uuid']}", authorization=theirs))[0] == 404
        body = {"action": "hangup"}
        assert (await client("PUT", f"/v1/calls/{made['uuid']}", body, authorization=theirs))[0] == 404
        assert (await client("GET", "/v1/calls", authorization=theirs))[1]["count"] == 0
        assert not platform.legs[made["uuid"]].is_over

    on_platform(play, speed=1)


def test_call_of_nobody_is_not_found() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        status, problem = await client("PUT", "/v1/calls/63f61863-4a51-4f6b-86e1-46edebcf9356", {"action": "hangup"})
        assert (status, problem["title"]) == (404, "Not Found")

    on_platform(play)


def test_running_call_is_moved_spoken_into_and_ended() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        _, made = await client("POST", "/v1/calls", {**ORDER, "ncco": FOR_EVER})
        leg = platform.legs[made["uuid"]]
        path = f"/v1/calls/{leg.uuid}"
        assert (await client("PUT", f"{path}/talk", {"text": "Too soon."}))[0] == 400
        leg.pick_up()
        while leg.answered_at is None:
            await asyncio.sleep(0.01)
        assert await client("PUT", f"{path}/talk", {"text": "Hello."}) == (200, answer_of("Talk started", leg.uuid))
        assert await client("DELETE", f"{path}/talk") == (200, answer_of("Talk stopped", leg.uuid))
        assert await client("PUT", f"{path}/dtmf", {"digits": "12#"}) == (200, answer_of("DTMF sent", leg.uuid))
        assert await client("PUT", path, {"action": "mute"}) == (204, None)
        assert leg.muted
        before = leg.conversation.uuid
        move = {"action": "transfer", "destination": {"type": "ncco", "url": [f"{voice.base}/answer"]}}
        assert await client("PUT", path, move) == (204, None)
        assert await client("PUT", path, {"action": "hangup"}) == (204, None)
        assert (await client("PUT", path, {"action": "hangup"}))[0] == 400
        await platform.clock.settle()
        (moved,) = (event for event in voice.events() if event.get("type") == "transfer")
        assert moved["conversation_uuid_from"] == before
        assert voice.completed()["conversation_uuid"] == moved["conversation_uuid_to"]

    on_platform(play, speed=20, person=Person(answer="no-answer"))


def answer_of(message: str, uuid: str) -> dict[str, str]:
    return {"message": message, "uuid": uuid}


def test_keys_are_told_one_by_one_to_who_asks_for_them() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        _, made = await client("POST", "/v1/calls", {**ORDER, "ncco": FOR_EVER})
        path, leg = f"/v1/calls/{made['uuid']}", platform.legs[made["uuid"]]
        while leg.answered_at is None:
            await asyncio.sleep(0.01)
        for place in ("/first", "/keys"):  # the second stands in the first one's place
            assert (await client("PUT", f"{path}/input/dtmf", {"event_url": [f"{voice.base}{place}"]}))[0] == 200
        assert (await client("POST", f"/lab/legs/{leg.uuid}/press", {"keys": "1#"}))[0] == 200
        await platform.clock.settle()
        assert (await client("DELETE", f"{path}/input/dtmf"))[0] == 200
        assert (await client("POST", f"/lab/legs/{leg.uuid}/press", {"keys": "2"}))[0] == 200

    voice = on_platform(play, speed=20, person=Person(after=0))
    assert [one.json["dtmf"] for one in voice.at("/keys")] == [
        {"digits": "1", "timed_out": False},
        {"digits": "#", "timed_out": False},
    ]
    assert voice.at("/first") == []
