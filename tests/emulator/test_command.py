"""`manage.py ring`, as it is typed: defaults, exit codes, what goes where. It touches no database."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from tests.emulator.conftest import Typed, serving
from tests.emulator.voice_application import NCCO, SECRET, VoiceApplication, always, nothing

pytestmark = pytest.mark.once
MANAGE = Path(__file__).parents[2] / "manage.py"
ANOTHER_SECRET = "another-signature-secret-of-the-application"
TRACE = [
    "Call status: started",
    "Call status: ringing",
    "to: 442079460000 from: 447700900123",
    "Call status: answered",
    "Call status: completed",
]


def test_good_call_prints_the_trace_and_no_more(typed: Typed) -> None:
    assert typed(VoiceApplication()) == (0, TRACE, [])


def test_urls_and_secret_are_those_of_the_server(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "VONAGE_SIGNATURE_SECRET", [ANOTHER_SECRET, SECRET])
    voice = VoiceApplication()
    typed(voice)
    voice.check_signatures(ANOTHER_SECRET)
    assert {one.path for one in voice.received} == {"/answer", "/event"}


def test_options_win_over_the_environment(typed: Typed) -> None:
    voice = VoiceApplication({"/hello": always(NCCO)})
    with serving(VoiceApplication()) as other:
        options = ["--answer-url", f"{other.base}/answer", "--event-url", f"{other.base}/happened"]
        numbers = ["--to", "+44 20 7946 0010", "--from", "anonymous", "--secret", ANOTHER_SECRET]
        code, out, _ = typed(voice, *options, *numbers)
    assert (code, out[2]) == (0, "to: 442079460010 from: anonymous")
    assert voice.received == []
    other.check_signatures(ANOTHER_SECRET)
    assert {one.path for one in other.received} == {"/answer", "/happened"}


def test_bad_application_ends_with_1_and_says_why(typed: Typed) -> None:
    code, out, err = typed(VoiceApplication({"/answer": nothing(500)}))
    assert (code, out) == (1, TRACE)
    assert len(err) == 1
    assert "status 500 instead of 200" in err[0]


def test_quiet_leaves_only_what_is_wrong(typed: Typed) -> None:
    assert typed(VoiceApplication(), "--quiet") == (0, [], [])
    code, out, err = typed(VoiceApplication({"/answer": nothing(500)}), "--quiet")
    assert (code, out, len(err)) == (1, [], 1)


def test_several_calls_one_after_another(typed: Typed) -> None:
    voice = VoiceApplication()
    assert typed(voice, "--count", "3") == (0, TRACE * 3, [])
    assert len({event["conversation_uuid"] for event in voice.events()}) == 3
    code, _, err = typed(VoiceApplication({"/answer": nothing(500)}), "--count", "3")
    assert code == 1
    assert len(err) == 2  # a fault that all calls met is told once
    assert err[-1] == "3 of 3 calls went wrong."


def test_caller_hangs_up(typed: Typed) -> None:
    voice = VoiceApplication()
    assert typed(voice, "--hangup-after", "2") == (0, TRACE, [])
    assert voice.completed()["disconnected_by"] == "user"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--speed", "0.5"],
        ["--speed", "nan"],
        ["--speed", "inf"],
        ["--speed", "fast"],
        ["--hangup-after", "-1"],
        ["--count", "0"],
        ["--count", "two"],
        ["--answer-url", "answer"],
        ["--answer-url", "ftp://example.com/answer"],
        ["--event-url", "http://user:password@example.com/event"],
        ["--event-url", "http://[bad/event"],
        ["--answer-method", "PUT"],
    ],
)
def test_option_that_means_nothing_is_refused(arguments: list[str]) -> None:
    with pytest.raises(CommandError, match=f"argument {arguments[0]}"):
        call_command("ring", *arguments)


def environment(voice: VoiceApplication, **more: str) -> dict[str, str]:
    """A machine on which the database cannot be reached."""
    away = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/nowhere", "BASE_URL": voice.base}
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "callserver.settings", **away, **more}


def test_it_rings_while_the_database_is_away() -> None:
    with serving(VoiceApplication()) as voice:
        command = [sys.executable, str(MANAGE), "ring", "--speed", "1000"]
        done = subprocess.run(command, env=environment(voice), capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.splitlines(), done.stderr) == (0, TRACE, "")


def test_interrupted_load_ends_its_calls_and_says_what_was() -> None:
    with serving(VoiceApplication()) as voice:
        command = [sys.executable, str(MANAGE), "ring", "--rate", "5", "--count", "1000"]
        with subprocess.Popen(
            command, env=environment(voice), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as ringing:
            until = time.monotonic() + 30
            while voice.statuses().count("answered") < 3:
                assert time.monotonic() < until
                time.sleep(0.05)
            ringing.send_signal(signal.SIGINT)
            out, err = ringing.communicate(timeout=60)
        begun = voice.statuses().count("started")
        assert voice.statuses().count("completed") == begun
    assert ringing.returncode == 130
    assert "answer" in out
    assert "Traceback" not in err


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_ends_the_call_and_shows_no_traceback(told: signal.Signals) -> None:
    with serving(VoiceApplication()) as voice:
        command = [sys.executable, str(MANAGE), "ring"]
        with subprocess.Popen(
            command, env=environment(voice), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as ringing:
            assert ringing.stdout
            # Each line is there when it happens: nothing is held back until the end.
            assert [ringing.stdout.readline().strip() for _ in range(4)] == TRACE[:4]
            ringing.send_signal(told)
            out, err = ringing.communicate(timeout=60)
    assert (ringing.returncode, out.splitlines(), err) == (128 + told, TRACE[4:], "")
    assert voice.completed()["disconnected_by"] == "user"
