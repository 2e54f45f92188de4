"""The list of calls in a real browser: what comes in by itself, and what stays as it is while it is being read."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from calls.models import Call, CallEvent, User
from tests.browser.conftest import DESK, PHONE, Opens, wait_until
from tests.factories import CALLER, OURS, keep, make_call, make_event, make_number


def make_calls(count: int) -> list[Call]:
    """Make calls that are over, the newest one last. As bare rows: they are many, and the list alone reads them."""
    newest = datetime.now(UTC) - timedelta(minutes=5)
    times = [newest - timedelta(minutes=number) for number in reversed(range(count))]
    return Call.objects.bulk_create(
        Call(
            origin_uuid=f"CON-{at}", from_number=CALLER, to_number=OURS, outcome="answered", started_at=at, ended_at=at
        )
        for at in times
    )


def identities(call: Call) -> dict[str, Any]:
    """The fields by which an event belongs to this call."""
    return {"uuid": call.legs.get().uuid, "conversation_uuid": call.conversation_uuid}


def row(page: Page, call: Call) -> Locator:
    return page.locator(f"#call-{call.pk}")


def mark_page(page: Page) -> None:
    """Leave something behind that a page load would sweep away."""
    page.evaluate("window.stillHere = true")


def still_there(page: Page) -> bool:
    return bool(page.evaluate("window.stillHere === true"))


@pytest.mark.smoke
def test_new_call_comes_in_by_itself(open_page: Opens) -> None:
    make_calls(3)
    page = open_page("/")
    mark_page(page)
    call = make_call("started", "ringing")
    expect(row(page, call)).to_be_visible()
    expect(row(page, call)).to_contain_text("Ringing")
    expect(page.locator(f"#line-{call.pk}")).to_be_visible()
    expect(page.locator("tbody[data-recent] tr[data-id]").first).to_have_id(f"call-{call.pk}")
    expect(page.locator("[data-live-said]")).to_have_text("1 new call")
    assert still_there(page)


def test_call_changes_in_its_place(open_page: Opens) -> None:
    make_calls(2)
    call = make_call("started", "ringing", at=datetime.now(UTC))
    page = open_page("/")
    expect(row(page, call)).to_contain_text("Ringing")
    keep(make_event("answered", **identities(call)))
    expect(row(page, call)).to_contain_text("Listening")
    expect(page.locator(f"#line-{call.pk}")).to_contain_text("Listening")
    keep(make_event("completed", **identities(call)))
    expect(row(page, call)).to_contain_text("Heard a notice")
    expect(page.locator("[data-strip-panel]")).to_be_hidden()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_page_is_light_and_nothing_on_it_shifts_while_it_is_read(open_page: Opens, size: dict[str, int]) -> None:
    make_calls(60)
    call = make_call("started", "ringing", at=datetime.now(UTC))
    page = open_page("/", size=size)
    page.evaluate(
        """() => {
            window.shifts = [];
            const note = (list) => window.shifts.push(...list.getEntries().map((entry) => entry.value));
            new PerformanceObserver(note).observe({ type: "layout-shift", buffered: true });
        }"""
    )
    row(page, call).get_by_role("link").first.focus()
    keep(make_event("answered", **identities(call)))
    make_call()
    expect(row(page, call)).to_contain_text("Listening")
    expect(page.get_by_role("button", name="1 new call")).to_be_visible()
    assert sum(page.evaluate("window.shifts")) < 0.01  # the words of "Live" grow; 0.1 is called good
    sizes = page.evaluate(
        """["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
            .filter((entry) => !entry.name.includes("/live/")).map((entry) => [entry.name, entry.transferSize])"""
    )
    assert sum(size for _, size in sizes) < 100_000, sizes


def test_first_call_of_all_turns_the_empty_page_into_the_list(open_page: Opens) -> None:
    page = open_page("/")
    expect(page.get_by_role("heading", name="Nothing has rung yet")).to_be_visible()
    mark_page(page)
    call = make_call("started", "ringing")
    expect(row(page, call)).to_be_visible()
    assert still_there(page)
    keep(make_event("answered", **identities(call)))  # and it is live in its turn
    expect(row(page, call)).to_contain_text("Listening")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text(re.compile(r"Paused at"))).to_be_visible()


def test_nothing_moves_while_the_reader_has_scrolled(open_page: Opens) -> None:
    calls = make_calls(40)
    page = open_page("/")
    mark_page(page)
    page.mouse.move(700, 500)
    page.mouse.wheel(0, 800)
    wait_until(page, "scrollY > 700")
    read = row(page, calls[15])
    before = read.bounding_box()
    make_call("started", "ringing")
    make_call()
    button = page.get_by_role("button", name=re.compile(r"2 new calls since \d\d:\d\d\. Show them"))
    expect(button).to_be_visible()
    assert read.bounding_box() == before
    assert page.evaluate("scrollY") == 800
    button.click()
    expect(button).to_be_hidden()
    expect(page.locator("tbody[data-recent] tr[data-id]")).to_have_count(25 + 2)
    expect(page.locator("#now")).to_be_visible()
    assert page.evaluate("scrollY") == 0
    assert still_there(page)


def test_search_box_stays_where_it_is_while_somebody_types(open_page: Opens) -> None:
    make_call()
    page = open_page("/")
    box = page.get_by_label("Search calls")
    box.press_sequentially("0770")
    top = box.bounding_box()
    make_call("started", "ringing")
    expect(page.get_by_role("button", name="1 new call")).to_be_visible()
    assert box.bounding_box() == top
    expect(page.locator("[data-strip-panel]")).to_be_hidden()


def test_what_came_is_told_while_the_list_is_below_the_window(open_page: Opens) -> None:
    for _ in range(16):
        make_call("started", "ringing")
    page = open_page("/")
    page.mouse.move(700, 500)
    page.mouse.wheel(0, 60)
    wait_until(page, "scrollY > 40")
    make_call()
    button = page.get_by_role("button", name=re.compile(r"1 new call"))
    expect(button).to_be_in_viewport()
    button.click()
    expect(button).to_be_hidden()


def test_focus_stays_while_calls_come_in_and_change(open_page: Opens) -> None:
    make_calls(3)
    call = make_call("started", "ringing")
    page = open_page("/")
    link = row(page, call).get_by_role("link").first
    link.focus()
    before = row(page, call).bounding_box()
    keep(make_event("answered", **identities(call)))
    make_call()
    expect(row(page, call)).to_contain_text("Listening")
    expect(page.get_by_role("button", name="1 new call")).to_be_visible()
    expect(link).to_be_focused()
    assert row(page, call).bounding_box() == before
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/calls/{call.pk}/$"))


def test_focus_goes_on_in_a_cell_that_changes(open_page: Opens) -> None:
    nobody: dict[str, Any] = {"from": None}
    call = make_call("started", at=datetime.now(UTC), **nobody)
    page = open_page("/")
    link = row(page, call).get_by_role("link").first
    expect(link).to_have_text("Withheld")
    link.focus()
    keep(make_event("ringing", **identities(call)))
    expect(link).to_have_text("+44 7700 900123")
    expect(link).to_be_focused()


def test_selection_stays_while_calls_come_in_and_change(open_page: Opens) -> None:
    make_calls(3)
    call = make_call("started", "ringing", at=datetime.now(UTC))
    page = open_page("/")
    page.evaluate(
        "([id]) => getSelection().selectAllChildren(document.getElementById(id).cells[0])", [f"call-{call.pk}"]
    )
    keep(make_event("answered", **identities(call)))
    make_call()
    expect(page.get_by_role("button", name="1 new call")).to_be_visible()
    assert page.evaluate("getSelection().toString().trim()") == "Ringing"
    page.evaluate("getSelection().removeAllRanges()")
    expect(row(page, call)).to_contain_text("Listening")  # what waited is shown then
    expect(page.get_by_role("button", name="1 new call")).to_be_hidden()


def test_pause_stops_the_list_and_counts(open_page: Opens) -> None:
    make_calls(3)
    page = open_page("/")
    page.get_by_role("button", name="Pause").click()
    call = make_call()
    expect(page.get_by_text(re.compile(r"Paused at \d\d:\d\d\. 1 call came since\."))).to_be_visible()
    expect(row(page, call)).to_have_count(0)
    page.get_by_role("button", name="Go on").click()
    expect(row(page, call)).to_be_visible()
    expect(page.get_by_text("Live. Last looked")).to_be_visible()


def test_lost_connection_is_told_and_taken_up_again(open_page: Opens) -> None:
    make_calls(3)
    page = open_page("/")
    page.context.set_offline(True)
    expect(page.get_by_text(re.compile(r"Not live since \d\d:\d\d\. Trying again"))).to_be_visible()
    call = make_call()
    page.context.set_offline(False)
    expect(row(page, call)).to_be_visible()
    expect(page.get_by_text("Live. Last looked")).to_be_visible()


def test_who_was_logged_out_is_told_so(open_page: Opens) -> None:
    make_calls(1)
    page = open_page("/")
    page.context.clear_cookies()
    expect(page.get_by_text("You were logged out.")).to_be_visible()
    page.get_by_role("link", name="Log in again").click()
    page.get_by_label("Name").fill("sam")
    page.get_by_label("Password").fill("a long password of Sam")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Calls", exact=True)).to_be_visible()


def test_page_of_older_calls_counts_the_new_ones(open_page: Opens) -> None:
    calls = make_calls(30)
    page = open_page("/")
    page.get_by_role("link", name="Older").click()
    expect(row(page, calls[0])).to_be_visible()
    call = make_call()
    expect(page.get_by_role("button", name="Go to the newest")).to_be_visible()
    expect(row(page, call)).to_have_count(0)
    page.get_by_role("button", name="Go to the newest").click()
    expect(row(page, call)).to_be_visible()


def test_more_than_rows_can_tell_reads_the_page_anew(open_page: Opens) -> None:
    make_calls(3)
    page = open_page("/")
    mark_page(page)
    calls = Call.objects.bulk_create(
        Call(origin_uuid=f"CON-{number}", outcome="answered", started_at=datetime.now(UTC)) for number in range(120)
    )
    now = datetime.now(UTC)
    CallEvent.objects.bulk_create(
        CallEvent(call=call, door="event", kind="status", rank=10, occurred_at=now, payload={}, digest=uuid4())
        for call in calls
    )
    expect(row(page, calls[-1])).to_be_visible()
    assert still_there(page)


def test_days_are_headed_when_a_call_comes_after_midnight(open_page: Opens) -> None:
    make_call(at=datetime.now(UTC) - timedelta(days=1))
    page = open_page("/")
    expect(page.locator("tr.calls-day")).to_have_text([re.compile("^Yesterday, ")])
    make_call(at=datetime.now(UTC))
    expect(page.locator("tr.calls-day")).to_have_text([re.compile("^Today, "), re.compile("^Yesterday, ")])


def test_call_that_is_dated_ahead_comes_in_under_a_heading_that_says_so(open_page: Opens) -> None:
    make_call(at=datetime.now(UTC))
    page = open_page("/")
    call = make_call(at=datetime.now(UTC) + timedelta(days=3, minutes=1))
    expect(page.locator("tr.calls-day")).to_have_text(["Dated ahead: a clock was wrong", re.compile("^Today, ")])
    expect(row(page, call).locator(".calls-own-day")).to_be_visible()
    expect(row(page, call)).to_contain_text("3 d 0 h ahead of our clock")
    page.reload()
    expect(row(page, call).locator(".calls-own-day")).to_be_visible()
    expect(row(page, call)).to_contain_text("3 d 0 h ahead of our clock")


def test_running_times_run(open_page: Opens) -> None:
    call = make_call("started", "ringing", "answered", at=datetime.now(UTC) - timedelta(seconds=54))
    page = open_page("/")
    timer = page.locator(f"#line-{call.pk} [data-since]")
    expect(timer).to_have_text(re.compile("0:5[0-9]"))
    expect(timer).to_have_text(re.compile("1:0[0-9]"))
    lane = page.locator(f"#line-{call.pk} [data-moves]")
    assert re.fullmatch(r"translate\(-\d+(\.\d)? 0\)", lane.get_attribute("transform") or "")


def test_theme_switch_holds_here_and_in_the_admin(open_page: Opens) -> None:
    make_calls(1)
    page = open_page("/")
    page.emulate_media(color_scheme="light")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    switch = page.get_by_role("button", name="Theme: auto, as the system")
    switch.click()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert page.evaluate("localStorage.getItem('theme')") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.goto("/admin/")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_number_is_copied_in_digits(open_page: Opens, person: User) -> None:
    call = make_call()
    page = open_page("/")
    copied = (
        row(page, call)
        .get_by_role("link")
        .first.evaluate(
            """(link) => {
          getSelection().selectAllChildren(link);
          const clipboardData = new DataTransfer();
          link.dispatchEvent(new ClipboardEvent("copy", {clipboardData, bubbles: true}));
          return clipboardData.getData("text/plain");
        }"""
        )
    )
    assert copied == "+447700900123"


def test_command_is_copied_from_the_empty_page(open_page: Opens) -> None:
    page = open_page("/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.get_by_role("button", name="Copy the command that rings a number")
    button.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == ".venv/bin/python manage.py ring"
    expect(button).to_be_visible()


def test_log_out_by_keyboard_alone(open_page: Opens) -> None:
    make_number(OURS, label="Main line")
    make_call()
    page = open_page("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.get_by_role("button", name="sam, your account").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Log out")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="API", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Log out")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/login/$"))


def test_whole_card_leads_to_the_call_on_a_phone(open_page: Opens) -> None:
    call = make_call()
    page = open_page("/", size=PHONE)
    row(page, call).locator("td").last.click(force=True) if False else row(page, call).click(
        position={"x": 200, "y": 100}
    )
    expect(page).to_have_url(re.compile(rf"/calls/{call.pk}/$"))
