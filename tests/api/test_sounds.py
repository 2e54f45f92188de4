"""/api/sounds/: what callers can be played, brought and removed by programs."""

from typing import Any

import pytest
from django.test import Client

from calls.models import Sound, User
from tests.api.reading import get, problem, send
from tests.flows.drafts import publish_flow
from tests.sounds import make_sound, mp3, wav

pytestmark = pytest.mark.django_db
SOUNDS = "/api/sounds/"
FIELDS = [
    *["id", "name", "path", "content_type", "seconds", "size", "rate", "channels", "bits", "warnings", "made_by"],
    "made_at",
]


def bring(api: Client, data: bytes, query: str = "?name=Welcome", kind: str = "audio/wav", **headers: str) -> Any:
    return api.post(f"{SOUNDS}{query}", data, content_type=kind, headers=headers)


def test_a_sound_is_brought_heard_renamed_and_removed(api: Client, staff: User) -> None:
    brought = bring(api, wav(rate=44_100))
    assert brought.status_code == 201, brought.content
    told = brought.json()
    assert list(told) == FIELDS
    assert (told["name"], told["content_type"], told["seconds"]) == ("Welcome", "audio/wav", 1.0)
    assert told["made_by"] == staff.username
    assert "44.1 kHz" in told["warnings"][0]
    assert b"".join(Client().get(told["path"])) == wav(rate=44_100)
    address = brought["Location"]
    assert get(api, address) == told == get(api, SOUNDS)["results"][0]
    assert send(api, "patch", address, {"name": "Hold"}).json() == told | {"name": "Hold"}
    assert get(api, SOUNDS, q="welc")["results"] == []
    send(api, "delete", address, status=204)
    assert not Sound.objects.exists()


def test_it_is_read_by_its_bytes_whatever_it_is_called(api: Client) -> None:
    assert bring(api, mp3(), kind="audio/x-unknown").json()["content_type"] == "audio/mpeg"


@pytest.mark.parametrize(
    ("data", "query", "kind", "status"),
    [
        (b"OggS and more", "?name=x", "audio/ogg", 400),
        (b"", "?name=x", "audio/wav", 400),
        (wav(), "", "audio/wav", 400),
        (wav(), "?name=" + "x" * 101, "audio/wav", 400),
        (wav(), "?name=x&nome=y", "audio/wav", 400),
        (wav(), "?name=x", "application/json", 415),
        (bytes(10 * 2**20 + 1), "?name=x", "audio/wav", 413),
    ],
)
def test_what_is_no_sound_is_a_problem(api: Client, data: bytes, query: str, kind: str, status: int) -> None:
    response = bring(api, data, query, kind)
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json"), response.content
    assert response.json()["detail"]
    assert not Sound.objects.exists()


def test_the_same_sound_is_here_once_and_a_repeated_request_gets_its_answer(api: Client) -> None:
    first = bring(api, wav())
    again = bring(api, wav())
    assert again.status_code == 409
    assert f"as “Welcome”, {first.json()['id']}" in again.json()["detail"]
    second = bring(api, wav(seed=1), **{"Idempotency-Key": "k2"})
    replayed = bring(api, wav(seed=1), **{"Idempotency-Key": "k2"})
    assert (replayed.json(), replayed["Idempotency-Replayed"]) == (second.json(), "true")
    assert bring(api, wav(seed=2), **{"Idempotency-Key": "k2"}).status_code == 409


def test_a_sound_that_is_played_stays_and_says_where(api: Client) -> None:
    sound = make_sound()
    publish_flow("Orders", ("audio", {"sound": sound.pk}, {}))
    told = problem(api, "delete", f"{SOUNDS}{sound.pk}/", status=409)
    assert "is played by Orders" in told["detail"]
    assert Sound.objects.exists()
