"""What is done to a call that goes on, from its page and by programs: it reaches the platform and stands in the log."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from calls.control.account import api_url
from calls.emulator.people import Person
from calls.models import ApiToken, Call, PhoneNumber, User
from tests.control.conftest import THEIRS, LocalVonage, point_to
from tests.control.conftest import local_vonage as serve

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(settings: Any, number: PhoneNumber) -> Iterator[tuple[LocalVonage, Call, Client]]:
    """A call that somebody has answered, the platform that carries it, and a browser that is logged in."""
    user = User.objects.create_user("anna", password="a-password-of-the-tests")
    token = ApiToken.objects.issue(user)[1]
    with serve(person=Person(after=0), speed=1) as vonage:
        point_to(settings, vonage.base)
        answer = Client().get(
            f"/call?to={THEIRS}&text=Please hold the line. Please hold the line.",
            headers={"Authorization": f"Token {token}"},
        )
        call = Call.objects.get(pk=answer.json()["id"])
        leg = vonage.platform.legs[answer.json()["uuid"]]
        until = time.monotonic() + 10
        while leg.answered_at is None and time.monotonic() < until:
            time.sleep(0.02)
        client = Client(headers={"Authorization": f"Token {token}"})
        client.force_login(user)
        yield vonage, call, client


def words(vonage: LocalVonage) -> list[str]:
    return [one.words for one in vonage.platform.trace.kept]


def acts(call: Call) -> list[str]:
    return list(call.events.filter(kind="action").order_by("pk").values_list("payload__action", flat=True))[1:]


def test_call_is_hung_up_from_its_page(line: tuple[LocalVonage, Call, Client]) -> None:
    vonage, call, client = line
    page = client.get(call.get_absolute_url()).content.decode()
    assert "Hang up" in page
    after = client.post(f"/calls/{call.pk}/act/", {"does": "hangup"}, follow=True)
    assert "Hung up." in after.content.decode()
    (leg,) = vonage.platform.legs.values()
    assert leg.is_over
    assert acts(call) == ["hung up"]
    again = client.post(f"/calls/{call.pk}/act/", {"does": "hangup"}, follow=True).content.decode()
    assert "The call is over" in again


@pytest.mark.parametrize(
    ("body", "seen", "kept"),
    [
        ({"does": "talk", "text": "Your taxi is here."}, "Your taxi is here.", "spoke into the call"),
        ({"does": "mute"}, "muted", "muted the caller"),
        ({"does": "unmute"}, "unmuted", "unmuted the caller"),
        ({"does": "hangup"}, "Call status: completed", "hung up"),
    ],
)
def test_program_acts_on_a_call(
    line: tuple[LocalVonage, Call, Client], body: dict[str, str], seen: str, kept: str
) -> None:
    vonage, call, client = line
    response = client.post(f"/api/calls/{call.pk}/act/", body, content_type="application/json")
    assert response.status_code == 204, response.content
    assert any(seen in one for one in words(vonage))
    (act,) = acts(call)
    assert act.startswith(kept)
    told = client.get(call.get_absolute_url()).content.decode()
    assert f"anna {kept}" in told


def test_caller_is_moved_to_a_flow(line: tuple[LocalVonage, Call, Client], number: PhoneNumber) -> None:
    vonage, call, client = line
    flow = number.flow
    assert flow
    body = {"does": "transfer", "flow": flow.name}
    response = client.post(f"/api/calls/{call.pk}/act/", body, content_type="application/json")
    assert response.status_code == 204, response.content
    assert any("transferred" in one for one in words(vonage))
    (act,) = call.events.filter(kind="action", payload__action__startswith="moved")
    assert act.payload["ncco"][0]["action"] == "talk"


@pytest.mark.parametrize(
    ("body", "status"),
    [({"does": "sing"}, 400), ({}, 400), ({"does": "talk"}, 400), ({"does": "transfer", "flow": "no such"}, 400)],
)
def test_what_cannot_be_done_is_told(line: tuple[LocalVonage, Call, Client], body: Any, status: int) -> None:
    _, call, client = line
    response = client.post(f"/api/calls/{call.pk}/act/", body, content_type="application/json")
    assert response.status_code == status
    assert acts(call) == []


def test_stranger_changes_nothing(line: tuple[LocalVonage, Call, Client]) -> None:
    vonage, call, _ = line
    assert Client().post(f"/calls/{call.pk}/act/", {"does": "hangup"}).status_code == 302
    assert Client().post(f"/api/calls/{call.pk}/act/", {"does": "hangup"}).status_code == 401
    (leg,) = vonage.platform.legs.values()
    assert not leg.is_over


REGIONS = {
    "https://api-eu-3.vonage.com": "https://api-eu-3.vonage.com",
    "https://api-us.nexmo.com": "https://api-us.nexmo.com",
    "http://api-eu-3.vonage.com": "https://api.nexmo.com",
    "https://api.nexmo.com@evil.example": "https://api.nexmo.com",
    "https://evil.example": "https://api.nexmo.com",
    "https://vonage.com.evil.example": "https://api.nexmo.com",
    "https://evilvonage.com": "https://api.nexmo.com",
    "https://api-eu-3.vonage.com:8443": "https://api.nexmo.com",
    "file:///etc/passwd": "https://api.nexmo.com",
    "https://[": "https://api.nexmo.com",
    "": "https://api.nexmo.com",
}


@pytest.mark.parametrize(("region", "used"), REGIONS.items())
def test_token_goes_to_the_platform_alone(settings: Any, region: str, used: str) -> None:
    settings.VONAGE_API_URL = "https://api.nexmo.com"
    assert api_url(region) == used


def test_local_vonage_has_no_regions(settings: Any) -> None:
    settings.VONAGE_API_URL = "http://127.0.0.1:3001"
    assert api_url("https://api-eu-3.vonage.com") == "http://127.0.0.1:3001"
