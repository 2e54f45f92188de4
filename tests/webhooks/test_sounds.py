"""Sound files for Vonage: without a login, without a query, in ranges, kept for ever by whoever fetched them."""

import hashlib
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models, transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from calls.flows.publish import publish
from calls.flows.urls import absolute
from calls.models import CallFlow, Publication, Sound, Step, User
from calls.models.sounds import Upload
from tests.sounds import make_sound, mp3, wav

pytestmark = pytest.mark.django_db


def body(response: HttpResponseBase) -> bytes:
    return b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("data", "content_type", "extension"), [(wav(2.0), "audio/wav", "wav"), (mp3(), "audio/mpeg", "mp3")]
)
def test_a_stranger_gets_a_sound_at_its_address(client: Client, data: bytes, content_type: str, extension: str) -> None:
    sound = make_sound(data=data)
    digest = hashlib.sha256(data).hexdigest()
    assert sound.path == f"/sounds/{digest}.{extension}" == reverse("sound", args=[digest, extension])
    response = client.get(sound.path)
    assert (response.status_code, body(response)) == (200, data)
    names = ("Content-Type", "Content-Length", "Accept-Ranges", "Cache-Control", "ETag", "X-Content-Type-Options")
    assert [response[name] for name in names] == [
        content_type,
        str(len(data)),
        "bytes",
        "public, max-age=31536000, immutable",
        f'"{digest}"',
        "nosniff",
    ]
    assert "Vary" not in response
    assert "Content-Disposition" not in response
    assert not response.cookies


def test_no_query_is_made_for_it(
    client: Client, login: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    path = make_sound().path
    with django_assert_num_queries(0):
        assert body(client.get(path)) == wav()
        assert body(login.get(path)) == wav()
        assert client.get("/sounds/" + "0" * 64 + ".wav").status_code == 404


def test_head_range_and_what_is_known_already(client: Client) -> None:
    data = wav(2.0)
    path = make_sound(data=data).path
    head = client.head(path)
    assert (head.status_code, head.content, head["Content-Length"]) == (200, b"", str(len(data)))
    part = client.get(path, headers={"Range": "bytes=10-19"})
    assert (part.status_code, body(part), part["Content-Range"]) == (206, data[10:20], f"bytes 10-19/{len(data)}")
    assert client.get(path, headers={"Range": f"bytes={len(data)}-"}).status_code == 416
    known = client.get(path, headers={"If-None-Match": head["ETag"]})
    assert (known.status_code, known.content) == (304, b"")
    assert known["Cache-Control"] == "public, max-age=31536000, immutable"
    assert body(client.get(path, headers={"Range": "bytes=0-1", "If-Range": '"other"'})) == data


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_it_can_only_be_read(client: Client, method: str) -> None:
    assert getattr(client, method)(make_sound().path).status_code == 405


def test_nothing_else_is_given_away(client: Client) -> None:
    sound = make_sound()
    digest = sound.digest
    for path in (f"/sounds/{digest}.mp3", f"/sounds/{digest}", f"/sounds/{digest[:-1]}.wav", f"/sounds/{digest}.txt"):
        assert client.get(path).status_code == 404, path
    for path in (f"/sounds/{digest.upper()}.wav", f"/webhooks/sounds/{digest}.wav", "/sounds/", "/media/sounds/"):
        assert client.get(path).status_code == 404, path
    for path in (f"/sounds/..%2f{digest}.wav", f"/sounds/{digest}.wav%0a", f"/sounds/{digest}.wav/"):
        assert client.get(path).status_code == 404, path


def test_the_address_is_told_at_base_url(settings: Settings) -> None:
    settings.BASE_URL = "https://calls.example.com"
    sound = make_sound()
    assert absolute(sound.path) == f"https://calls.example.com{sound.path}"


# Keeping and deleting


def upload(data: bytes) -> Upload:
    return Upload.of(SimpleUploadedFile("any.name", data))


def test_the_same_sound_is_kept_once(staff: User) -> None:
    first, new = Sound.objects.keep(upload(wav()), name="First", by=staff)
    again, newer = Sound.objects.keep(upload(wav()), name="Second", by=staff)
    assert (new, newer, again) == (True, False, first)
    assert (first.name, first.made_by, first.seconds, first.size) == ("First", staff, 1.0, len(wav()))
    folder = f"sounds/{first.digest[:2]}"
    assert default_storage.listdir(folder)[1] == [f"{first.digest}.wav"]


def test_two_who_bring_the_same_at_once_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one looks before the first has committed: neither row nor file is there to be seen."""
    first = make_sound()
    monkeypatch.setattr("calls.models.sounds.SoundQuerySet.first", lambda self: None)
    blind = SimpleNamespace(exists=lambda name: False, save=default_storage.save, delete=default_storage.delete)
    monkeypatch.setattr("calls.models.sounds.default_storage", blind)
    again, new = Sound.objects.keep(upload(wav()), name="Second")
    assert (again, new) == (first, False)
    assert default_storage.listdir(f"sounds/{first.digest[:2]}")[1] == [f"{first.digest}.wav"]


def test_a_sound_goes_with_its_file(
    client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    sound, other = make_sound(), make_sound(data=wav(seed=1))
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        sound.delete()
        assert default_storage.exists(str(sound.file.name))  # until it is certain
    assert client.get(sound.path).status_code == 404
    assert body(client.get(other.path)) == wav(seed=1)


def play(sound: Sound, flow: str = "Orders", **settings: Any) -> Step:
    return Step.objects.create(
        flow=CallFlow.objects.create(name=flow), kind="greeting", settings={"sound": sound.pk} | settings
    )


def test_a_sound_that_a_step_plays_is_not_deleted() -> None:
    sound = make_sound("Jingle")
    steps = [play(sound, f"Flow {serial}") for serial in range(7)]
    play(make_sound(data=wav(seed=1)), "Another flow")
    for rows in (sound, Sound.objects.all()):
        with pytest.raises(models.ProtectedError) as refused:
            rows.delete()
    words = str(refused.value.args[0])
    assert words.startswith(f"“Jingle” is played by Flow 0: {steps[0]}, Flow 1: {steps[1]}")
    assert words.endswith("and 2 more. Choose another sound there first, and publish.")
    assert "Another" not in words
    assert set(sound.steps()) == set(steps)
    assert Sound.objects.count() == 2
    for step in steps:
        step.delete()
    sound.delete()


def test_a_sound_that_callers_hear_is_not_deleted_whatever_the_draft_says() -> None:
    sound, now = make_sound("Jingle"), timezone.now()
    step = Step.objects.create(
        flow=CallFlow.objects.create(name="Orders"), kind="audio", settings={"sound": sound.pk, "url": ""}
    )
    first = publish(step.flow)
    Step.objects.filter(pk=step.pk).update(settings={"sound": None, "url": "https://example.com/other.mp3"})
    with pytest.raises(models.ProtectedError, match="is played by Orders v1, which callers hear"):
        sound.delete()
    publish(step.flow)
    assert sound.versions() == []
    hour = timedelta(hours=1)
    back = Publication.objects.create(flow=step.flow, version=first, from_at=now + hour, until_at=now + 2 * hour)
    assert sound.versions() == [first]  # it will be heard
    back.delete()
    other = Publication.objects.get(flow=step.flow, version__number=2)
    Publication.objects.filter(pk=other.pk).update(until_at=now + hour)
    assert sound.versions() == [first]  # it is heard again when that one ends
    Publication.objects.filter(pk=other.pk).update(until_at=None)
    sound.delete()
    assert not Sound.objects.exists()
