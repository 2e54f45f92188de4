"""Recordings that stay: told of by events, fetched from a counterpart that makes them, kept, gone with the call."""

import io
import json
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from calls.chores import recordings as chore
from calls.chores.duties import DUTIES
from calls.chores.loop import Loop
from calls.control import recordings as control
from calls.control.account import account
from calls.emulator.people import Callees, HangUp, Person, Say, Wait
from calls.models import Bookmark, Call, CallEvent, Chore, Recording
from calls.records.retention import prune
from calls.vonage import client, files
from tests.control.conftest import OURS, THEIRS, LocalVonage, bad_server, local_vonage, point_to
from tests.emulator.keys import key_pair
from tests.factories import keep, make_call

pytestmark = pytest.mark.django_db
RECORD = {"action": "record", "endOnSilence": 3}
LISTEN = {"action": "input", "type": ["speech"], "speech": {"saveAudio": True}}
ROOM = {"action": "conversation", "name": "meeting", "record": True}
MESSAGE = "Please call me back about the order."


@pytest.fixture
def vonage(settings: Settings) -> Iterator[LocalVonage]:
    with local_vonage() as found:
        point_to(settings, found.base)
        yield found


@contextmanager
def collecting() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Take webhooks as they come: gives the URL, and the list of their payloads."""
    told: list[dict[str, Any]] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", told
        server.shutdown()
        thread.join(10)


def lived_through(vonage: LocalVonage, *ncco: dict[str, Any]) -> Call:
    """Let the local Vonage call somebody who says something, and keep what it tells until the call is over."""
    vonage.platform.callees = Callees(Person([Say(MESSAGE, now=True), Wait(5), HangUp()], after=0))
    with collecting() as (url, told):
        order = {
            "to": [{"type": "phone", "number": THEIRS}],
            "from": {"type": "phone", "number": OURS},
            "event_url": [url],
        }
        made = client.place(account(), order | {"ncco": [{"eventUrl": [url]} | action for action in ncco]})
        until = time.monotonic() + 20
        while not any(event.get("status") == "completed" for event in told) or not any(map(names_one, told)):
            assert time.monotonic() < until, told
            time.sleep(0.02)
    for event in told:
        keep(event)
    return Call.objects.of_leg(str(made["uuid"])).get()


def names_one(event: dict[str, Any]) -> bool:
    return "recording_url" in event or "recording_url" in (event.get("speech") or {})


def told_of(url: str, *, at: datetime | None = None) -> Recording:
    """Keep the event of a recording, and give the row that was made of it."""
    begun = at or datetime.now(UTC)
    times = {f"{name}_time": (begun + timedelta(seconds=s)).isoformat() for name, s in (("start", 0), ("end", 9))}
    make_call(extra=[{"recording_url": url, "timestamp": begun.isoformat(), "recording_uuid": "r"} | times])
    assert not control.look(5)
    return Recording.objects.get(url=url)


def acts(call: Call) -> list[str]:
    return list(call.events.filter(kind="action").order_by("pk").values_list("payload__action", flat=True))


@pytest.mark.parametrize(
    ("action", "kind", "form"),
    [
        (RECORD, "audio/mpeg", "mp3"),
        (RECORD | {"format": "wav"}, "audio/wav", "wav"),
        (RECORD | {"format": "ogg"}, "audio/ogg", "ogg"),
        (LISTEN, "audio/wav", "wav"),
        (ROOM, "audio/mpeg", "mp3"),
    ],
)
def test_the_worker_fetches_what_the_platform_recorded(
    vonage: LocalVonage, settings: Settings, action: dict[str, Any], kind: str, form: str
) -> None:
    call = lived_through(vonage, action)
    assert not Recording.objects.exists()  # nothing is done about it while events come in
    assert not chore.fetch_some()
    row = Recording.objects.get()
    assert (row.state, row.content_type, row.problem, row.event.call) == ("kept", kind, "", call)
    (whole,) = {one.file_id: one for one in vonage.platform.recordings._by_file.values()}.values()
    assert Path(row.file.path).read_bytes() == whole.read()
    path = Path(row.file.path)
    assert path.is_relative_to(settings.MEDIA_ROOT)
    assert path.suffix == f".{form}"
    assert len(path.stem) == 32
    assert [stat.S_IMODE(place.stat().st_mode) for place in (path, path.parent)] == [0o600, 0o700]
    assert acts(call)[-1].startswith("fetched the recording, ")


@pytest.mark.django_db(transaction=True)
def test_the_worker_does_it_by_itself_and_once(vonage: LocalVonage) -> None:
    lived_through(vonage, RECORD)
    duties = [duty for duty in DUTIES if duty.name == "recordings"]
    loop = Loop(duties, name="w")
    assert loop.turn()
    assert not loop.turn()
    assert not Chore.objects.exclude(error="").exists()
    assert Recording.objects.get().tries == 1


def test_one_that_is_not_there_yet_is_asked_for_again_with_growing_pauses(vonage: LocalVonage) -> None:
    vonage.platform.faults = vonage.platform.faults.__class__(missing_recordings=True)
    call = lived_through(vonage, RECORD)
    pauses: list[float] = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        while not (chore.fetch_some() or (row := Recording.objects.get()).state == "failed"):
            pauses.append((row.next_at - timezone.now()).total_seconds())
            assert "no such recording" in row.problem
            clock.move_to(row.next_at - timedelta(seconds=1))
            chore.fetch_some()
            assert Recording.objects.get().tries == row.tries
            clock.move_to(row.next_at)
    assert pauses == [10, 30, 120, 600, 3_600, 14_400, 43_200]
    assert acts(call)[-1].startswith("could not fetch the recording: Vonage has no such recording")


def test_one_that_comes_late_is_kept(vonage: LocalVonage) -> None:
    vonage.platform.faults = vonage.platform.faults.__class__(missing_recordings=True)
    lived_through(vonage, RECORD)
    chore.fetch_some()
    vonage.platform.faults = vonage.platform.faults.__class__()
    with time_machine.travel(timezone.now() + timedelta(seconds=11)):
        chore.fetch_some()
    row = Recording.objects.get()
    assert (row.state, row.tries, row.problem) == ("kept", 2, "")


def test_a_token_that_is_not_taken_is_not_tried_for_ever(vonage: LocalVonage, settings: Settings) -> None:
    lived_through(vonage, RECORD)
    settings.VONAGE_PRIVATE_KEY = key_pair("second")[0]
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(20):
            chore.fetch_some()
            clock.move_to(max(Recording.objects.get().next_at, timezone.now()))
    row = Recording.objects.get()
    assert (row.state, row.tries) == ("failed", 5)
    assert "VONAGE_PRIVATE_KEY" in row.problem


def test_a_platform_that_is_away_is_asked_until_it_has_the_recording_no_longer(settings: Settings) -> None:
    point_to(settings, "http://127.0.0.1:1")
    row = told_of("http://127.0.0.1:1/v1/files/x")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        while not chore.fetch_some() and (row := Recording.objects.get()).state == "waiting":
            assert "cannot be reached" in row.problem
            clock.move_to(row.next_at)
        assert timedelta(days=28) < timezone.now() - row.event.occurred_at <= timedelta(days=30)
    assert row.tries == 37


def test_without_an_application_nothing_is_asked_and_the_page_says_what_is_missing() -> None:
    told_of("https://api.nexmo.com/v1/files/x")
    assert account().problem
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("calls.vonage.files.resolve", lambda host, port: ["8.8.8.8"])
        patch.setattr("socket.create_connection", lambda *a: pytest.fail("somebody was asked"))
        chore.fetch_some()
    assert "Set VONAGE_APPLICATION_ID" in Recording.objects.get().problem


@pytest.mark.parametrize(
    "url",
    ["https://169.254.169.254/x", "file:///etc/passwd", "https://api.nexmo.com@evil.example/x", "x" * 3_000, "none"],
)
def test_an_address_that_is_not_the_platforms_is_refused_at_once_with_a_sentence(url: str) -> None:
    make_call(extra=[{"recording_url": url}])
    chore.fetch_some()
    row = Recording.objects.get()
    assert row.state == "failed"
    assert row.problem.startswith("The ")


def test_a_page_in_place_of_a_sound_is_not_kept(settings: Settings) -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 14\r\n\r\n<html>Hi</html"
    with bad_server(page) as server:
        point_to(settings, server.url)
        told_of(f"{server.url}/v1/files/x")
        chore.fetch_some()
        chore.fetch_some()
        assert len(server.requests) == 1
    row = Recording.objects.get()
    assert (row.state, row.problem, row.file.name) == ("failed", "What came is no recording but text/html.", "")
    assert not Path(settings.MEDIA_ROOT).exists()


def test_what_another_server_says_of_itself_is_quoted_so_that_every_database_takes_it(settings: Settings) -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: te\0xt/\x1bhtml\r\nContent-Length: 14\r\n\r\n<html>Hi</html"
    with bad_server(page) as server:
        point_to(settings, server.url)
        told_of(f"{server.url}/v1/files/x")
        chore.fetch_some()
    assert Recording.objects.get().problem == "What came is no recording but te\ufffdxt/\ufffdhtml."


def test_a_storage_that_is_full_is_tried_again(vonage: LocalVonage, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    lived_through(vonage, RECORD)
    with monkeypatch.context() as patch:
        patch.setattr("django.core.files.storage.FileSystemStorage._save", full)
        chore.fetch_some()
    row = Recording.objects.get()
    assert (row.state, row.problem) == ("waiting", "It could not be put into the storage: No space left on device")
    with time_machine.travel(timezone.now() + timedelta(seconds=11)):
        chore.fetch_some()
    assert Recording.objects.get().state == "kept"


def test_with_a_local_vonage_nothing_is_fetched_from_the_real_one(vonage: LocalVonage) -> None:
    told_of("https://api.nexmo.com/v1/files/x")
    chore.fetch_some()
    assert "the local Vonage" in Recording.objects.get().problem


# Finding them


def test_each_event_is_looked_at_again_for_some_seconds_and_then_no_more(
    django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calls.records.follow.PAGE", 3)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(5):
            make_call(extra=[{"recording_url": "https://api.nexmo.com/v1/files/x"}])
        assert not control.look(5)
        assert Recording.objects.count() == 5
        first = CallEvent.objects.filter(kind="record").order_by("pk").values_list("pk", flat=True)[0]
        Recording.objects.filter(event=first).delete()  # as if it had been committed after those that are newer
        clock.shift(14)
        assert not control.look(5)
        assert Recording.objects.count() == 5
        for _ in range(3):
            clock.shift(16)
            control.look(5)
        assert Bookmark.objects.get().seen == CallEvent.objects.order_by("-pk")[0].pk
        with django_assert_num_queries(2):
            control.look(5)


def test_a_long_history_is_looked_through_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calls.records.follow.PAGE", 2)
    for _ in range(4):
        make_call(extra=[{"recording_url": "https://api.nexmo.com/v1/files/x"}])
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert control.look(-1)
        clock.shift(16)
        portions = 1
        while control.look(-1):
            portions += 1
        assert portions > 5
    assert Recording.objects.count() == 4


def test_what_the_platform_has_no_longer_is_not_asked_for() -> None:
    row = told_of("https://api.nexmo.com/v1/files/x", at=datetime.now(UTC) - timedelta(days=31))
    assert (row.state, row.problem) == ("failed", "Vonage keeps recordings for 30 days.")


def test_an_event_that_comes_twice_makes_one_recording() -> None:
    event = {"recording_url": "https://api.nexmo.com/v1/files/x", "timestamp": "2026-11-23T14:02:11Z"}
    keep(event)
    keep(event)
    control.look(5)
    control.look(5)
    assert Recording.objects.count() == 1


# Letting go


def test_recordings_go_with_their_call_and_from_the_storage(vonage: LocalVonage, settings: Settings) -> None:
    lived_through(vonage, RECORD)
    chore.fetch_some()
    keep({"recording_url": "https://api.nexmo.com/v1/files/x"})  # of no call
    chore.fetch_some()
    path = Path(Recording.objects.exclude(file="").get().file.path)
    CallEvent.objects.update(received_at=timezone.now() - timedelta(days=20))
    settings.CALL_DAYS = 10
    assert sum(done["recordings deleted"] for done in prune(dry_run=True)) == 2
    assert path.exists()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.db.transaction.on_commit", lambda do: do())
        assert sum(done["recordings deleted"] for done in prune()) == 2
    assert not path.exists()
    assert not Recording.objects.exists()
    assert not Call.objects.exists()


def test_a_call_that_is_deleted_while_its_recording_is_fetched_leaves_no_file(
    vonage: LocalVonage, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived_through(vonage, RECORD)
    control.look(5)
    row = Recording.objects.get()
    fetch = files.fetch

    def fetch_and_lose(*given: Any, **options: Any) -> Any:
        Recording.objects.all().delete()
        return fetch(*given, **options)

    monkeypatch.setattr(control, "fetch_file", fetch_and_lose)
    control.fetch_one(row.pk)
    assert [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()] == []


def test_two_who_want_the_same_fetch_it_once(settings: Settings) -> None:
    row = told_of("https://api.nexmo.com/v1/files/x")
    assert Recording.objects.claim(row.pk, control.LEASE)
    assert control.fetch_one(row.pk) is None
    with time_machine.travel(timezone.now() + control.LEASE):  # who took it has died meanwhile
        assert Recording.objects.claim(row.pk, control.LEASE)


def test_files_that_nobody_names_are_swept_up_after_a_while(vonage: LocalVonage, settings: Settings) -> None:
    chore.sweep()
    lived_through(vonage, RECORD)
    chore.fetch_some()
    kept = Path(Recording.objects.get().file.path)
    lost = kept.with_name("0" * 32 + ".mp3")
    lost.write_bytes(b"ID3")
    chore.sweep()
    assert lost.exists()  # somebody may be at it
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        chore.sweep()
    assert not lost.exists()
    assert kept.exists()
    default_storage.delete(str(Recording.objects.get().file.name))


# The command


def typed(*words: str) -> tuple[int, str]:
    out, code = io.StringIO(), 0
    try:
        call_command("recordings", *words, stdout=out)
    except SystemExit as end:
        code = int(str(end.code))
    return code, out.getvalue()


def test_the_command_lists_and_fetches(vonage: LocalVonage) -> None:
    assert typed("list") == (0, "There is none.\n")
    assert typed("fetch") == (0, "Nothing is due.\n")
    call = lived_through(vonage, RECORD)
    code, words = typed("list")
    assert (code, f"  waits  call {call.pk}  " in words) == (0, True)
    assert typed("list", "--state", "kept")[1] == "There is none.\n"
    code, words = typed("fetch")
    row = Recording.objects.get()
    assert code == 0
    assert words.startswith(f"{row.pk}  kept  call {call.pk}  ")
    assert str(row.file.name) in words
    assert typed("fetch", str(row.pk)) == (0, f"{row.pk}  is kept already, or being fetched by the worker\n")


def test_the_command_tries_again_what_was_given_up(vonage: LocalVonage) -> None:
    vonage.platform.faults = vonage.platform.faults.__class__(missing_recordings=True)
    lived_through(vonage, RECORD)
    control.look(5)
    pk = str(Recording.objects.get().pk)
    Recording.objects.update(state="failed", tries=8)
    code, words = typed("fetch", pk)
    assert (code, "waits" in words, "no such recording" in words) == (1, True, True)
    vonage.platform.faults = vonage.platform.faults.__class__()
    assert typed("fetch", pk)[0] == 0
    with pytest.raises(CommandError, match="There is no recording 999"):
        typed("fetch", pk, "999")
