"""What people do about a call, walked through in a real browser: zoom, note, handle, tag, export, copy, block."""

import json
import subprocess
from pathlib import Path

from playwright.sync_api import expect

from calls.models import Block, Contact
from tests.browser.conftest import DESK, PHONE, Opens
from tests.browser.test_call_page import make_full_call
from tests.browser.test_pages import found_by_axe
from tests.conftest import Get
from tests.factories import CALLER, OURS, make_call, make_number


def test_a_missed_call_is_seen_to(open_page: Opens) -> None:
    call = make_call("started", "ringing", "cancelled")
    page = open_page(call.get_absolute_url())
    page.evaluate("window.stillHere = true")
    expect(page.locator("#story")).to_contain_text("not handled yet")
    page.get_by_role("link", name="Note").click()
    expect(page.get_by_label("A note for your colleagues")).to_be_focused()
    page.keyboard.type("Rang back, nobody there.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#notes")).to_contain_text("Rang back, nobody there.")
    expect(page.get_by_role("button", name="Add note")).to_be_focused()
    expect(page.get_by_label("A note for your colleagues")).to_have_value("")
    expect(page.locator("[data-event-row]").filter(has_text="sam noted")).to_be_visible()
    page.get_by_role("button", name="Mark as handled").click()
    expect(page.locator("#story")).to_contain_text("handled by Sam")
    expect(page.get_by_role("button", name="Not handled yet")).to_be_focused()
    assert page.evaluate("window.stillHere")
    page.get_by_role("button", name="Tag").click()
    page.keyboard.type("Anna Kowalska")
    page.get_by_label("Tags, with commas").fill("vip, blue tour")
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Tags")).to_contain_text("blue tour")
    assert Contact.objects.get().name == "Anna Kowalska"
    page.get_by_role("button", name="Block").click()
    page.get_by_role("button", name="Block them").click()
    expect(page.locator("#story")).to_contain_text("blocked: this number")
    assert Block.objects.get().pattern == CALLER
    call.delete()
    page.get_by_role("button", name="Not handled yet").click()
    expect(page.locator("[data-call-note]")).to_contain_text("This call was deleted")


def test_a_call_is_zoomed_by_keyboard_linked_to_and_exported(open_page: Opens, tmp_path: Path) -> None:
    call = make_full_call()
    page = open_page(call.get_absolute_url())
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    chart = page.locator("#chart")
    page.locator(".chart-scroll").focus()
    before = chart.bounding_box()
    page.keyboard.press("+")
    expect(page.get_by_role("link", name="×2")).to_have_attribute("aria-current", "true")
    page.keyboard.press("+")
    expect(page.get_by_role("link", name="×4")).to_have_attribute("aria-current", "true")
    after = chart.bounding_box()
    assert before
    assert after
    assert after["width"] > 3 * before["width"]
    assert page.url.endswith("?zoom=4x")
    expect(page.locator(".chart-scroll")).to_be_focused()
    page.keyboard.press("0")
    expect(page.get_by_role("link", name="Fit")).to_have_attribute("aria-current", "true")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url.partition("?")[0]
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="JSON", exact=True).click()
    saved.value.save_as(tmp_path / "call.json")
    assert len(json.loads((tmp_path / "call.json").read_text())["events"]) == call.events.count()
    with page.expect_download() as saved:
        page.get_by_role("link", name="CSV").click()
    assert saved.value.suggested_filename == f"call-{call.pk}.csv"


def test_what_vonage_asked_is_copied_as_curl_and_asked_again(open_page: Opens, get_answer: Get) -> None:
    make_number(greeting="Hello from a command.")
    call = make_call()
    leg = call.legs.get()
    get_answer({"to": OURS, "from": CALLER, "uuid": leg.uuid, "conversation_uuid": call.conversation_uuid})
    page = open_page(call.get_absolute_url())
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for words in ("Asked what to do", "Our flow picked up"):
        row = page.locator("[data-event-row]").filter(has_text=words)
        row.locator("summary").click()
        expect(row).to_contain_text("Authorization: Bearer •••")
        row.get_by_role("link", name="Copy as curl").click()
        expect(row.get_by_text("Copied", exact=True)).to_be_visible()
        command = page.evaluate("navigator.clipboard.readText()")
        told = subprocess.run(["/bin/sh", "-c", f"{command} --silent --fail-with-body"], capture_output=True, text=True)
        assert told.returncode == 0, told.stdout
        if words == "Asked what to do":
            assert json.loads(told.stdout)[0]["text"] == "Hello from a command."
    assert call.events.get(status="answered").times_received == 2


def test_sheets_are_good_to_use(open_page: Opens) -> None:
    call = make_call("started", "ringing", "cancelled")
    page = open_page(call.get_absolute_url(), size=PHONE)
    for name in ("Tag", "Block", "Export"):
        page.get_by_role("button", name=name, exact=True).click()
        assert found_by_axe(page) == []
        page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_all_of_it_goes_without_a_script(open_page: Opens) -> None:
    """The forms are plain ones: a browser without scripts sends them, and is led back to the page."""
    call = make_call("started", "ringing", "cancelled")
    page = open_page(call.get_absolute_url(), size=DESK)
    page.route("**/call.js", lambda route: route.abort("connectionrefused"))
    page.reload()
    page.get_by_role("button", name="Mark as handled").click()
    expect(page.locator("[data-done]")).to_contain_text("Marked as handled.")
    page.get_by_label("A note for your colleagues").fill("Done without a script.")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator("#notes")).to_contain_text("Done without a script.")
