"""What holds on every page of the admin."""

from html.parser import HTMLParser

import pytest
from django.test import Client

from calls.models import ApiToken, Block, CallerRule, CallFlow, OpeningHours, Tag, User
from tests.admin.forms import member_of_staff
from tests.factories import make_call, make_contact, make_number
from tests.sounds import make_sound

NAMES = ["phonenumber", "openinghours", "call", "leg", "callevent", "refusal", "user", "apitoken", "sound"]
NAMES += ["contact", "callerrule", "block"]
ADDED = ["phonenumber", "openinghours", "user", "apitoken", "sound", "contact", "callerrule", "block"]


class Page(HTMLParser):
    """Collects what our policy would keep a browser from running or applying."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        self.inline += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        self.inline += [
            f"{tag} {value}" for value in given.values() if value and "://" in value and tag not in {"svg", "a"}
        ]
        self.ids += [given["id"] or ""] if "id" in given else []


@pytest.fixture
def addresses(staff: User) -> list[str]:
    """Every kind of page."""
    number, call = make_number(label="Main line"), make_call()
    token, _ = ApiToken.objects.issue(staff)
    rows = {"openinghours": OpeningHours.objects.create(name="Shop").pk, "phonenumber": number.pk}
    rows |= {"call": call.pk, "leg": call.legs.get().pk}
    rows |= {"callevent": call.events.all()[0].pk, "user": staff.pk, "apitoken": token.pk, "sound": make_sound().pk}
    rule = CallerRule.objects.create(tag=Tag.objects.named(["vip"])[0], flow=CallFlow.objects.create(name="VIPs"))
    rows |= {"contact": make_contact("Anna", "447700900123").pk, "callerrule": rule.pk}
    rows |= {"block": Block.objects.create(pattern="447700900456").pk}
    lists = ["/admin/", "/admin/calls/", "/admin/auth/group/", "/admin/auth/group/add/", "/admin/password_change/"]
    lists += [f"/admin/calls/{name}/" for name in NAMES]
    lists += [f"/admin/calls/{name}/add/" for name in ADDED]
    lists += [f"/admin/calls/{name}/{pk}/change/" for name, pk in rows.items()]
    return [*lists, f"/admin/calls/phonenumber/{number.pk}/delete/", f"/admin/calls/phonenumber/{number.pk}/history/"]


def test_no_page_needs_more_than_the_policy_allows(login: Client, addresses: list[str]) -> None:
    for address in addresses:
        response = login.get(address)
        assert response.status_code == 200, address
        assert "default-src 'self'" in response["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
        assert response["X-Content-Type-Options"] == "nosniff"
        page = Page(response.content.decode())
        assert page.inline == [], address
        assert len(page.ids) == len(set(page.ids)), address


def test_the_login_has_our_brand_and_nothing_inline(client: Client, db: None) -> None:
    text = client.get("/admin/login/").content.decode()
    assert Page(text).inline == []
    assert "Callserver" in text
    assert "calls/admin.css" in text


def test_lists_stand_in_the_order_in_which_staff_think_of_them(login: Client) -> None:
    groups = login.get("/admin/").context["app_list"]
    told = {group["name"]: [str(model["name"]) for model in group["models"]] for group in groups}
    assert told == {
        "Call server": ["Call flows", "Numbers", "Opening hours", "Sound files"],
        "Callers": ["Contacts", "Rules for callers", "Blocked callers"],
        "Call log": ["Calls", "Legs", "Events", "Refused requests"],
        "Accounts": ["Users", "Groups", "API tokens"],
    }


def test_staff_see_only_what_they_may(db: None) -> None:
    groups = member_of_staff("view_call").get("/admin/").context["app_list"]
    assert [(group["name"], [str(model["name"]) for model in group["models"]]) for group in groups] == [
        ("Call log", ["Calls"])
    ]
