"""Scenario files: what they may say, what is told of those that are wrong, and what expectations tell of a call."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.management import CommandError

from calls.emulator.platform import Platform
from calls.emulator.reading import BadFile
from calls.emulator.ring import play
from calls.emulator.scenario import load, read
from tests.emulator.conftest import LocalVonage, Typed, serving
from tests.emulator.test_lab import vonage
from tests.emulator.voice_application import NCCO, VoiceApplication, always

pytestmark = pytest.mark.once
WHOLE = """
name: Sales, by key
to: "+44 20 7946 0000"
from: anonymous
answer_fields: {SipHeader_X-UserId: 1938ND9, custom_data: {ticket: 17}}
at: 2026-12-25T03:00:00Z
steps:
  - press: "1#"
  - wait: 2
  - say: sales
    now: true
  - hang up
hangup_after: 30
callees:
  "447700900456": busy
  everybody: {answer: answer, after: 3, steps: [{press: "1"}], talks: 10}
faults: {lost: 0.1, clock_off: -20}
expect:
  - said: Press 1 for sales
  - not said: closed
  - in order: [listens: dtmf, connected: "447700900456"]
  - recorded: false
  - event: {status: completed, disconnected_by: platform}
  - ends: {by: platform, within: 60}
  - no findings: true
"""
MENU = [
    {"action": "talk", "text": "<speak>Press <break time='1s'/> 1 for   sales &amp; more.</speak>", "bargeIn": True},
    {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1}},
    {"action": "connect", "from": "442079460000", "endpoint": [{"type": "phone", "number": "447700900456"}]},
    {"action": "talk", "text": "Goodbye."},
]


def file(folder: Path, words: str) -> Path:
    path = folder / "sales.yaml"
    path.write_text(words, encoding="utf-8")
    return path


def test_file_says_all_that_a_scenario_can_and_is_written_as_it_was_read(tmp_path: Path) -> None:
    scenario = load(file(tmp_path, WHOLE))
    assert (scenario.name, scenario.to, scenario.from_) == ("Sales, by key", "442079460000", "anonymous")
    assert len(scenario.steps) == 4
    assert len(scenario.expect) == 7
    again = read(json.loads(json.dumps(scenario.as_json())), "again")
    assert again.as_json() == scenario.as_json()
    assert (again.steps, again.at, again.faults) == (scenario.steps, scenario.at, scenario.faults)
    assert again.callees["everybody"].after == 3
    assert again.answer_fields == {"SipHeader_X-UserId": "1938ND9", "custom_data": {"ticket": 17}}


def test_scenario_without_a_name_has_that_of_its_file(tmp_path: Path) -> None:
    assert load(file(tmp_path, "{}")).name == "sales"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("steps: [\n- press", ", line 2 is not YAML: "),
        ("", " has to be a mapping with some of: name, to, from, at,"),
        ("step: []", ": 'step' is not known. Known are name, to, from, at, steps,"),
        ("steps: press 1", ": steps has to be a list."),
        ("steps:\n- press: #", ": steps 1: press has to be of 0-9, * and #; write it in quotes."),
        ("steps:\n- wait: 1\n- press: A", ": steps 2: press has to be of 0-9, * and #; write it in quotes."),
        ("steps:\n- {press: '1', now: 2}", ": steps 1: now has to be true or false."),
        ("steps:\n- {press: '1', say: one}", ": steps 1 has to be one of press, say, wait, or the words hang up."),
        ("steps:\n- wait: -1", ": steps 1: wait has to be a number of seconds, 0 or more."),
        ("hangup_after: .inf", ": hangup_after has to be a number of seconds, 0 or more."),
        ("at: Christmas", ": at has to be a time such as 2026-12-25T03:00, in UTC unless it names its zone."),
        ("at: 9999-12-31", ": at has to be a time between the years 1971 and 2100."),
        ("callees: {everybody: asleep}", ": callees: everybody: answer has to be one of answer, busy, reject,"),
        ("faults: {lost: 2}", ": faults: lost has to be a share of the webhooks, from 0 to 1."),
        (
            "answer_fields: {uuid: x}",
            ": answer_fields: uuid has to be custom_data, or a text whose name begins with Sip",
        ),
        ("expect: closed", ": expect has to be a list."),
        ("expect:\n- sad: closed", ": expect 1: 'sad' is not known. Known are said, not said,"),
        ("expect:\n- {said: a, listens: dtmf}", ": expect 1 has to be one of said, not said,"),
        ("expect:\n- listens: keys", ": expect 1: listens has to be dtmf or speech."),
        ("expect:\n- ends: {by: nobody}", ": expect 1: ends: by has to be caller or platform."),
        ("expect:\n- event: completed", ": expect 1: event has to be a mapping of some fields of the event."),
        ("expect:\n- in order: [said: a, ends: {by: caller}]", ": expect 1: in order 2 happens at no moment"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_cure(tmp_path: Path, words: str, says: str) -> None:
    path = file(tmp_path, words)
    with pytest.raises(BadFile) as refused:
        load(path)
    assert str(refused.value).startswith(f"{path}{says}")


def test_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be read: No such file"):
        load(tmp_path / "none.yaml")
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"name: caf\xe9")
    with pytest.raises(BadFile, match="is not UTF-8 text"):
        load(path)


CALL: dict[str, Any] = {"steps": [{"press": "1"}], "callees": {"everybody": {"talks": 5}}}
TRUE: list[Any] = [
    "press 1 FOR sales & more",
    {"said": "Goodbye"},
    {"not said": "closed"},
    {"listens": "dtmf"},
    {"rings": "447700900456"},
    {"connected": "447700900456"},
    {"recorded": False},
    {"event": {"status": "completed", "disconnected_by": "platform"}},
    {"ends": {"by": "platform", "status": "completed", "within": 60}},
    {"in order": [{"said": "press 1"}, {"listens": "dtmf"}, {"connected": "447700900456"}, {"said": "goodbye"}]},
    {"no findings": True},
]
FALSE: list[tuple[Any, str]] = [
    ("closed", "The caller did not hear “closed”, but: “<speak>Press"),
    ({"not said": "press 1"}, "The caller heard “<speak>Press"),
    ({"listens": "speech"}, "The call never listened for speech."),
    ({"rings": "447700900999"}, "The call was not ringing 447700900999, but: 447700900456."),
    ({"connected": "447700900999"}, "The call was not connected to 447700900999, but: 447700900456"),
    ({"recorded": True}, "Nothing was recorded."),
    ({"event": {"status": "busy"}}, 'No event had {"status": "busy"}.'),
    ({"ends": {"by": "caller"}}, "The call was ended by the platform, not by the caller."),
    ({"ends": {"status": "busy"}}, "The call ended as completed, not as busy."),
    ({"ends": {"within": 2}}, "The call lasted "),
    ({"in order": [{"said": "goodbye"}, {"said": "press 1"}]}, "It came about, but too early: hears “press 1”, which"),
    ({"in order": [{"said": "goodbye"}, {"said": "closed"}]}, "The caller did not hear “closed”"),
]


def test_expectations_that_hold(local_vonage: LocalVonage) -> None:
    assert local_vonage.ring(VoiceApplication({"/answer": always(MENU)}), CALL | {"expect": TRUE}).failures == []


def test_expectations_that_do_not_hold(local_vonage: LocalVonage) -> None:
    expect = [wanted for wanted, _ in FALSE]
    failures = local_vonage.ring(VoiceApplication({"/answer": always(MENU)}), CALL | {"expect": expect}).failures
    assert len(failures) == len(FALSE)
    for failure, (_, says) in zip(failures, FALSE, strict=True):
        assert failure.startswith(says)


def test_calls_of_one_platform_are_judged_each_by_itself(local_vonage: LocalVonage) -> None:
    """What one caller hears and does, and what is wrong with one application, is nothing to the other."""

    async def both() -> tuple[Any, Any]:
        one, other = VoiceApplication({"/answer": always(MENU)}), VoiceApplication({"/event": always([])})
        async with one.serving(), other.serving():
            platform: Platform = local_vonage.platform(one.application())
            async with platform:
                expect = [{"said": "goodbye"}, {"event": {"status": "completed"}}]
                first = play(read(CALL | {"expect": expect}, "one"), one.application(), platform)
                second = play(read({"expect": [{"listens": "dtmf"}]}, "other"), other.application(), platform)
                return await asyncio.gather(first, second)

    first, second = asyncio.run(both())
    assert first.is_good
    assert second.failures == ["The call never listened for dtmf."]
    assert len(second.findings) == 1


def test_command_plays_files_one_after_another(typed: Typed, tmp_path: Path) -> None:
    good = tmp_path / "greeted.yaml"
    good.write_text("expect: [said: Hello world]")
    bad = tmp_path / "in_vain.yaml"
    bad.write_text("hangup_after: 2\nexpect: [said: Hello moon]")
    code, out, err = typed(VoiceApplication(), str(good), str(bad), "--to", "442079460123")
    assert code == 1
    assert [line for line in out if line.endswith(":")] == ["greeted:", "in_vain:"]
    assert out.count("to: 442079460123 from: 447700900123") == 2
    assert err == [
        f"in_vain: The caller did not hear “Hello moon”, but: “{NCCO[0]['text']}”.",
        "1 of 2 calls went wrong.",
    ]


def test_load_takes_scenarios_in_turn_and_reports_for_programs(typed: Typed, tmp_path: Path) -> None:
    paths = []
    for name in ("first", "second"):
        paths.append(tmp_path / f"{name}.yaml")
        paths[-1].write_text(f"from: {name}\nhangup_after: 3")
    voice = VoiceApplication()
    code, out, err = typed(voice, *map(str, paths), "--rate", "50", "--count", "10", "--json")
    assert (code, err) == (0, [])
    (line,) = out
    report = json.loads(line)
    assert (report["calls"], report["bad"], report["doors"]["event"]["count"]) == (10, 0, 40)
    assert 0 < report["doors"]["answer"]["p50"] <= report["doors"]["answer"]["p99"] <= report["doors"]["answer"]["most"]
    callers = [one.query["from"] for one in voice.at("/answer")]
    assert callers.count("first") == callers.count("second") == 5


def test_load_tells_what_went_wrong(typed: Typed) -> None:
    code, out, err = typed(VoiceApplication({"/answer": always({})}), "--rate", "50", "--count", "4")
    assert code == 1
    assert "4 calls, 4 of them bad" in out[-1]
    assert sum("the NCCO is refused" in line for line in err) == 1


def test_command_rings_through_a_local_vonage_that_runs(typed: Typed) -> None:
    theirs = VoiceApplication({"/answer": always(MENU)})
    with serving(theirs):
        urls = ("--answer-url", f"{theirs.base}/answer", "--event-url", f"{theirs.base}/event", "--speed", "max")
        with vonage(*urls) as (base, _):
            code, out, err = typed(
                VoiceApplication(), "--through", base, "--press", "1", "--expect", "goodbye", "--verbosity", "2"
            )
            assert (code, err) == (0, [])
            assert out[0] == "Call status: started"
            assert "key: 1" in out
            code, out, err = typed(VoiceApplication(), "--through", base, "--expect", "closed", "--json")
            assert code == 1
            assert json.loads(out[-1])["kind"] == "outcome"
            assert err[0].startswith("The caller did not hear “closed”")
            options = ["--callee", "busy", "--at", "2026-12-25T03:00", "--missing-recordings"]
            typed(VoiceApplication(), "--through", base, "--hangup-after", "1", *options)
            lab, callees = (requests.get(f"{base}/lab{path}", timeout=5).json() for path in ("", "/callees"))
            assert callees["everybody"]["answer"] == "busy"
            assert lab["clock"]["now"].startswith("2026-12-25T0")
            assert lab["clock"]["speed"] == "1000.0"
            assert lab["faults"]["missing_recordings"]
            assert len(theirs.at("/answer")) == 3
            with pytest.raises(CommandError, match="an application of its own: leave out --secret, --seed, --rate"):
                typed(VoiceApplication(), "--through", base, "--secret", "x", "--seed", "7", "--rate", "5")


def test_nobody_is_there_to_ring_through(typed: Typed) -> None:
    with pytest.raises(CommandError, match=r"Is `manage.py vonage` running there"):
        typed(VoiceApplication(), "--through", "http://127.0.0.1:9")
    with pytest.raises(CommandError, match=r"none\.pem is no certificate that can be used: No such file"):
        typed(VoiceApplication(), "--through", "https://127.0.0.1:9", "--trust", "none.pem")
