"""Calling somebody, as a person does it: asked first, seen on the call's page, spoken into, hung up."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from calls.emulator.people import Person
from calls.models import User
from tests.browser.conftest import PHONE, Opens
from tests.browser.test_pages import found_by_axe
from tests.control.conftest import LocalVonage, local_vonage, point_to
from tests.factories import OURS, make_number

TEXT = "Your taxi is waiting outside. " * 40  # takes more than a minute: the call is not over before we hang up


@pytest.fixture
def vonage(live_server: LiveServer, settings: Any) -> Iterator[LocalVonage]:
    """A local Vonage whose people pick up at once, and whose webhooks reach the live server."""
    settings.BASE_URL = live_server.url
    settings.VONAGE_APPLICATION_ID = ""
    secret = settings.VONAGE_SIGNATURE_SECRET[0]
    with local_vonage(person=Person(after=0.5), speed=1, secret=secret, number=OURS) as found:
        point_to(settings, found.base)
        yield found


def test_somebody_is_called_spoken_to_and_hung_up_on(open_page: Opens, vonage: LocalVonage, person: User) -> None:
    make_number(OURS, greeting="Hello world!", label="Orders")
    page = open_page(f"/call?to=447700900456&text={TEXT}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Call +44 7700 900456?")
    expect(page.get_by_text("United Kingdom", exact=True)).to_be_visible()
    assert vonage.placed == []
    assert found_by_axe(page) == []
    page.get_by_role("button", name="Call now").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("We called +44 7700 900456")
    expect(page.get_by_text("placed the call, to say")).to_be_visible()
    expect(page.get_by_text("Picked up").first).to_be_visible()
    assert vonage.placed == ["447700900456"]

    page.get_by_role("button", name="Speak into it").click()
    page.get_by_label("Text that both sides hear").fill("The driver is Tom.")
    page.get_by_role("button", name="Read it to them").click()
    expect(page.get_by_text("The text is being read into the call.")).to_be_visible()
    assert any("The driver is Tom." in one.words for one in vonage.platform.trace.kept)

    page.get_by_role("button", name="Hang up").click()
    expect(page.get_by_text("Hung up.", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Call +44 7700 900456 again")).to_be_visible()
    (leg,) = vonage.platform.legs.values()
    assert leg.is_over


def test_number_that_is_not_called_is_told_on_a_phone_too(open_page: Opens, vonage: LocalVonage, person: User) -> None:
    make_number(OURS, greeting="Hello world!", label="Orders")
    page = open_page("/call", size=PHONE)
    page.get_by_label("Number to call").fill("+44 1534 123456")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("is in JE, and calls go to GB only")
    expect(page.get_by_role("button", name="Call now")).to_have_count(0)
    assert found_by_axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert vonage.placed == []
