"""The list of calls narrowed in a real browser: nothing is loaded anew, and the keyboard stays where it was."""

import re

import pytest
from playwright.sync_api import Page, expect

from calls.models import Call
from calls.records import search
from tests.browser.conftest import DESK, PHONE, Opens
from tests.browser.test_pages import check
from tests.factories import make_call, make_number


@pytest.fixture
def calls(open_page: Opens) -> list[Call]:
    """Twelve answered calls, and three that were missed, of which one is from another number."""
    make_number(label="Main line")
    made = [make_call() for _ in range(12)]
    made += [make_call("started", "ringing", "timeout") for _ in range(2)]
    other: dict[str, str] = {"from": "447700900318"}
    made.append(make_call("started", "ringing", "timeout", **other))  # type: ignore[arg-type]
    search.write([call.pk for call in made])
    return made


def rows(page: Page) -> list[int]:
    return [int(row.get_attribute("data-id") or 0) for row in page.locator("tbody[data-recent] tr[data-id]").all()]


@pytest.mark.smoke
def test_search_filters_and_chips_without_a_page_load(open_page: Opens, calls: list[Call]) -> None:
    page = open_page("/")
    page.evaluate("window.stillHere = true")
    page.get_by_label("Search calls").fill("07700 900 318")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/\?q=07700\+900\+318$"))
    assert rows(page) == [calls[-1].pk]
    expect(page.get_by_label("Search calls")).to_be_focused()
    page.get_by_role("link", name=re.compile("^Missed")).click()
    expect(page).to_have_url(re.compile(r"show=missed"))
    off = page.get_by_role("link", name="Remove filter “07700 900 318”")
    off.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/\?show=missed$"))
    expect(page.locator("tbody[data-recent] tr[data-id]")).to_have_count(3)
    new = make_call("started", "ringing", "timeout")
    make_call()  # which is not asked for
    expect(page.locator(f"#call-{new.pk}")).to_be_visible()
    assert rows(page) == [new.pk, *(call.pk for call in reversed(calls[-3:]))]
    page.go_back()
    expect(page.locator("tbody[data-recent] tr[data-id]")).to_have_count(1)
    assert page.evaluate("window.stillHere === true")


def test_days_that_were_chosen_last_count(open_page: Opens, calls: list[Call]) -> None:
    page = open_page("/?days=7")
    page.get_by_text("Days and hours").click()
    page.get_by_label("First day").fill("2026-11-01")
    page.get_by_label("First day").press("Tab")
    page.get_by_role("button", name="Find").click()
    expect(page).to_have_url(re.compile(r"/\?since=2026-11-01$"))
    page.locator("select[name=days]").select_option("30")
    expect(page).to_have_url(re.compile(r"/\?days=30$"))


def test_another_page_is_read_from_its_beginning(open_page: Opens) -> None:
    for _ in range(60):
        make_call()
    page = open_page("/", size={"width": 1280, "height": 700})
    older = page.get_by_role("link", name="Older")
    older.scroll_into_view_if_needed()
    older.click()
    expect(page.get_by_role("heading", name="Older calls")).to_be_in_viewport()
    expect(page.locator("tbody[data-recent] tr[data-id]").first).to_be_in_viewport()


def test_call_that_fits_takes_the_place_of_no_match(open_page: Opens, calls: list[Call]) -> None:
    page = open_page("/?show=voicemail")
    expect(page.get_by_role("heading", name="No call matches")).to_be_visible()
    call = make_call(extra=[{"recording_url": "https://api.nexmo.com/v1/files/x"}])
    expect(page.locator(f"#call-{call.pk}")).to_be_visible()


def test_calls_found_are_saved_as_csv(open_page: Opens, calls: list[Call]) -> None:
    page = open_page("/?show=missed")
    with page.expect_download() as saved:
        page.get_by_role("link", name="CSV of these calls").click()
    assert re.fullmatch(r"calls-[\d-]+\.csv", saved.value.suggested_filename)
    assert saved.value.path().read_text(encoding="utf-8-sig").count("Missed") == 3


def test_list_that_cannot_be_loaded_says_so_and_tries_again(open_page: Opens, calls: list[Call]) -> None:
    page = open_page("/")
    page.route("**/*show=missed*", lambda route: route.abort("internetdisconnected"))
    page.locator("#chip-missed").click()
    expect(page.get_by_role("heading", name="The list could not be loaded")).to_be_visible()
    expect(page.locator("tbody[data-recent]")).to_be_hidden()
    page.unroute("**/*show=missed*")
    page.get_by_role("link", name="Try again").click()
    expect(page.locator("tbody[data-recent] tr[data-id]")).to_have_count(3)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("query", ["?q=318&show=missed&hours_from=00:00&since=x", "?q=nobody&show=failed"])
def test_narrowed_list_is_good_to_use(open_page: Opens, calls: list[Call], query: str, size: dict[str, int]) -> None:
    check(open_page(f"/{query}", size=size), size)
