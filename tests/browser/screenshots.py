"""The pictures of `docs/pages.md`: `make screenshots` takes them all anew, of a shop that never was.

Each page wide in light and dark, and phone-sized. Whoever takes them looks at them.
"""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from playwright.sync_api import Page
from pytest_django import Settings

from calls.models import Call, CallFlow, Contact, OpeningHours, PhoneNumber, User
from tests.browser import stage
from tests.browser.conftest import PHONE, Opens

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
WIDE = {"width": 1280, "height": 800}
MOST_HIGH = 3_000  # px of a picture
QUALITY = 82  # of WebP


def take(page: Page, name: str, *, whole: bool = True) -> None:
    """Write what the page shows, and what is below the window as well, as WebP."""
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready.then(() => document.activeElement?.blur())")
    size = page.viewport_size
    assert size
    high = page.evaluate("document.documentElement.scrollHeight") if whole else size["height"]
    chrome = page.context.new_cdp_session(page)
    clip = {"x": 0, "y": 0, "width": size["width"], "height": min(high, MOST_HIGH), "scale": 1}
    options = {"format": "webp", "quality": QUALITY, "clip": clip, "captureBeyondViewport": True}
    (FOLDER / f"{name}.webp").write_bytes(base64.b64decode(chrome.send("Page.captureScreenshot", options)["data"]))


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(stage.NOW, tick=True) as found:
        yield found


@pytest.fixture
def addresses(clock: time_machine.Traveller, person: User, settings: Settings) -> dict[str, str]:
    """The stage is set; where each page is."""
    settings.BASE_URL = "https://calls.example.com"
    stage.set_up(person, clock)
    admin, orders = "/admin/calls", CallFlow.objects.get(name="Orders")
    left = Call.objects.get(from_number=stage.MARGARET, started_at__gte=stage.NOW.replace(hour=0))
    hours = OpeningHours.objects.get(name="Shop")
    return {
        "home": "/home/",
        "voicemail": "/voicemail/",
        "calls": "/",
        "calls-none": "/?q=margaret&show=failed&days=7",
        "call": left.get_absolute_url(),
        "events": "/events/",
        "reports": "/reports/",
        "place": f"/call?to={stage.ANNA}&text=Your+bike+is+ready.",
        "api": "/api/docs/",
        "missing": "/no/such/page/",
        "numbers": f"{admin}/phonenumber/",
        "number": f"{admin}/phonenumber/{PhoneNumber.objects.get(msisdn=stage.SHOWROOM).pk}/change/",
        "flow": f"{admin}/callflow/{orders.pk}/change/",
        "hours": f"{admin}/openinghours/{hours.pk}/change/",
        "contacts": f"{admin}/contact/",
        "contact": f"{admin}/contact/{Contact.objects.get(name='Anna Kowalska').pk}/change/",
        "blocks": f"{admin}/block/",
    }


LOOKS = (("light", WIDE, "light"), ("dark", WIDE, "dark"), ("phone", PHONE, "light"))


def test_pages(open_page: Opens, addresses: dict[str, str]) -> None:
    for look, size, theme in LOOKS:
        page = open_page("/healthz", size=size, theme=theme)
        for name, address in addresses.items():
            page.goto(address)
            take(page, f"{name}-{look}")


def test_first_start_and_login(open_page: Opens, settings: Settings) -> None:
    settings.BASE_URL = "https://calls.example.com"
    for look, size, theme in LOOKS:
        take(open_page("/", size=size, theme=theme), f"empty-{look}")
        take(open_page("/login/", size=size, theme=theme, logged_in=False), f"login-{look}", whole=False)
