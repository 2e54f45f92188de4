"""A flow's picture in a real browser: a path lit by keyboard alone, what scrolls within, and good to use."""

import pytest
from playwright.sync_api import Page, expect

from calls.flows.publish import publish
from calls.models import CallFlow, Contact, ContactNumber
from tests.browser.conftest import DESK, PHONE, Opens
from tests.browser.test_pages import found_by_axe
from tests.factories import CALLER, OURS
from tests.flows.drafts import make_flow
from tests.flows.test_hours_data import make_hours


@pytest.fixture
def flow(person: object) -> CallFlow:
    publish(make_flow("Workshop", ("greeting", {"text": "This is the workshop."}, {})))
    made = make_flow(
        "Orders line",
        ("hours", {"hours": make_hours().pk}, {"closed": "4"}),
        (
            "menu",
            {"prompt": "Good day {caller.name}, press 2."},
            {"1": "Workshop", "2": "3", "3": "Workshop", "*": "again", "end": "4"},
        ),
        ("forward", {"targets": [{"type": "phone", "to": "447700900512"}]}, {"busy": "1"}),
        ("voicemail", {"prompt": "Leave a message."}, {}),
        number=OURS,
    )
    publish(made)
    contact = Contact.objects.create(name="Anna Kowalska")
    ContactNumber.objects.create(contact=contact, party=CALLER)
    made.steps.filter(kind="voicemail").update(settings={"prompt": "Say what you want."})
    return made


def tab_to(page: Page, name: str) -> None:
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()") == name:
            return
    raise AssertionError(f"Tab does not lead to {name}")


def test_a_path_is_lit_by_keyboard(open_page: Opens, flow: CallFlow) -> None:
    page = open_page(f"/admin/calls/callflow/{flow.pk}/change/")
    assert page.locator(".pic-lit").count() == 0
    page.locator("#seen .pic-box").focus()
    tab_to(page, "id_if-caller")
    page.keyboard.type("anna kowalska")
    page.locator("#id_if-at").fill("2026-11-23T14:07")
    page.locator("#id_if-at").focus()
    tab_to(page, "id_if-keys")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    expect(page.locator("#asked")).to_contain_text("Key 2: Forward rings +44 7700 900512 for 20 s. Without an answer")
    assert page.locator(".pic-node.pic-lit").count() == 4
    assert page.locator(".pic-keys.pic-lit").text_content() == "2"
    assert "if-keys=2" in page.url
    expect(page.get_by_text("“Good day Anna Kowalska, press 2.”")).to_be_visible()
    page.get_by_text("The same in sentences").press("Enter")
    expect(page.get_by_text("1 or 3 goes to the flow Workshop")).to_be_visible()
    page.locator(".pic a").nth(2).press("Enter")
    assert page.url.endswith(f"#step-{flow.steps.get(kind='forward').pk}")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_boxes_are_good_to_use(open_page: Opens, flow: CallFlow, size: dict[str, int]) -> None:
    page = open_page(f"/admin/calls/callflow/{flow.pk}/change/?if-keys=2,x", size=size)
    expect(page.get_by_text("“x” is no key.")).to_be_visible()
    page.goto(f"/admin/calls/callflow/{flow.pk}/change/?if-at=2026-11-23T14:07&if-keys=2")
    for more in ("The same in sentences", "What Vonage is told"):
        page.get_by_text(more).click()
    assert found_by_axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
