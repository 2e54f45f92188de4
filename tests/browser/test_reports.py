"""The reports in a browser: good to use in every state, narrowed by the keyboard, and honest when nothing comes."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from calls.records.counting import count_news
from tests.browser.conftest import DESK, PHONE, Opens
from tests.browser.test_pages import check
from tests.factories import OURS, keep, make_call, make_number

OTHER = "442079460001"


@pytest.fixture
def calls(open_page: Opens) -> None:
    """Calls of two numbers, with an answer that nearly came too late."""
    make_number(OURS, label="Orders")
    make_number(OTHER, label="Workshop")
    at = datetime.now(UTC) - timedelta(days=1)
    for statuses in (("started", "failed"), ("started", "cancelled"), ("started", "answered", "completed")):
        make_call(*statuses, at=at)
    call = make_call(at=at, to=OTHER)
    reply = {"ncco": [], "milliseconds": 3400, "version": None}
    keep({"uuid": call.legs.get().uuid, "conversation_uuid": call.conversation_uuid, "reply": reply}, door="answer")
    count_news()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_reports_are_good_to_use(open_page: Opens, calls: None, size: dict[str, int]) -> None:
    page = open_page("/reports/", size=size)
    check(page, size)
    page.get_by_label("Days").select_option("dates")
    expect(page.get_by_label("From")).to_be_visible()


def test_reports_before_the_first_call_are_good_to_use(open_page: Opens) -> None:
    check(open_page("/reports/"), DESK)


def figure(page: Page) -> str:
    return page.locator(".reports-stats dd").first.inner_text().split()[0]


def test_the_keyboard_narrows_them_to_a_number(open_page: Opens, calls: None) -> None:
    page = open_page("/reports/")
    assert figure(page) == "4"
    page.get_by_role("combobox", name="Number").focus()
    page.keyboard.type("Work")
    show = page.get_by_role("button", name="Show")
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(show).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-reports-said]")).to_contain_text("+44 20 7946 0001")
    assert page.url.endswith(f"/reports/?period=14d&number={OTHER}")
    assert figure(page) == "1"
    expect(show).to_be_focused()
    page.go_back()
    expect(page.locator("[data-reports-about]")).to_contain_text("all numbers")
    assert figure(page) == "4"


def test_figures_that_do_not_come_are_said_to_be_missing(open_page: Opens, calls: None) -> None:
    page = open_page("/reports/")
    waiting: list[Route] = []
    page.route("**/reports/?*", lambda route: waiting.append(route))
    page.get_by_role("button", name="Show").click()
    expect(page.locator("[data-report]")).to_have_attribute("aria-busy", "true")
    expect(page.locator(".reports-bone").first).to_be_visible()
    waiting[0].abort("connectionrefused")
    expect(page.get_by_role("alert")).to_contain_text("The figures could not be read")
    page.unroute("**/reports/?*")
    page.get_by_role("link", name="Try again").click()
    expect(page.locator("[data-reports-about]")).to_contain_text("all numbers")
    assert figure(page) == "4"


def test_on_a_phone_the_newest_end_is_seen_first(open_page: Opens, calls: None) -> None:
    page = open_page("/reports/", size=PHONE)
    chart = page.locator(".reports-newest").first
    box = chart.evaluate(
        "box => [box.getBoundingClientRect().right, box.firstElementChild.getBoundingClientRect().right]"
    )
    assert abs(box[0] - box[1]) < 2
    assert chart.evaluate("box => box.scrollWidth > box.clientWidth")
