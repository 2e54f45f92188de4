"""Every page in both themes and on a phone: nothing for axe to find, nothing wider than the window.

axe-core 4.14.1 stands in `axe/` as its authors publish it, under the Mozilla Public License 2.0.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Page, Route, expect

from calls.models import Contact
from calls.records import spool
from tests.browser.conftest import DESK, FOLDER, PHONE, Opens
from tests.factories import OURS, PERSON, keep, make_call, make_event, make_number, told

AXE = (FOLDER / "axe" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_COLOUR = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}  # all that a theme can change
LOOK = "rules => axe.run(document, {runOnly: rules, preload: false, resultTypes: ['violations']})"


@pytest.fixture
def calls(open_page: Opens) -> None:
    """One call of each kind that a page shows in its own way."""
    make_number(OURS, label="Main line")
    morning = datetime.now(UTC) - timedelta(hours=3)
    make_call(at=morning - timedelta(days=1))
    make_call("started", "ringing", "cancelled", at=morning)
    make_call("started", "failed", at=morning, detail="invalid_number", direction="outbound")
    for caller in ("Unknown", "sip:a-very-long-name-of-somebody@telephone-exchange.example.com"):
        named: dict[str, Any] = {"from": caller}
        make_call(at=morning, **named)
    left = make_call(at=morning, seconds=60)
    keep(
        {
            "conversation_uuid": left.conversation_uuid,
            "recording_url": "https://api.nexmo.com/v1/files/x",
            "start_time": (morning + timedelta(seconds=5)).isoformat(),
            "end_time": (morning + timedelta(seconds=50)).isoformat(),
        }
    )
    talks = make_call("started", "ringing", "answered", at=datetime.now(UTC) - timedelta(seconds=40))
    second: dict[str, Any] = {"uuid": "second", "conversation_uuid": talks.conversation_uuid, "to": PERSON}
    keep(make_event("answered", at=datetime.now(UTC), direction="outbound", **second))
    keep({"conversation_uuid": "CON-nobody", "recording_url": "https://api.nexmo.com/v1/files/y"})
    for _ in range(2):
        spool.keep(told())
    path = spool.waiting()[-1]
    path.rename(spool.folder("bad") / path.name)


def found_by_axe(page: Page) -> list[str]:
    """Let axe look at the page in both themes; at a phone's size, which follows a wide one, in the dark one alone.

    Gives what it found, a line each.
    """
    page.evaluate(AXE)
    found: list[str] = []
    narrow = page.viewport_size and page.viewport_size["width"] == PHONE["width"]
    looks: dict[str, Any] = {"dark": RULES} if narrow else {"light": RULES, "dark": OF_COLOUR}
    for theme, rules in looks.items():
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        result: dict[str, Any] = page.evaluate(LOOK, rules)
        assert len(result["passes"]) > (15 if rules is RULES else 0), "axe did not look"
        found += [
            f"{theme}, {wrong['impact']} {wrong['id']}: {node['html'][:200]} ({node['failureSummary'][:300]})"
            for wrong in result["violations"]
            for node in wrong["nodes"]
        ]
    return found


def check(page: Page, size: dict[str, int]) -> None:
    for summary in page.locator("main details > summary").all():
        summary.click()
    assert found_by_axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("path", ["/", "/events/", "/no/such/page/"])
def test_page_is_good_to_use(open_page: Opens, calls: None, path: str, size: dict[str, int]) -> None:
    check(open_page(path, size=size), size)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_page_before_the_first_call_is_good_to_use(open_page: Opens, size: dict[str, int]) -> None:
    check(open_page("/", size=size), size)


def test_pages_of_failure_are_good_to_use(open_page: Opens) -> None:
    page = open_page("/no/such/page/", size=PHONE)
    for name in ("403.html", "500.html", "calls/away.html"):
        html = render_to_string(name, {"user": None, "path": "/", "tab": ""})
        page.route("**/fails", partial(answer, html))
        page.goto("/fails")
        check(page, PHONE)
        page.unroute("**/fails")


def answer(html: str, route: Route) -> None:
    route.fulfill(body=html, content_type="text/html")


def test_page_of_the_api_is_good_to_use(open_page: Opens) -> None:
    page = open_page("/api/docs/", size=PHONE)
    for operation in ("contacts_create", "stats_retrieve"):  # of some forty that look alike
        page.locator(f"#{operation} > summary").click()
    assert found_by_axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_swagger_sends_a_request_under_our_policy_and_follows_the_theme(open_page: Opens) -> None:
    page = open_page("/api/docs/", size=PHONE, theme="dark")
    page.set_default_timeout(30_000)  # it brings a megabyte and a half of script
    page.get_by_role("link", name="Swagger").click()
    page.wait_for_url("**/swagger/")
    assert "dark-mode" in str(page.locator("html").get_attribute("class"))
    operation = page.locator("#operations-contacts-contacts_create")
    operation.locator("button.opblock-summary-control").click()
    operation.get_by_text("Try it out").click()
    operation.locator("textarea").fill('{"name": "Anna"}')
    operation.get_by_text("Execute", exact=True).click()
    operation.locator(".live-responses-table").get_by_text("201").first.wait_for()
    assert Contact.objects.get().name == "Anna"
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_login_is_good_to_use(open_page: Opens, size: dict[str, int]) -> None:
    page = open_page("/login/", size=size, logged_in=False)
    check(page, size)
    page.get_by_label("Name").fill("sam")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    check(page, size)


def test_times_stand_in_the_zone_of_the_browser_or_by_choice_in_the_servers(open_page: Opens, calls: None) -> None:
    page = open_page("/", zone="Asia/Tokyo")
    shown = page.get_by_role("button", name="Times in")
    expect(shown).to_have_text("Tokyo, JST")
    shown.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="The server’s: London")).to_be_focused()
    page.keyboard.press("Enter")
    expect(shown).to_have_text(re.compile("London, (GMT|BST)"))
    page.reload()
    expect(shown).to_have_text(re.compile("London, (GMT|BST)"))
