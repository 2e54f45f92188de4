"""What it takes: a scope, of tokens that are held to some, and the permission that the admin asks for."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from calls.models import ApiToken, CallFlow, Contact, OpeningHours, User
from tests.api.reading import problem, send
from tests.factories import OURS, make_call, make_number
from tests.sounds import make_sound
from tests.voicemails import make_message

pytestmark = pytest.mark.django_db

READS = [
    ("/api/calls/", "calls:read", None),
    ("/api/legs/", "calls:read", None),
    ("/api/events/", "calls:read", None),
    ("/api/recordings/", "calls:read", None),
    ("/api/voicemail/", "calls:read", None),
    ("/api/stats/", "calls:read", None),
    ("/api/numbers/", "numbers:read", "view_phonenumber"),
    (f"/api/numbers/{OURS}/", "numbers:read", "view_phonenumber"),
    ("/api/flows/", "flows:read", "view_callflow"),
    ("/api/flows/{flow}/", "flows:read", "view_callflow"),
    ("/api/flows/{flow}/draft/", "flows:read", "view_callflow"),
    ("/api/flows/{flow}/lint/", "flows:read", "view_callflow"),
    ("/api/flows/{flow}/versions/", "flows:read", "view_callflow"),
    ("/api/flows/{flow}/versions/1/", "flows:read", "view_callflow"),
    ("/api/flows/{flow}/publications/", "flows:read", "view_callflow"),
    ("/api/sounds/", "flows:read", "view_sound"),
    ("/api/contacts/", "contacts:read", "view_contact"),
    ("/api/rules/", "contacts:read", "view_callerrule"),
    ("/api/blocks/", "contacts:read", "view_block"),
    ("/api/hours/", "hours:read", "view_openinghours"),
    ("/api/hours/{hours}/", "hours:read", "view_openinghours"),
]
FLOW = {"callflow": 1, "name": "New", "steps": [{"kind": "greeting", "settings": {"text": "Hello."}}]}
WRITES: list[tuple[str, str, Any, int, str, str | None]] = [
    ("post", "/api/numbers/", {"msisdn": "442079460077"}, 201, "numbers:write", "add_phonenumber"),
    ("patch", f"/api/numbers/{OURS}/", {"label": "Desk"}, 200, "numbers:write", "change_phonenumber"),
    ("delete", f"/api/numbers/{OURS}/", None, 204, "numbers:write", "delete_phonenumber"),
    ("post", "/api/flows/", FLOW, 201, "flows:write", "add_callflow"),
    ("put", "/api/flows/{flow}/draft/", FLOW, 200, "flows:write", "change_callflow"),
    ("delete", "/api/flows/{loose}/", None, 204, "flows:write", "delete_callflow"),
    ("delete", "/api/sounds/{sound}/", None, 204, "flows:write", "delete_sound"),
    ("patch", "/api/calls/{call}/", {"handled": True}, 200, "calls:write", "change_call"),
    ("patch", "/api/voicemail/{message}/", {"state": "heard"}, 200, "voicemail:write", None),
    ("post", "/api/rules/", {"tag": "vip", "flow": 0}, 400, "contacts:write", "add_callerrule"),
    ("post", "/api/hours/", {}, 400, "hours:write", "add_openinghours"),
    ("patch", "/api/hours/{hours}/", {"name": "Desk"}, 200, "hours:write", "change_openinghours"),
    ("delete", "/api/hours/{hours}/", None, 204, "hours:write", "delete_openinghours"),
    ("post", "/api/flows/{flow}/publish/", {}, 201, "flows:publish", "publish_callflow"),
    ("post", "/api/flows/{flow}/versions/1/publish/", {}, 201, "flows:publish", "publish_callflow"),
    ("post", "/api/contacts/", {"name": "Anna"}, 201, "contacts:write", "add_contact"),
    ("patch", "/api/contacts/{contact}/", {"note": "x"}, 200, "contacts:write", "change_contact"),
    ("delete", "/api/contacts/{contact}/", None, 204, "contacts:write", "delete_contact"),
    ("post", "/api/blocks/", {"pattern": "+44 7700 900123"}, 201, "contacts:write", "add_block"),
    ("delete", "/api/hours/{hours}/override/", None, 200, "hours:write", "add_override"),
]


@pytest.fixture
def places() -> dict[str, int]:
    """What the addresses are about."""
    make_number()
    return {
        "flow": CallFlow.objects.get().pk,
        "loose": CallFlow.objects.create(name="Loose").pk,
        "sound": make_sound().pk,
        "message": make_message().pk,
        "call": make_call().pk,
        "contact": Contact.objects.create(name="Olga").pk,
        "hours": OpeningHours.objects.create(name="Shop").pk,
    }


def program(user: User, *scopes: str) -> Client:
    _, plain = ApiToken.objects.issue(user, scopes=list(scopes))
    return Client(headers={"Authorization": f"Token {plain}"})


@pytest.mark.parametrize(("address", "scope", "permission"), READS)
def test_reading(places: dict[str, int], staff: User, address: str, scope: str, permission: str | None) -> None:
    check(places, staff, ("get", address, None, 200, scope, permission))


@pytest.mark.parametrize("write", WRITES, ids=lambda write: f"{write[0]} {write[1]}")
def test_writing(places: dict[str, int], staff: User, write: Any) -> None:
    check(places, staff, write)


def check(places: dict[str, int], staff: User, what: Any) -> None:
    """Who lacks the scope or the permission is told so; who has just these may do it."""
    verb, address, body, status, scope, permission = what
    address = address.format(**places)
    told = problem(program(staff, "something:else"), verb, address, body, status=403, If_Match="*")
    assert f"“{scope}”" in told["detail"]
    olga = User.objects.create_user("olga")
    if permission:
        told = problem(program(olga), verb, address, body, status=403, If_Match="*")
        assert f"“calls.{permission}”" in told["detail"]
        olga.user_permissions.add(Permission.objects.get(codename=permission))
    send(program(olga, scope), verb, address, body, status=status, If_Match="*")
