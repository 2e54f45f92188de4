"""A flow in a real browser: built by mouse and by keyboard alone, published, changed, taken back."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from calls.models import CallFlow, PhoneNumber, Step
from tests.browser.conftest import DESK, PHONE, Opens
from tests.browser.test_pages import found_by_axe

OURS = "442079460010"


@pytest.fixture(autouse=True)
def _abroad(settings: Any) -> None:
    settings.OUTBOUND_COUNTRIES = ["GB"]


def make_empty() -> CallFlow:
    flow = CallFlow.objects.create(name="Orders line", language="en-GB", style=1)
    PhoneNumber.objects.create(msisdn=OURS, label="Orders", flow=flow)
    return flow


class Mouse:
    """Works with the pointer: clicks, chooses, drags."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, what: Locator) -> None:
        what.click()

    def choose(self, what: Locator, words: str) -> None:
        what.select_option(label=words)

    def write(self, what: Locator, words: str) -> None:
        what.fill(words)

    def move_up(self, name: str) -> None:
        grip = self.page.get_by_role("button", name=f"Move {name}, place")
        above = self.page.locator("[data-step]").first
        grip.hover()
        self.page.mouse.down()
        box = above.bounding_box()
        assert box
        self.page.mouse.move(box["x"] + 40, box["y"] + 4, steps=6)
        self.page.mouse.up()


class Keyboard(Mouse):
    """Touches nothing but keys. Where focus is to go it is put, as tabbing there would."""

    def press(self, what: Locator) -> None:
        what.focus()
        self.page.keyboard.press("Enter")

    def choose(self, what: Locator, words: str) -> None:
        what.focus()
        self.page.keyboard.press("Home")
        for _ in range(what.locator("option").count()):
            if what.locator("option:checked").inner_text() == words:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{words} is not in the list")

    def write(self, what: Locator, words: str) -> None:
        what.focus()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(words)

    def move_up(self, name: str) -> None:
        grip = self.page.get_by_role("button", name=f"Move {name}, place")
        grip.focus()
        self.page.keyboard.press("ArrowUp")


def add(hand: Mouse, kind: str) -> Locator:
    """Add a step of this kind. Gives its form, which unfolds at the end of the list."""
    page = hand.page
    count = page.locator("[data-step]").count()
    hand.choose(page.get_by_label("Add a step"), kind)
    hand.press(page.get_by_role("button", name="Add", exact=True))
    form = page.locator("[data-step]").nth(count).locator("form")
    expect(form.get_by_label("Name", exact=True)).to_be_focused()
    return form


def save(hand: Mouse, form: Locator) -> None:
    item = form.locator("xpath=ancestor::li").get_attribute("id")
    hand.press(form.get_by_role("button", name="Save step"))
    expect(hand.page.locator(f"#{item} .step-body")).to_be_hidden()
    expect(hand.page.locator(f"#{item} [data-unfold]")).to_be_focused()


@pytest.mark.parametrize("way", [Mouse, Keyboard], ids=["mouse", "keyboard"])
def test_a_flow_is_built_published_changed_and_taken_back(open_page: Opens, way: type[Mouse]) -> None:
    flow = make_empty()
    page = open_page(f"/admin/calls/callflow/{flow.pk}/change/")
    hand = way(page)

    # greeting → menu → (1) forward, (2) voicemail; the menu is filled in while the others come
    greeting = add(hand, "Greeting")
    hand.write(greeting.get_by_label("Text", exact=True), "Good afternoon.")
    save(hand, greeting)
    menu = add(hand, "Menu")
    hand.write(menu.get_by_label("Name", exact=True), "Main menu")
    hand.write(menu.get_by_label("Prompt"), "For Sam press 1, to leave a message press 2.")
    forward = add(hand, "Forward")
    hand.write(forward.get_by_label("Name", exact=True), "To Sam")
    hand.write(forward.get_by_label("Rings, line 1"), "+44 7700 900512")
    save(hand, forward)
    voicemail = add(hand, "Voicemail")
    save(hand, voicemail)
    assert menu.get_by_label("Prompt").input_value() == "For Sam press 1, to leave a message press 2."
    hand.choose(menu.get_by_label("Key 1", exact=True), "1")
    hand.choose(menu.get_by_label("Key 1 goes to"), "Step 3, To Sam")
    hand.press(menu.get_by_role("button", name="Another key"))
    hand.choose(menu.get_by_label("Key 2", exact=True), "2")
    hand.choose(menu.get_by_label("Key 2 goes to"), "Step 4, Voicemail")
    save(hand, menu)
    expect(page.locator("[data-step]").nth(1)).to_contain_text("1 To Sam, 2 Voicemail 4")

    # what would callers hear who press 2?
    hand.write(page.get_by_label("Keys pressed"), "2")
    hand.press(page.get_by_role("button", name="Light it up"))
    expect(page.locator("#seen")).to_contain_text("Please leave a message after the tone.")
    expect(page.locator(".pic-lit").first).to_be_attached()
    assert flow.live_version() is None

    hand.write(page.get_by_label("What changed, for the list of versions"), "The first one")
    hand.press(page.get_by_role("button", name="Publish as v1"))
    expect(page.get_by_text("Version 1 is live: heard from the next call on.")).to_be_visible()
    first = flow.live_version()
    assert first is not None
    assert [step["kind"] for step in first.program["steps"].values()] == ["greeting", "menu", "forward", "voicemail"]

    # another order, and other words
    hand.move_up("Main menu")
    expect(page.locator("[data-step]").first).to_contain_text("Main menu")
    expect(page.locator(".publish")).to_contain_text("Comes at place")
    hand.press(page.locator("[data-unfold]").nth(1))
    text = page.locator("[data-step]").nth(1).locator("form").get_by_label("Text", exact=True)
    hand.write(text, "Good evening.")
    save(hand, page.locator("[data-step]").nth(1).locator("form"))
    expect(page.locator(".publish ins", has_text="evening.")).to_be_visible()
    hand.press(page.get_by_role("button", name="Publish as v2"))
    expect(page.get_by_text("Version 2 is live")).to_be_visible()

    hand.press(page.get_by_role("button", name="Bring v1 back"))
    expect(page.get_by_text("Version 1 is heard again")).to_be_visible()
    assert flow.live_version() == first


def test_a_field_that_is_wrong_says_so_where_it_stands_and_keeps_what_was_typed(open_page: Opens) -> None:
    flow = make_empty()
    page = open_page(f"/admin/calls/callflow/{flow.pk}/change/")
    form = add(Mouse(page), "Menu")
    form.get_by_label("Prompt").fill("Press 1.")
    form.get_by_role("button", name="Save step").click()
    expect(form.get_by_text("The menu has no key, so it leads nowhere.")).to_be_visible()
    expect(form.get_by_label("Prompt")).to_have_value("Press 1.")
    form.get_by_role("button", name="Remove").click()
    expect(page.locator("[data-step]")).to_have_count(0)
    assert not Step.objects.exists()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_pages_are_good_to_use(open_page: Opens, size: dict[str, int]) -> None:
    flow = make_empty()
    page = open_page(f"/admin/calls/callflow/{flow.pk}/change/", size=size)
    for kind in ("Menu", "Forward", "Greeting"):
        add(Mouse(page), kind)
    page.locator(".flow-voice summary").last.click()
    assert found_by_axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
