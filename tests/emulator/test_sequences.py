"""Each of the 24 sequences of the reference is made by the local Vonage, and compared with it field by field.

`python -m tests.emulator.test_sequences` prints what is compared, and whence each field is known.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

import aiohttp
import pytest

from calls.emulator.clock import AT_ONCE, Clock
from calls.emulator.legs import Leg
from calls.emulator.people import Callees
from calls.emulator.platform import BASE_URL, Platform
from calls.emulator.rest.server import serving
from tests.emulator.comparing import Comparison
from tests.emulator.keys import APPLICATION_ID, key_pair, token
from tests.emulator.sequence_plays import OURS, PERSON, PLAYS, SILENT, Play, Rest
from tests.emulator.voice_application import Received, VoiceApplication
from tests.sequences.reading import BEGIN, NAMES, Step, steps

pytestmark = pytest.mark.once
REQUEST_AFTER = 0.13  # seconds from the beginning to our request: what it makes is at 0.14
CREATED = ["uuid", "status", "direction", "conversation_uuid"]


async def perform(play: Play) -> VoiceApplication:
    """Let a sequence come about, between a voice application on a real port and the platform with its REST API."""
    voice = VoiceApplication({"/answer": play.answer, "/event": play.event})
    if play.fallback:
        voice.routes["/fallback"] = play.fallback
    async with voice.serving(), aiohttp.ClientSession(headers={"Authorization": f"Bearer {token()}"}) as session:
        application = voice.application(
            application_id=APPLICATION_ID,
            public_key=key_pair("first")[1],
            numbers=(OURS,),
            fallback_url="/fallback" if play.fallback else "",
        )
        platform = Platform([application], clock=Clock(AT_ONCE, waits=True), callees=Callees(play.callee), seed=7)
        async with platform, serving(platform) as base:

            async def rest(method: str, path: str, body: Any) -> tuple[int, Any]:
                async with session.request(method, base + path, json=body) as response:
                    return response.status, await response.json() if response.status != 204 else None

            platform.base_url = BASE_URL  # webhooks name the API as the real ones do
            platform.clock.set(BEGIN)
            leg = await begin(platform, play, voice, rest)
            if play.later:
                await change(platform, play.later, voice, leg, rest)
            await leg.ended
            await platform.clock.settle()
    return voice


async def begin(platform: Platform, play: Play, voice: VoiceApplication, rest: Rest) -> Leg:
    (application,) = platform.applications
    if play.order is None:
        return platform.ring(application, to=play.to, caller=play.endpoint, person=play.caller, extras=play.extras)
    body: dict[str, Any] = {
        "to": [{"type": "phone", "number": PERSON}],
        "from": {"type": "phone", "number": OURS},
        "event_url": [f"{voice.base}/event"],
        "event_method": "POST",
    } | play.order
    if "ncco" not in body:
        body |= {"answer_url": [f"{voice.base}/answer"], "answer_method": "GET"}
    await platform.clock.sleep(REQUEST_AFTER)
    status, made = await platform.clock.run(rest("POST", "/v1/calls", body))
    assert status == 201
    assert list(made) == CREATED
    leg = platform.legs[made["uuid"]]
    assert made == {
        "uuid": leg.uuid,
        "status": "started",
        "direction": "outbound",
        "conversation_uuid": leg.conversation.uuid,
    }
    return leg


async def change(
    platform: Platform, later: tuple[float, dict[str, Any]], voice: VoiceApplication, leg: Leg, rest: Rest
) -> None:
    seconds, body = later
    if destination := body.get("destination"):
        body = body | {"destination": destination | {"url": [voice.base + destination["url"][0]]}}
    await platform.clock.sleep((BEGIN - platform.clock.now()).total_seconds() + seconds)
    assert (await platform.clock.run(rest("PUT", f"/v1/calls/{leg.uuid}", body)))[0] == 204


async def compared(name: str) -> tuple[list[Comparison], list[Received]]:
    """Perform a sequence. Gives the comparisons, and what came after all that it lists."""
    listed = list(steps(name))
    if name == "04_speech":  # two calls in one sequence
        spoken, silent = listed[:-1], [*listed[:4], listed[-1]]
        first, beyond = await one_compared(PLAYS[name], spoken)
        second, _ = await one_compared(SILENT, silent)
        return [first, second], beyond
    comparison, beyond = await one_compared(PLAYS[name], listed)
    return [comparison], beyond


async def one_compared(play: Play, listed: Sequence[Step]) -> tuple[Comparison, list[Received]]:
    voice = await perform(play)
    comparison = Comparison(voice.base)
    comparison.compare(listed, voice.received)
    return comparison, voice.received[len(listed) :]


@pytest.mark.parametrize("name", NAMES)
def test_sequence_is_that_of_the_platform(name: str) -> None:
    comparisons, beyond = asyncio.run(compared(name))
    assert [difference for one in comparisons for difference in one.differences] == []
    assert tuple(one.json["status"] for one in beyond) == PLAYS[name].beyond


def test_there_is_a_play_for_each_sequence_and_a_basis_for_each_request() -> None:
    assert sorted(PLAYS) == NAMES
    assert len(NAMES) == 24
    assert all(set(step.basis.split()) <= set("DLI") and step.basis for name in NAMES for step in steps(name))


def test_comparison_sees_what_differs() -> None:
    voice = asyncio.run(perform(PLAYS["01_inbound_talk"]))
    for change_of in ({"sip_code": 486}, {"duration": 8}, {"start_time": None}, {"more": 1}):
        comparison = Comparison(voice.base)
        altered = [
            Received(one.method, one.path, one.query, one.headers, _with(one, change_of), one.at)
            for one in voice.received
        ]
        comparison.compare(steps("01_inbound_talk"), altered)
        assert any(next(iter(change_of)) in difference for difference in comparison.differences)


def _with(one: Received, change_of: dict[str, Any]) -> bytes:
    return json.dumps(one.json | change_of).encode() if one.method == "POST" else b""


def main() -> None:
    """Print all fields, a line each."""
    tally: Counter[str] = Counter()
    for name in NAMES:
        for comparison in asyncio.run(compared(name))[0]:
            for field in comparison.fields:
                tally[field.basis] += 1
                mark = "same" if field.is_same else "DIFFERENT"
                told = f"{field.request} {field.name}: {field.wanted!r} {field.got!r}"
                sys.stdout.write(f"{name:26} {field.basis:4} {mark:9} {told}\n")
    sys.stdout.write(f"{dict(tally)}\n")


if __name__ == "__main__":
    main()
