"""Strangers' voice applications that place, move and fetch by the REST API, and such that several people ring at once:
both through a local Vonage in a process of its own.
"""

import time
import wave
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.emulator.strangers import (
    CERTIFICATE,
    SCENARIOS,
    SLOW,
    application,
    ring_through,
    scenario,
    shell,
    with_rest_api,
    wrong,
)
from tests.emulator.test_lab import vonage

pytestmark = pytest.mark.once
CALLED = {  # how each answers, and what is told of it
    "447700900001": ("answer", "started", "ringing", "answered", "completed"),
    "447700900002": ("busy", "started", "busy", "completed"),
    "447700900003": ("no-answer", "started", "ringing", "timeout", "completed"),
    "447700900004": ("reject", "started", "rejected"),
}


@pytest.mark.parametrize("name", ["transferring", "moving"])
def test_application_moves_a_call_with_the_official_sdk(name: str, tmp_path: Path) -> None:
    with with_rest_api(name, tmp_path) as (base, _):
        (told,) = ring_through(base, scenario(name))
    assert wrong(told[-1]) == []


def test_application_keeps_the_message_that_was_left(tmp_path: Path) -> None:
    with with_rest_api("keeping", tmp_path, KEPT=str(tmp_path)) as (base, _):
        (told,) = ring_through(base, scenario("keeping"))
        (event,) = (one["fields"] for one in told if one["kind"] == "webhook" and "recording_url" in one["fields"])
        assert wrong(told[-1]) == []
    kept = tmp_path / f"{event['recording_uuid']}.wav"
    assert kept.stat().st_size == event["size"]
    with wave.open(str(kept)) as sound:
        assert 3 < sound.getnframes() / sound.getframerate() < 10


def test_application_places_calls_with_the_official_sdk(tmp_path: Path) -> None:
    answers = {number: answer for number, (answer, *_) in CALLED.items()}
    with with_rest_api("calling", tmp_path) as (base, app):
        put(f"{base}/lab/callees", answers)
        placed = {number: requests.post(f"{app}/call", params={"to": number}, timeout=5).json() for number in CALLED}
        assert {one["status"] for one in placed.values()} == {"started"}
        wanted = {placed[number]["uuid"]: sorted(statuses) for number, (_, *statuses) in CALLED.items()}
        until = time.monotonic() + 20
        told: dict[str, list[str]] = {}
        while told != wanted:
            assert time.monotonic() < until, told
            time.sleep(0.05)
            said = requests.get(f"{app}/statuses", timeout=5).json()
            told = {uuid: sorted(words) for uuid, words in said.items()}  # two of one moment come in either order


def test_scenarios_are_played_through_a_local_vonage_that_runs() -> None:
    """Who is called then does what the scenario says: everybody, or one number."""
    files = [str(SCENARIOS / f"{name}.yaml") for name in ("joining_both", "joining")]
    with application("joining") as app:
        urls = ("--answer-url", f"{app}/webhooks/answer", "--event-url", f"{app}/webhooks/event")
        with vonage(*urls, "--speed", "20") as (base, _):
            ended = shell("--through", base, *files)
    assert [line for line in ended.stderr.splitlines() if SLOW not in line and "went wrong" not in line] == []


def put(url: str, body: Any) -> None:
    assert requests.put(url, json=body, timeout=5, verify=str(CERTIFICATE)).status_code == 200


def test_three_meet_in_a_room_and_hear_each_other() -> None:
    listens: dict[str, Any] = {"hangup_after": 40, "expect": [{"said": "Cast off"}, {"connected": "the-mess"}]}
    speaks = {
        "from": "447700900789",
        "steps": [{"wait": 15}, {"say": "Cast off", "now": True}, {"wait": 1}, "hang up"],
        "expect": [{"not said": "Cast off"}, {"ends": {"by": "caller", "within": 30}}],
    }
    with application("conference") as app:
        urls = ("--answer-url", f"{app}/webhooks/answer", "--event-url", f"{app}/webhooks/event")
        with vonage(*urls, "--speed", "20") as (base, _):
            told = ring_through(base, listens, {**listens, "from": "447700900456"}, speaks)
    assert [wrong(one[-1]) for one in told] == [[], [], []]
    (room,) = {
        happening["fields"]["conversation_uuid_to"]
        for one in told
        for happening in one
        if happening["kind"] == "webhook" and "conversation_uuid_to" in happening["fields"]
    }
    assert room.startswith("CON-")
