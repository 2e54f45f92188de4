"""A sound that a program has played into a call: fetched when the program has its reply, stopped, or none at all."""

import pytest

from calls.emulator.audio import chunks
from calls.emulator.legs import Leg
from calls.emulator.platform import Platform
from tests.emulator.test_rest import NUMBERS, Client, on_platform
from tests.emulator.voice_application import VoiceApplication, always, nothing

pytestmark = pytest.mark.once
SOUND = b"".join(chunks("mp3", 1, 9.0, [[]]))


async def in_a_call(client: Client, platform: Platform) -> str:
    """Give the path of a call that is answered."""
    order = {"to": [{"type": "phone", "number": "447700900456"}], "from": {"type": "phone", "number": NUMBERS[0]}}
    held = [{"action": "talk", "text": "Please hold.", "loop": 0}]
    _, made = await platform.clock.run(client("POST", "/v1/calls", order | {"ncco": held}))
    await platform.clock.sleep(10)
    return f"/v1/calls/{made['uuid']}"


def plays(leg: Leg) -> bool:
    return leg.put_in is not None


def played(platform: Platform) -> list[str]:
    return [one.words for one in platform.trace.kept if one.kind == "plays"]


def test_sound_is_played_as_long_as_it_is() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        voice.routes["/sound"] = always(SOUND, content_type="audio/mpeg")
        call = await in_a_call(client, platform)
        body = {"stream_url": [f"{voice.base}/sound"]}
        status, told = await platform.clock.run(client("PUT", f"{call}/stream", body))
        assert (status, told["message"]) == (200, "Stream started")
        leg = platform.legs[told["uuid"]]
        await platform.clock.sleep(8)
        assert played(platform) == [f"stream by REST (9.0 s): {voice.base}/sound"]
        assert plays(leg)
        await platform.clock.sleep(2)
        assert not plays(leg)
        leg.hang_up("platform")

    on_platform(play)


def test_url_that_has_no_sound_plays_nothing_and_is_a_finding() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        voice.routes["/sound"] = nothing(404)
        call = await in_a_call(client, platform)
        body = {"stream_url": [f"{voice.base}/sound"]}
        assert (await platform.clock.run(client("PUT", f"{call}/stream", body)))[0] == 200
        await platform.clock.sleep(1)
        assert played(platform) == []
        assert any("status 404 instead of a sound" in finding for finding in platform.findings)

    on_platform(play)


def test_sound_that_is_stopped_while_it_is_fetched_is_not_played() -> None:
    async def play(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        voice.routes["/sound"] = always(SOUND, content_type="audio/mpeg", after=0.3)
        call = await in_a_call(client, platform)
        body = {"stream_url": [f"{voice.base}/sound"]}
        await platform.clock.run(client("PUT", f"{call}/stream", body))
        status, told = await platform.clock.run(client("DELETE", f"{call}/stream"))
        assert (status, told["message"]) == (200, "Stream stopped")
        await platform.clock.sleep(5)
        assert played(platform) == []

    on_platform(play)
