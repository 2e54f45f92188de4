"""Opening hours in a real browser: by keyboard alone, without scripts, and good to use."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from calls.control.hours import override
from calls.models import Closure, OpeningHours, Override, User
from tests.browser.conftest import DESK, PHONE, Opens
from tests.browser.test_pages import found_by_axe
from tests.flows.test_hours_data import make_hours

ADD = "/admin/calls/openinghours/add/"


def type_there(page: Page, name: str, text: str) -> None:
    """Go on with Tab until the field of that name has the focus, and type."""
    for _ in range(60):
        if page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.id") == name:
            page.keyboard.press("ControlOrMeta+a")
            page.keyboard.type(text)
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {name}")


def test_hours_are_made_and_closed_for_a_while_by_keyboard(open_page: Opens) -> None:
    page = open_page(ADD)
    page.locator("#id_name").focus()
    type_there(page, "id_name", "Shop")
    type_there(page, "id_time_zone", "Australia/Lord_Howe")
    type_there(page, "Monday closes", "12:30")
    type_there(page, "Monday opens, time 2", "1:30pm")
    type_there(page, "Monday closes, time 2", "5pm")
    type_there(page, "Saturday opens", "22:00")
    type_there(page, "Saturday closes", "02:00")
    page.keyboard.press("Enter")
    expect(page.get_by_text("It closes at 02:00, before it opens at 22:00.")).to_be_visible()
    page.get_by_label("Saturday closes", exact=True).focus()
    type_there(page, "Saturday closes", "24:00")
    page.keyboard.press("Enter")
    expect(page.get_by_text("was added successfully")).to_be_visible()
    hours = OpeningHours.objects.get()
    assert [str(span) for span in hours.spans.filter(weekday__in=[0, 5])] == [
        "Monday 09:00–12:30",
        "Monday 13:30–17:00",
        "Saturday 22:00–24:00",
    ]
    page.goto(f"/admin/calls/openinghours/{hours.pk}/change/")
    page.locator("#id_override-message").fill("At a funeral.")
    page.get_by_role("button", name="Closed now").press("Enter")
    expect(page.get_by_text("Closed by Sam until").first).to_be_visible()
    assert Override.objects.get().message == "At a funeral."


def test_without_scripts_it_is_closed_and_opened_again(open_page: Opens) -> None:
    hours = make_hours()
    page = open_page("/admin/")
    browser = page.context.browser
    assert browser
    (session,) = [one for one in page.context.cookies() if one["name"] == "sessionid"]
    plain = browser.new_context(java_script_enabled=False, base_url=page.url)
    plain.add_cookies([{"name": "sessionid", "value": session["value"], "url": page.url}])
    page = plain.new_page()
    page.goto(f"/admin/calls/openinghours/{hours.pk}/change/")
    page.locator("#id_override-until").fill("2020-01-01T10:00")
    page.get_by_role("button", name="Closed now").click()
    expect(page.get_by_text("This time is past, so nothing would change.")).to_be_visible()
    later = (timezone.now() + timedelta(hours=2)).astimezone(hours.zone)
    page.locator("#id_override-until").fill(later.strftime("%Y-%m-%dT%H:%M"))
    page.get_by_role("button", name="Closed now").click()
    expect(page.get_by_text("Closed by Sam until").first).to_be_visible()
    page.get_by_role("button", name="End now: Closed until").click()
    expect(page.get_by_text("By the hours again.")).to_be_visible()
    plain.close()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_pages_are_good_to_use(open_page: Opens, person: User, size: dict[str, int]) -> None:
    hours, now = make_hours(), datetime.now(UTC)
    Closure.objects.create(
        hours=hours,
        name="Christmas",
        first_day=now.date() + timedelta(days=3),
        last_day=now.date() + timedelta(days=4),
        message="We are back soon.",
    )
    override(hours, "closed", now + timedelta(hours=2), person, "At a funeral.")
    page = open_page("/admin/", size=size)
    change = f"/admin/calls/openinghours/{hours.pk}/change/"
    for path in [
        "/admin/calls/openinghours/",
        ADD,
        change,
        f"{change}?override-until=2020-01-01T10:00&override-state=open",
    ]:
        page.goto(path)
        assert found_by_axe(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"], path
