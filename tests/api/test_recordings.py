"""Recordings in a call's JSON, and GET /api/recordings/<id>/, which is their sound."""

import pytest
from django.test import Client

from calls.models import ApiToken, Recording, User
from calls.models.people import Scope
from tests.api.reading import RECORDING_FIELDS, get
from tests.dashboard.test_recordings import SIZE, SOUND, body, make_recording

pytestmark = pytest.mark.django_db


def test_a_call_lists_what_was_recorded_of_it(api: Client) -> None:
    row = make_recording()
    (told,) = get(api, f"/api/calls/{row.event.call_id}/")["recordings"]
    assert list(told) == RECORDING_FIELDS
    assert (told["id"], told["state"], told["size"], told["problem"]) == (row.pk, "kept", SIZE, None)
    assert told["sound"] == f"/api/recordings/{row.pk}/"
    assert told["started_at"] < told["ended_at"]
    listed = get(api, "/api/calls/")["results"][0]["recordings"]
    assert listed == [told]


def test_one_that_is_not_here_says_why(api: Client) -> None:
    row = make_recording(state="failed", problem="Vonage has no such recording.")
    (told,) = get(api, f"/api/calls/{row.event.call_id}/")["recordings"]
    assert (told["sound"], told["size"], told["content_type"]) == (None, None, None)
    assert told["problem"] == "Vonage has no such recording."
    assert api.get(f"/api/recordings/{row.pk}/").status_code == 404


@pytest.mark.parametrize("accept", ["audio/*", "*/*", "application/json", ""])
def test_a_program_fetches_the_sound(api: Client, accept: str) -> None:
    address = f"/api/recordings/{make_recording().pk}/"
    whole = api.get(address, headers={"Accept": accept})
    assert (whole.status_code, whole["Content-Type"], body(whole)) == (200, "audio/mpeg", SOUND)
    part = api.get(address, headers={"Accept": accept, "Range": "bytes=5-9"})
    assert (part.status_code, part["Content-Range"], body(part)) == (206, f"bytes 5-9/{SIZE}", SOUND[5:10])
    assert api.head(address).headers["Content-Length"] == str(SIZE)
    beyond = api.get(address, headers={"Accept": accept, "Range": f"bytes={SIZE}-"})
    assert (beyond.status_code, beyond["Content-Type"]) == (416, "application/problem+json")
    assert (beyond["Content-Range"], beyond.json()["status"]) == (f"bytes */{SIZE}", 416)


def test_a_token_without_that_scope_hears_nothing(staff: User) -> None:
    row = make_recording()
    _, plain = ApiToken.objects.issue(staff, scopes=[Scope.PLACE_CALLS])
    response = Client(headers={"Authorization": f"Token {plain}"}).get(f"/api/recordings/{row.pk}/")
    assert (response.status_code, response["Content-Type"]) == (403, "application/problem+json")


@pytest.mark.parametrize("pk", ["0", "999", "9" * 30])
def test_one_that_is_not_there_is_a_404_problem(api: Client, pk: str) -> None:
    assert not Recording.objects.exists()
    response = api.get(f"/api/recordings/{pk}/", headers={"Accept": "audio/*"})
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
