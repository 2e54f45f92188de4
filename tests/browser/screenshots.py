"""The pictures of `docs/pages.md`: `make screenshots` takes them all anew, of a shop that never was.

Each page wide in light and dark, and phone-sized. Whoever takes them looks at them.
"""

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from playwright.sync_api import Page, expect
from pytest_django import Settings

from calls.dashboard import filtering
from calls.models import Call, CallFlow, Contact, OpeningHours, PhoneNumber, User
from tests.browser import stage
from tests.browser.conftest import PHONE, Opens
from tests.browser.test_phone import open_phone, phones, shop  # noqa: F401 -- a fixture
from tests.control.conftest import LocalVonage, point_to

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
WIDE = {"width": 1280, "height": 800}
MOST_HIGH, TALL = 1_700, 3_000  # px of a picture
MARGIN = 12  # px around a part
QUALITY = 82  # of WebP
SETTLED_MS = 400  # after which scripts have drawn what they draw
LOOKS = (("light", WIDE, "light"), ("dark", WIDE, "dark"), ("phone", PHONE, "light"))


def take(page: Page, name: str, *, most: int = TALL, part: str = "") -> None:
    """Write the whole page, or a part of it, as WebP."""
    page.wait_for_timeout(SETTLED_MS)
    page.evaluate("document.fonts.ready.then(() => document.activeElement?.blur())")
    size = page.viewport_size
    assert size
    high = max(page.evaluate("document.documentElement.scrollHeight"), size["height"])
    page.set_viewport_size({"width": size["width"], "height": min(high, most)})  # what is fixed goes to the bottom
    clip: dict[str, float] = {"x": 0, "y": 0, "width": size["width"], "height": min(high, most)}
    if part:
        box = page.locator(part).bounding_box()
        assert box
        clip = {"x": max(box["x"] - MARGIN, 0), "y": box["y"] - MARGIN, "width": box["width"] + 2 * MARGIN}
        clip["width"] = min(clip["width"], size["width"] - clip["x"])
        clip["height"] = min(box["height"] + 2 * MARGIN, most)
    chrome = page.context.new_cdp_session(page)
    options = {"format": "webp", "quality": QUALITY, "clip": clip | {"scale": 1}, "captureBeyondViewport": True}
    (FOLDER / f"{name}.webp").write_bytes(base64.b64decode(chrome.send("Page.captureScreenshot", options)["data"]))
    page.set_viewport_size(size)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(stage.NOW, tick=True) as found:
        yield found


@pytest.fixture
def addresses(clock: time_machine.Traveller, person: User, settings: Settings) -> dict[str, str]:
    """The stage is set; where each page is, and which part of it is meant."""
    settings.BASE_URL = "https://calls.example.com"
    settings.OUTBOUND_FROM = stage.ORDERS
    point_to(settings, "https://api.example.com")  # where nothing is sent
    stage.set_up(person, clock)
    admin, orders = "/admin/calls", CallFlow.objects.get(name="Orders")
    left = Call.objects.get(from_number=stage.MARGARET, started_at__gte=stage.NOW.replace(hour=0))
    flow = f"{admin}/callflow/{orders.pk}/change/"
    return {
        "home": "/home/",
        "voicemail": "/voicemail/",
        "calls": "/",
        "calls-none": "/?q=margaret&show=failed&days=7",
        "calls-further": "/?show=missed&hours_from=03:00&hours_to=03:00",
        "call": left.get_absolute_url(),
        "events": "/events/",
        "reports": "/reports/",
        "place": f"/call?to={stage.ANNA}&text=Your+bike+is+ready.",
        "api": "/api/docs/",
        "swagger": "/api/docs/swagger/",
        "missing": "/no/such/page/",
        "numbers": f"{admin}/phonenumber/",
        "number": f"{admin}/phonenumber/{PhoneNumber.objects.get(msisdn=stage.SHOWROOM).pk}/change/",
        "flows": f"{admin}/callflow/",
        "flow": flow,
        "flow-seen": f"{flow}?if-at=2026-11-23T14:07&if-caller=Ivy+Chen&if-keys=1#seen",
        "hours": f"{admin}/openinghours/{OpeningHours.objects.get(name='Shop').pk}/change/",
        "contacts": f"{admin}/contact/",
        "contact": f"{admin}/contact/{Contact.objects.get(name='Anna Kowalska').pk}/change/",
        "blocks": f"{admin}/block/",
    }


def test_pages(
    open_page: Opens, addresses: dict[str, str], clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filtering, "MOST_LOOKED_AT", 10)  # as on a log with far more calls than this one
    for look, size, theme in LOOKS:
        page = open_page("/healthz", size=size, theme=theme)
        for name, address in addresses.items():
            clock.move_to(stage.NOW + timedelta(seconds=30))
            page.goto(address)
            if name == "swagger":
                page.locator(".opblock").first.wait_for()
            most = TALL if name in {"reports", "flow", "call"} else MOST_HIGH
            take(page, f"{name}-{look}", most=most, part="#seen" if address.endswith("#seen") else "")


def test_first_start_and_login(open_page: Opens, settings: Settings) -> None:
    settings.BASE_URL, settings.HTTPS = "https://calls.example.com", True
    for look, size, theme in LOOKS:
        take(open_page("/", size=size, theme=theme), f"empty-{look}")
        take(open_page("/login/", size=size, theme=theme, logged_in=False), f"login-{look}")


def test_phone_of_the_local_vonage(open_page: Opens, shop: LocalVonage) -> None:  # noqa: F811
    for look, size, theme in LOOKS:
        page = open_phone(open_page, shop, size=size, theme=theme)
        first, second = phones(page)
        first.get_by_role("button", name="Ring").click()
        expect(first.get_by_role("list")).to_contain_text("For orders press two.")
        first.get_by_role("button", name="2 ABC").click()
        second.get_by_role("button", name="Pick up").click()
        expect(second.get_by_text("On the line")).to_be_visible()
        take(page, f"phone-{look}")
        first.get_by_role("button", name="Hang up").click()
