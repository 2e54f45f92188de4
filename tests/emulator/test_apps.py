"""Strangers' voice applications, each in a process of its own, rung from the shell as their developers would."""

import json

import pytest

from tests.emulator.strangers import SCENARIOS, application, ring, scenario, wrong

pytestmark = pytest.mark.once
MOVE_CALLS = {"transferring", "moving", "keeping"}  # by the REST API: see test_apps_rest.py
# Which application each scenario rings.
RUNG = {path.stem: path.stem.partition("_")[0] for path in sorted(SCENARIOS.glob("*.yaml"))}
RUNG = {name: app for name, app in RUNG.items() if app not in MOVE_CALLS}


@pytest.mark.parametrize("name", RUNG)
def test_application_is_rung(name: str) -> None:
    with application(RUNG[name]) as base:
        ended = ring(base, str(SCENARIOS / f"{name}.yaml"), "--json")
    told = [json.loads(line) for line in ended.stdout.splitlines()]
    assert wrong(told[-1]) == []
    assert ended.returncode == bool(ended.stderr)
    recorded = [one for one in told if one["kind"] == "webhook" and "recording_url" in one["fields"]]
    assert len(recorded) == ({"recorded": True} in scenario(name)["expect"])


def test_expectation_that_does_not_hold_is_told() -> None:
    with application("keypad") as base:
        ended = ring(base, "--press", "5", "--expect", "Berth 4")
    assert ended.returncode == 1
    assert "The caller did not hear “Berth 4”, but:" in ended.stderr
    assert "“Berth 5. Sleep well.”" in ended.stderr


def test_step_that_the_call_did_not_come_to_is_told() -> None:
    with application("keypad") as base:
        ended = ring(base, "--press", "5", "--wait", "60", "--press", "9")
    assert ended.returncode == 1
    assert "The call was over before the caller came to press 9." in ended.stderr


def test_key_that_nobody_waits_for_is_told() -> None:
    with application("answering") as base:
        ended = ring(base, "--press", "1")
    assert ended.returncode == 1
    assert "The caller was to press 1, but the call never listened for it." in ended.stderr


def test_fault_of_an_application_is_told_and_the_call_goes_on() -> None:
    with application("speech") as base:
        ended = ring(base)  # nobody says anything: the sample takes for granted that somebody did
    assert ended.returncode == 1
    assert f"POST {base}/webhooks/asr: status 500 instead of 200." in ended.stderr
    assert ended.stdout.splitlines()[-1] == "Call status: completed"


def test_json_is_one_object_a_line() -> None:
    with application("keypad") as base:
        ended = ring(base, "--press", "7", "--json")
    told = [json.loads(line) for line in ended.stdout.splitlines()]
    assert wrong(told[-1]) == []
    assert [one["key"] for one in told if one["kind"] == "presses"] == ["7"]


def test_many_calls_end_in_a_table() -> None:
    with application("answering") as base:
        ended = ring(base, "--rate", "20", "--count", "10")
    assert "\n10 calls, " in ended.stdout
    assert ended.returncode == ("10 calls, 0 of them bad" not in ended.stdout)
    assert "[##############################] 10 over, 0 going on, of 10" in ended.stderr
