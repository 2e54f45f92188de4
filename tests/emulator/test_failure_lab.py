"""What the platform does wrong when it is told to: events come twice, late, in another order or not at all."""

import asyncio
import hashlib
import json
from collections import Counter
from datetime import datetime
from typing import Any

import jwt
import pytest
from aiohttp import web

from calls.emulator import flow
from calls.emulator.faults import Faults, read_faults
from calls.emulator.platform import Platform
from calls.emulator.reading import BadFile
from calls.emulator.ring import play
from calls.emulator.scenario import Scenario
from tests.emulator.conftest import LocalVonage
from tests.emulator.test_rest import Client, on_platform
from tests.emulator.voice_application import NCCO, SECRET, VoiceApplication, always, nothing

pytestmark = pytest.mark.once
IN_ORDER = ["started", "ringing", "answered", "completed"]


@pytest.mark.parametrize("faults", [Faults(duplicated=1)])
def test_everything_comes_twice_each_signed_anew(local_vonage: LocalVonage, voice: VoiceApplication) -> None:
    assert local_vonage.ring(voice).is_good
    assert Counter(voice.statuses()) == dict.fromkeys(IN_ORDER, 2)
    assert len(voice.at("/answer")) == 2
    assert len({one.body for one in voice.at("/event")}) == 4
    tokens = [claims["jti"] for claims in voice.check_signatures(SECRET)]
    assert len(set(tokens)) == len(tokens) == 10


@pytest.mark.parametrize("faults", [Faults(lost=1)])
def test_lost_events_are_never_sent_and_the_call_goes_on(local_vonage: LocalVonage, voice: VoiceApplication) -> None:
    outcome = local_vonage.ring(voice, {"expect": [{"said": "Hello world"}, {"event": {"status": "completed"}}]})
    assert voice.events() == []
    assert len(voice.at("/answer")) == 1
    assert outcome.failures == ['No event had {"status": "completed"}.']
    assert [one.data["fault"] for one in local_vonage.happenings if "fault" in one.data] == ["lost"] * 4


@pytest.mark.parametrize("faults", [Faults(late=1, late_seconds=3600)])
def test_late_events_come_late_and_tell_when_they_were_made(local_vonage: LocalVonage, voice: VoiceApplication) -> None:
    assert local_vonage.ring(voice).is_good
    events = (one for one in local_vonage.happenings if one.kind == "webhook" and one.data["door"] == "event")
    sent = {one.data["fields"]["status"]: one.at for one in events}
    assert list(sent) == IN_ORDER
    assert 3600 <= sent["started"] < sent["completed"] < 3620
    made = [datetime.fromisoformat(event["timestamp"]) for event in voice.events()]
    assert (made[-1] - made[0]).total_seconds() < 20


@pytest.mark.parametrize("faults", [Faults(swapped=1)])
def test_swapped_events_come_after_the_next(local_vonage: LocalVonage, voice: VoiceApplication) -> None:
    assert local_vonage.ring(voice, {"hangup_after": 2}).is_good
    assert voice.statuses() == ["ringing", "started", "completed", "answered"]
    other = VoiceApplication()  # nothing overtakes an event for longer than two seconds
    assert local_vonage.ring(other).is_good
    assert other.statuses() == ["ringing", "started", "answered", "completed"]


@pytest.mark.parametrize("faults", [Faults(reordered=1)])
def test_only_events_of_one_moment_are_reordered(local_vonage: LocalVonage, voice: VoiceApplication) -> None:
    assert local_vonage.ring(voice, {"hangup_after": 0.3}).is_good
    assert voice.statuses() == ["ringing", "started", "completed", "cancelled"]
    other = VoiceApplication()
    assert local_vonage.ring(other).is_good
    assert other.statuses() == ["ringing", "started", "answered", "completed"]


def test_a_seed_gives_the_same_run_again(voice: VoiceApplication) -> None:
    def lost() -> list[str]:
        one = VoiceApplication()
        LocalVonage(Faults(lost=0.5)).ring(one)
        return one.statuses()

    assert lost() == lost()
    assert 0 < len(lost()) < 4


def checks_signatures(status: int = 401) -> Any:
    """Reply as an application that looks at each signature."""

    async def reply(request: web.Request) -> web.StreamResponse:
        try:
            claims = jwt.decode(request.headers["Authorization"].split()[1], SECRET, algorithms=["HS256"])
            body = await request.read()
            good = not body or claims["payload_hash"] == hashlib.sha256(body).hexdigest()
        except (KeyError, jwt.InvalidTokenError):
            good = False
        if not good:
            return web.Response(status=status)
        return web.json_response(NCCO) if request.path == "/answer" else web.Response()

    return reply


@pytest.mark.parametrize("faults", [Faults(unsigned=1), Faults(wrong_signature=1), Faults(clock_off=600)])
def test_who_refuses_a_bad_signature_does_well(local_vonage: LocalVonage) -> None:
    voice = VoiceApplication({"/answer": checks_signatures(), "/event": checks_signatures()})
    outcome = local_vonage.ring(voice)
    assert outcome.findings == []
    assert len(voice.at("/answer")) == 1  # a 401 is not repeated


@pytest.mark.parametrize(
    ("faults", "what"),
    [(Faults(unsigned=1), "not signed"), (Faults(wrong_signature=1), "signed with another secret")],
)
def test_who_takes_a_bad_signature_is_told(local_vonage: LocalVonage, voice: VoiceApplication, what: str) -> None:
    outcome = local_vonage.ring(voice)
    assert [finding.partition(": ")[2] for finding in outcome.findings] == [
        f"it took a request that was {what}. Refuse those with 401."
    ] * 2


