"""Recordings on the call's page, and their sound: in ranges, behind the login, never a page of its own."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.http import HttpResponseBase
from django.test import Client

from calls.control.recordings import look
from calls.control.sounds import read_range
from calls.models import Call, Recording
from tests.dashboard.test_call_page import text_of
from tests.factories import keep, make_call

pytestmark = pytest.mark.django_db
SOUND = b"ID3\x04" + bytes(range(256)) * 400  # more than one piece
SIZE = len(SOUND)


def make_recording(*, seconds: int = 35, call: Call | None = None, **state: Any) -> Recording:
    """Give the recording of a call, kept unless told otherwise."""
    begun = datetime.now(UTC) - timedelta(minutes=1)
    times = {f"{name}_time": (begun + timedelta(seconds=s)).isoformat() for name, s in (("start", 0), ("end", seconds))}
    payload = {"recording_url": "https://api.nexmo.com/v1/files/x", "timestamp": datetime.now(UTC).isoformat()} | times
    if call:
        keep(payload | {"conversation_uuid": call.conversation_uuid})
    else:
        make_call(extra=[payload])
    look(5)
    row = Recording.objects.order_by("-pk")[0]
    if not state:
        row.file.save("sound.mp3", ContentFile(SOUND), save=False)
        state = {"state": "kept", "content_type": "audio/mpeg", "size": SIZE, "file": row.file.name}
    Recording.objects.filter(pk=row.pk).update(**state)
    row.refresh_from_db()
    return row


def body(response: HttpResponseBase) -> bytes:
    return b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]


def test_the_whole_sound(login: Client) -> None:
    row = make_recording()
    response = login.get(f"/recordings/{row.pk}/")
    assert (response.status_code, body(response)) == (200, SOUND)
    told = {name: response[name] for name in ("Content-Type", "Content-Length", "Accept-Ranges", "Cache-Control")}
    assert told == {
        "Content-Type": "audio/mpeg",
        "Content-Length": str(SIZE),
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
    }
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; media-src 'self'; sandbox"
    name = f"call-{row.event.call_id}-recording-{row.pk}.mp3"
    assert response["Content-Disposition"] == f'inline; filename="{name}"'
    saved = login.get(f"/recordings/{row.pk}/?download=1")
    assert saved["Content-Disposition"] == f'attachment; filename="{name}"'
    assert body(saved) == SOUND


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-", 0, SIZE - 1),
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=70000-", 70_000, SIZE - 1),
        ("bytes=-5", SIZE - 5, SIZE - 1),
        (f"bytes=-{SIZE * 2}", 0, SIZE - 1),
        (f"bytes=5-{SIZE * 2}", 5, SIZE - 1),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE - 1),
    ],
)
def test_a_range_of_it(login: Client, asked: str, first: int, last: int) -> None:
    response = login.get(f"/recordings/{make_recording().pk}/", headers={"Range": asked})
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert response["Content-Length"] == str(last - first + 1)
    assert body(response) == SOUND[first : last + 1]


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE + 5}-{SIZE + 9}", "bytes=-0"])
def test_a_range_that_there_is_not(login: Client, asked: str) -> None:
    response = login.get(f"/recordings/{make_recording().pk}/", headers={"Range": asked})
    assert (response.status_code, response["Content-Range"], body(response)) == (416, f"bytes */{SIZE}", b"")


@pytest.mark.parametrize(
    "asked",
    ["", "bytes=-", "bytes=9-5", "bytes=1-2,5-6", "seconds=1-2", "bytes=a-b", "bytes=1", "bytes=" + "9" * 40 + "-"],
)
def test_what_is_no_range_counts_as_not_asked(login: Client, asked: str) -> None:
    response = login.get(f"/recordings/{make_recording().pk}/", headers={"Range": asked})
    assert (response.status_code, len(body(response))) == (200, SIZE)


def test_ranges_are_read_as_the_standard_says() -> None:
    assert read_range("bytes=0-499", 10_000) == (0, 499)
    assert read_range("bytes=-500", 10_000) == (9_500, 9_999)
    assert read_range("bytes=0-", 0) == ()


def test_the_browser_may_ask_whether_it_has_changed(login: Client) -> None:
    url = f"/recordings/{make_recording().pk}/"
    tag = login.head(url)["ETag"]
    for headers, status, size in (
        ({"If-None-Match": tag}, 304, 0),
        ({"If-Range": tag, "Range": "bytes=0-1"}, 206, 2),
        ({"If-Range": '"another"', "Range": "bytes=0-1"}, 200, SIZE),
    ):
        response = login.get(url, headers=headers)
        assert (response.status_code, len(body(response))) == (status, size)
    head = login.head(url)
    assert (head.status_code, head["Content-Length"], body(head)) == (200, str(SIZE), b"")


def test_nobody_hears_it_without_a_login() -> None:
    row = make_recording()
    response = Client().get(f"/recordings/{row.pk}/")
    assert (response.status_code, response["Location"]) == (302, f"/login/?next=/recordings/{row.pk}/")
    assert Client().get(f"/recordings/{row.pk + 1}/").status_code == 302  # nor learns which there are
    assert str(row.file.name) not in Client().get(f"/media/{row.file.name}").content.decode()


@pytest.mark.parametrize("verb", ["post", "put", "patch", "delete"])
def test_it_is_only_read(login: Client, verb: str) -> None:
    assert getattr(Client(), verb)(f"/recordings/{make_recording().pk}/").status_code == 405


def test_what_is_not_there_is_not_found(login: Client) -> None:
    waiting = make_recording(state="waiting")
    kept = make_recording()
    Path(kept.file.path).unlink()
    for pk in (waiting.pk, kept.pk, 999_999):
        assert login.get(f"/recordings/{pk}/").status_code == 404


def page(login: Client, row: Recording) -> str:
    return login.get(f"/calls/{row.event.call_id}/").content.decode()


def test_the_page_has_a_player_with_ticks_and_a_link_to_save_it(login: Client) -> None:
    row = make_recording()
    html = page(login, row)
    assert f'<audio controls preload="none" src="/recordings/{row.pk}/"' in html
    assert f'href="/recordings/{row.pk}/?download=1" download' in html
    assert "MP3, 102 kB" in text_of(html)
    assert "0:35" in text_of(html)
    part = html[html.index('id="recordings"') : html.index('id="side"')]
    assert part.count("line-notch") == 6  # each fifth second of 35


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"state": "waiting"}, "The worker fetches it from Vonage in a moment."),
        (
            {"state": "waiting", "problem": "Vonage has no such recording."},
            "It is not here yet. Vonage has no such recording. The worker tries again.",
        ),
        ({"state": "failed", "problem": "<b>No</b>."}, "It could not be fetched. &lt;b&gt;No&lt;/b&gt;."),
    ],
)
def test_the_page_says_why_it_is_not_there(login: Client, state: dict[str, Any], words: str) -> None:
    html = page(login, make_recording(**state))
    assert words in text_of(html)
    assert "<b>No</b>" not in html
    assert "<audio" not in html


def test_several_are_told_apart(login: Client, django_assert_num_queries: Any) -> None:
    row = make_recording(seconds=3)
    call = row.event.call
    assert call
    url = f"/calls/{call.pk}/"
    with django_assert_num_queries(99, exact=False) as one:
        login.get(url)
    for seconds in (0, 70_000):
        make_recording(seconds=seconds, call=call)
    with django_assert_num_queries(len(one.captured_queries)):
        html = login.get(url).content.decode()
    assert [f"Message {number}" in text_of(html) for number in (1, 2, 3, 4)] == [True, True, True, False]


def test_a_call_without_any_shows_nothing_of_it(login: Client) -> None:
    html = login.get(f"/calls/{make_call().pk}/").content.decode()
    assert '<div id="recordings" data-part class="recordings">' in html
    assert "data-player" not in html


def test_what_happened_meanwhile_is_marked_on_its_line(login: Client) -> None:
    row = make_recording(seconds=30)
    call = row.event.call
    assert call
    assert row.started_at
    for seconds in (-5, 6, 31):
        at = row.started_at + timedelta(seconds=seconds)
        same = {"uuid": call.legs.get().uuid, "conversation_uuid": call.conversation_uuid}
        keep(same | {"dtmf": {"digits": "2"}, "timestamp": at.isoformat()})
    html = login.get(f"/calls/{call.pk}/").content.decode()
    marks = [float(x) for x in re.findall(r'class="player-event" d="M([-\d.]+) ', html)]
    assert 60.0 in marks  # of 300, as 6 s of 30
    assert 0 <= min(marks) <= max(marks) <= 300
