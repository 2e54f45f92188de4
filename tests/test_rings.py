"""The local Vonage rings the deployed server, and the server keeps what it was told: word for word, once, whatever the
network did to it on the way.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from calls.flows.numbers import save_number
from calls.flows.routing import directory
from calls.flows.steps import Greeting
from calls.models import Call, CallEvent, Leg
from tests.factories import CALLER, OURS
from tests.server import ROOT, Server
from tests.settings import KNOWN
from tests.test_server import database_url

pytestmark = pytest.mark.django_db(transaction=True)
GREETING = "Good morning, this is Harbour Cycles. How can we help you?"
TOLD = ["started", "ringing", "answered", "completed"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    save_number(OURS, greeting=Greeting(text=GREETING))
    directory.look()
    server = Server(tmp_path / "spool", database_url())
    server.start()
    yield server
    server.stop()


def ring(server: Server, *options: str, secret: str = KNOWN["VONAGE_SIGNATURE_SECRET"]) -> Any:
    """Ring as one does in a terminal. Gives the command's end, and what it sent as events."""
    base = f"http://127.0.0.1:{server.port}"
    doors = ("--answer-url", f"{base}/answer", "--event-url", f"{base}/event", "--fallback-url", f"{base}/fallback")
    whom = ("--to", OURS, "--from", CALLER, "--secret", secret, "--speed", "max", "--seed", "1", "--json")
    done = subprocess.run(
        [sys.executable, "manage.py", "ring", *whom, *doors, *options],
        cwd=ROOT,
        env=server.environment | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return done, [one["fields"] for one in told if one.get("kind") == "webhook" and one["door"] == "event"]


def in_words(fields: dict[str, Any]) -> str:
    return json.dumps(fields, sort_keys=True)


def kept() -> Counter[str]:
    """What stands in the tables of what Vonage told, and how often it came."""
    rows = CallEvent.objects.filter(kind="status").values_list("payload", "times_received")
    return Counter({in_words(payload): times for payload, times in rows})


def test_call_is_kept_word_for_word(server: Server) -> None:
    done, sent = ring(server, "--expect", GREETING)
    assert json.loads(done.stdout.splitlines()[-1])["failures"] == []
    server.stop()  # what was recorded beside the answers is written before the end
    assert Counter(map(in_words, sent)) == kept()
    assert [one["status"] for one in sent] == TOLD
    call, leg = Call.objects.get(), Leg.objects.get()
    assert (call.outcome, call.from_number, call.to_number) == ("answered", CALLER, OURS)
    ended = sent[-1]
    assert (leg.uuid, call.conversation_uuid) == (ended["uuid"], ended["conversation_uuid"])
    assert (call.duration_seconds, f"{call.price_eur:f}") == (int(ended["duration"]), ended["price"])
    assert call.events.filter(kind="answer").count() == 1


@pytest.mark.parametrize(
    ("faults", "times"),
    [(("--duplicated", "1", "--reordered", "1"), 2), (("--swapped", "0.5"), 1)],
)
def test_events_that_come_twice_or_in_another_order_end_in_the_same_call(
    faults: tuple[str, ...], times: int, server: Server
) -> None:
    _, sent = ring(server, *faults)
    server.stop()
    assert {one["status"] for one in sent} == set(TOLD)
    assert Counter(map(in_words, sent)) == kept()
    assert set(kept().values()) == {times}
    call = Call.objects.get()
    (ended,) = {in_words(one): one for one in sent if one["status"] == "completed"}.values()
    assert (call.outcome, call.duration_seconds) == ("answered", int(ended["duration"]))
    assert Leg.objects.count() == 1


def test_what_is_not_signed_well_is_refused_and_not_kept(server: Server) -> None:
    for faults in (("--wrong-signature", "1"), ("--unsigned", "1"), ("--clock-off", "-900")):
        done, sent = ring(server, *faults)
        assert sent
        replies = [json.loads(line) for line in done.stdout.splitlines() if '"kind": "reply"' in line]
        assert {one["status"] for one in replies} == {401}, faults
    server.stop()
    assert not Call.objects.exists()


def test_twenty_calls_a_second_are_all_kept(server: Server) -> None:
    done, _ = ring(server, "--rate", "20", "--count", "20")
    told = json.loads(done.stdout)
    assert (told["calls"], told["unanswered"]) == (20, {})
    server.stop()
    assert [call.outcome for call in Call.objects.all()] == ["answered"] * 20
    assert CallEvent.objects.filter(kind="status").count() == 20 * len(TOLD)