@pytest.mark.parametrize("faults", [Faults(clock_off=-7200)])
def test_clock_that_is_off_shows_in_events_and_signatures(local_vonage: LocalVonage, voice: VoiceApplication) -> None:
    local_vonage.ring(voice, {"at": "2026-12-25T03:00"})
    assert voice.events()[0]["timestamp"].startswith("2026-12-25T01:00:00")
    (answer,) = voice.at("/answer")
    claims = jwt.decode(answer.headers["Authorization"].split()[1], SECRET, algorithms=["HS256"])
    assert -7210 < claims["iat"] - datetime.now().astimezone().timestamp() < -7190


def test_recording_that_is_missing() -> None:
    async def ring(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        voice.routes["/answer"] = always([{"action": "record", "endOnSilence": 3}])
        scenario = {"hangup_after": 10, "faults": {"missing_recordings": True}}
        async with client.session.post(f"{client.base}/lab/calls?watch=1", json=scenario) as response:
            assert json.loads((await response.text()).splitlines()[-1])["failures"] == []
        (recorded,) = (event for event in voice.events() if "recording_url" in event)
        path = recorded["recording_url"].removeprefix(client.base)
        assert (await client("GET", path))[0] == 404

    on_platform(ring)


def test_faults_are_switched_while_the_platform_runs() -> None:
    async def switch(client: Client, platform: Platform, voice: VoiceApplication) -> None:
        status, told = await client("PUT", "/lab/faults", {"lost": 1, "late_seconds": 5})
        assert (status, told["lost"], told["late"]) == (200, 1.0, 0.0)
        assert (await client("GET", "/lab/faults"))[1] == told
        async with client.session.post(f"{client.base}/lab/calls?watch=1", json={"hangup_after": 3}) as rung:
            assert rung.status == 200
            await rung.read()
        assert voice.events() == []
        assert (await client("PUT", "/lab/faults", {"lost": 2}))[0] == 400
        assert (await client("PUT", "/lab/faults", {}))[1]["lost"] == 0

    on_platform(switch)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"lost": 1.5}, "faults: lost has to be a share of the webhooks, from 0 to 1."),
        ({"lost": True}, "faults: lost has to be a share"),
        ({"late": float("nan")}, "faults: late has to be a share"),
        ({"late_seconds": -1}, "faults: late_seconds has to be seconds, 0 or more."),
        ({"clock_off": "1 h"}, "faults: clock_off has to be seconds"),
        ({"missing_recordings": 1}, "faults: missing_recordings has to be true or false."),
        ({"loss": 1}, "faults: 'loss' is not known. Known are reordered, duplicated"),
        ([], "faults has to be a mapping with some of"),
    ],
)
def test_nonsense_is_refused(given: Any, says: str) -> None:
    with pytest.raises(BadFile) as refused:
        read_faults(given, "faults")
    assert str(refused.value).startswith(says)


def test_bad_application_takes_no_other_call_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sends without end, one 10 MB, one redirects, one asks for ever; the fifth is as it should be."""
    monkeypatch.setattr(flow, "MOST_NCCOS", 20)

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while True:
            await response.write(b"[" * 65_536)

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("/answer")

    async def asks_again(request: web.Request) -> web.StreamResponse:
        return web.json_response([{"action": "notify", "payload": {}, "eventUrl": [str(request.url)]}])

    async def moves_to_itself(request: web.Request) -> web.StreamResponse:
        own = request.query["conversation_uuid"]
        return web.json_response([{"action": "transfer", "conversationId": own}])

    huge = json.dumps([{"action": "talk", "text": "x" * 10_000_000}])
    doors = {
        "/endless": endless,
        "/huge": always(huge),
        "/elsewhere": elsewhere,
        "/again": asks_again,
        "/moves": moves_to_itself,
        "/silent": nothing(),
    }

    async def ring_all() -> list[list[str]]:
        voice = VoiceApplication(dict(doors))
        async with voice.serving():
            ours = [voice.application(answer_url=path, answer_seconds=2) for path in [*doors, "/answer"]]
            platform = LocalVonage().platform(ours[0])
            async with platform:
                scenario = Scenario()
                return [
                    list(one.findings) for one in await asyncio.gather(*(play(scenario, o, platform) for o in ours))
                ]

    endless_, huge_, elsewhere_, again, moves, silent, good = asyncio.run(ring_all())
    assert "longer than" in endless_[0]
    assert "longer than" in huge_[0]
    assert "Redirects are not followed" in elsewhere_[0]
    assert again == ["The call was given 20 NCCOs, so it was ended: let it end."]
    assert moves == []
    assert "content type" in silent[0]
    assert good == []


def test_event_url_on_another_host_is_asked_there(local_vonage: LocalVonage, voice: VoiceApplication) -> None:
    async def rung() -> tuple[Any, VoiceApplication]:
        other = VoiceApplication({"/told": always([{"action": "talk", "text": "From elsewhere."}])})
        async with voice.serving(), other.serving():
            notify = {"action": "notify", "payload": {}, "eventUrl": [f"{other.base}/told"]}
            voice.routes["/answer"] = always([notify])
            wanted = {"expect": [{"said": "from elsewhere"}]}
            return await local_vonage.rung(voice.application(), wanted), other

    outcome, other = asyncio.run(rung())
    assert outcome.is_good
    assert [one.path for one in other.received] == ["/told"]
    assert "Authorization" in other.received[0].headers
