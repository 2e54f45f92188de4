"""What the owner of an account reads and sets by key and secret: applications, and the numbers linked to them."""

import asyncio
import base64
from typing import Any

import pytest

from calls.emulator.platform import Platform
from tests.emulator.keys import APPLICATION_ID, key_pair, token
from tests.emulator.test_rest import NUMBERS, Client, on_platform
from tests.emulator.voice_application import VoiceApplication

pytestmark = pytest.mark.once
OURS = f"/v2/applications/{APPLICATION_ID}"


def basic(key: str = "abcd1234", secret: str = "its-secret") -> str:
    return "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()


def with_hooks(**hooks: Any) -> dict[str, Any]:
    return {"name": "Shop", "capabilities": {"voice": {"webhooks": hooks}}}


def answer(**more: Any) -> dict[str, Any]:
    return with_hooks(answer_url={"address": "https://example.com/answer", **more})


@pytest.mark.parametrize(
    "authorization",
    ["", "Basic", "Basic %%%", basic(key="another"), basic(secret="another"), basic("", ""), f"Bearer {token()}"],
)
def test_stranger_is_refused_in_the_shape_of_each_api(authorization: str) -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        status, problem = await client("GET", OURS, authorization=authorization)
        assert (status, problem["title"]) == (401, "Unauthorized")
        status, problem = await client("GET", "/account/numbers", authorization=authorization)
        assert (status, problem["error-code"]) == (401, "401")

    on_platform(play)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"name": ""}, "name"),
        ({"capabilities": []}, "capabilities"),
        (with_hooks(event_url="https://example.com"), "event_url"),
        (with_hooks(event_url={"address": "example.com"}), "event_url.address"),
        (answer(http_method="PUT"), "http_method"),
        (answer(socket_timeout=999), "socket_timeout"),
        (answer(socket_timeout=5001), "socket_timeout"),
        (answer(connect_timeout=299), "connect_timeout"),
        (answer(connect_timeout=1.5), "connect_timeout"),
        ({"name": "Shop", "keys": {"public_key": "none"}}, "keys.public_key"),
        ({"name": "Shop", "capabilities": {"voice": {"signed_callbacks": "no"}}}, "signed_callbacks"),
        ({"name": "Shop", "capabilities": {"voice": {"conversations_ttl": 0}}}, "conversations_ttl"),
    ],
    ids=str,
)
def test_application_that_cannot_be_is_refused_by_name(body: dict[str, Any], name: str) -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        (before,) = platform.applications
        status, problem = await client("PUT", OURS, body, authorization=basic())
        assert (status, problem["invalid_parameters"][0]["name"]) == (400, name)
        assert platform.applications == [before]

    on_platform(play)


def test_put_replaces_the_whole() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        _, shown = await client("GET", OURS, authorization=basic())
        assert set(shown["capabilities"]["voice"]["webhooks"]) == {"answer_url", "event_url"}
        status, shown = await client(
            "PUT", OURS, answer(http_method="POST", connect_timeout=300), authorization=basic()
        )
        assert status == 200
        assert shown["capabilities"]["voice"]["webhooks"] == {
            "answer_url": {
                "address": "https://example.com/answer",
                "http_method": "POST",
                "connect_timeout": 300,
                "socket_timeout": 5000,
            }
        }
        assert (await client("GET", OURS, authorization=basic()))[1] == shown
        assert (await client("GET", "/v1/calls"))[0] == 200  # the key is not part of what was sent, and stays

    on_platform(play)


def test_key_can_be_another() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        body = {**answer(), "keys": {"public_key": key_pair("second")[1]}}
        assert (await client("PUT", OURS, body, authorization=basic()))[0] == 200
        statuses = [
            (await client("GET", "/v1/calls", authorization=f"Bearer {token(name=name)}"))[0]
            for name in ("first", "second")
        ]
        assert statuses == [401, 200]

    on_platform(play)


def test_next_call_goes_where_the_application_says_now() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        elsewhere = with_hooks(answer_url={"address": f"{voice.base}/new", "http_method": "POST"})
        assert (await client("PUT", OURS, elsewhere, authorization=basic()))[0] == 200
        assert (await client("POST", "/lab/calls", {"hangup_after": 1}))[0] == 201
        await asyncio.gather(*(leg.ended for leg in platform.legs.values()))

    voice = on_platform(play)
    assert [one.method for one in voice.at("/new")] == ["POST"]
    assert voice.received == voice.at("/new")  # without an event URL nobody is told


def test_last_application_stays_and_others_are_none_of_ours() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        platform.applications.append(voice.application(api_key="another", api_secret="another", numbers=()))
        other = platform.applications[1].application_id
        assert (await client("GET", f"/v2/applications/{other}", authorization=basic()))[0] == 404
        assert (await client("DELETE", OURS, authorization=basic()))[0] == 403
        _, listed = await client("GET", "/v2/applications", authorization=basic())
        assert [one["id"] for one in listed["_embedded"]["applications"]] == [APPLICATION_ID]

    on_platform(play)


def test_numbers_are_found_and_moved() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        account = {"api_key": "abcd1234", "api_secret": "its-secret"}
        platform.applications.append(voice.application(**account, numbers=()))
        other = platform.applications[1].application_id

        async def found(query: str) -> list[str]:
            _, listed = await client("GET", f"/account/numbers?{query}", authorization=basic())
            return [one["msisdn"] for one in listed.get("numbers", [])]

        async def moved(**form: str) -> int:
            headers = {"Authorization": basic()}
            async with client.session.post(f"{client.base}/number/update", data=form, headers=headers) as reply:
                assert (await reply.json())["error-code"] == str(reply.status)
                return reply.status

        assert await found("") == list(NUMBERS)
        assert await found("pattern=0001&search_pattern=2") == [NUMBERS[1]]
        assert await found("size=1&index=2") == [NUMBERS[1]]
        assert await found("country=US") == []
        assert await found("index=999999999999999999999&size=none") == []
        assert await moved(country="GB", msisdn=NUMBERS[0], app_id=other) == 200
        assert await found(f"application_id={other}") == [NUMBERS[0]]
        assert platform.application_of(NUMBERS[0]) is platform.applications[1]
        assert await moved(country="US", msisdn=NUMBERS[0], app_id=other) == 420
        assert await moved(country="GB", msisdn="442079460999", app_id=other) == 420
        assert await moved(country="GB", msisdn=NUMBERS[0], app_id="nobody's") == 420

    on_platform(play)
