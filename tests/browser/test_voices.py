"""The voice picker in a real browser: by mouse, by keyboard alone, heard where the browser can speak."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from calls.models import PhoneNumber
from tests.browser.conftest import DESK, PHONE, Opens
from tests.browser.test_pages import found_by_axe
from tests.factories import OURS
from tests.flows.drafts import make_flow

ADD = "/admin/calls/phonenumber/add/"
# A browser that can speak English and Chinese, and notes what it is told to.
SPEAKING = """
window.told = [];
const able = [["Sandy female", "en-AU"], ["Bruce male", "en_AU"], ["Any", "zh-CN"]];
Object.defineProperty(window, "speechSynthesis", {value: {
  getVoices: () => able.map(([name, lang]) => ({name, lang})),
  speak: (saying) => { told.push([saying.text, saying.voice.name]); window.last = saying; },
  cancel: () => {}, addEventListener: () => {},
}});
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
"""


def cards(page: Page) -> Locator:
    return page.get_by_role("radiogroup", name="Voice").locator(".voices-card")


def open_speaking(open_page: Opens, script: str = SPEAKING, **options: Any) -> Page:
    page = open_page("/admin/", **options)
    page.add_init_script(script)
    page.goto(ADD)
    return page


def test_only_the_voices_of_one_language_are_shown(open_page: Opens) -> None:
    page = open_page(ADD)
    expect(cards(page)).to_have_count(9)
    expect(page.get_by_role("radio", name="Style 3 male · was Russell SSML")).to_be_checked()
    expect(cards(page).filter(has_text="premium only")).to_contain_text("Olivia")
    page.get_by_label("Language of the voice").select_option("Welsh")
    expect(cards(page)).to_have_count(1)
    expect(page.get_by_role("radio")).to_be_checked()
    expect(page.locator("[data-preview] [data-voice]")).to_have_text("Welsh, style 0, female, was Gwyneth")


def test_an_old_name_chooses_the_voice_until_another_is_chosen(open_page: Opens) -> None:
    page = open_page(ADD)
    told = page.locator("[data-preview] [data-voice]")
    page.get_by_label("Or an old voice name").fill("amy")
    expect(page.get_by_label("Language of the voice")).to_have_value("en-GB")
    expect(page.get_by_role("radio", name="Style 0")).to_be_checked()
    expect(told).to_have_text("English (United Kingdom), style 0, female, was Amy")
    page.get_by_role("radio", name="was Emma").check()
    expect(page.get_by_label("Or an old voice name")).to_have_value("")
    expect(told).to_have_text("English (United Kingdom), style 1, female, was Emma")


def test_premium_is_what_the_voice_can(open_page: Opens) -> None:
    page = open_page(ADD)
    premium = page.get_by_label("Premium voice")
    expect(premium).to_be_disabled()
    expect(page.get_by_text("This voice has no premium variant.")).to_be_visible()
    page.get_by_role("radio", name="Style 1 ").check()
    premium.check()
    page.get_by_role("radio", name="Style 3 ").check()
    expect(premium).to_be_disabled()
    expect(premium).not_to_be_checked()
    page.get_by_role("radio", name="Olivia").check()
    expect(page.get_by_text("This voice is premium only, which costs more.")).to_be_visible()
    premium.click()
    expect(premium).to_be_checked()


def test_it_is_chosen_heard_and_saved_by_keyboard_alone(open_page: Opens) -> None:
    page = open_speaking(open_page)
    page.get_by_role("textbox", name="Number").fill(OURS)
    page.get_by_label("Greeting").fill("<speak>Hello {caller.name}.<break time='1s'/></speak>")
    page.get_by_label("Language of the voice").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="was Russell")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Hear style 3")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("radio", name="Style 2 female")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Stop style 2")).to_be_focused()
    assert page.evaluate("told") == [["Hello caller name.", "Sandy female"]]
    page.evaluate("last.onend()")
    expect(page.get_by_role("button", name="Hear style 2")).to_be_focused()
    page.get_by_label("Greeting").fill("Good day.")
    page.keyboard.press("Enter")  # in the text: a line
    page.get_by_label("Or an old voice name").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/phonenumber/")
    number = PhoneNumber.objects.select_related("flow").get()
    assert number.flow
    settings = number.flow.steps.get().settings
    assert (settings["language"], settings["style"], settings["premium"]) == ("en-AU", 2, False)


def test_without_a_text_the_voice_says_its_name(open_page: Opens) -> None:
    page = open_speaking(open_page)
    page.get_by_label("Greeting").fill("")
    page.get_by_role("button", name="Hear style 3").click()
    page.get_by_role("button", name="Hear style 4").click()
    page.get_by_role("button", name="Stop style 4").click()
    says = "Hello, this is English (Australia), style {}."
    assert page.evaluate("told") == [[says.format(3), "Bruce male"], [says.format(4), "Bruce male"]]
    expect(page.get_by_text("only resembles the real voice")).to_be_visible()
    page.get_by_label("Language of the voice").select_option("Chinese, Mandarin (China)")
    expect(page.get_by_role("button", name="Hear style 0")).to_be_enabled()
    page.get_by_label("Language of the voice").select_option("Welsh")
    expect(page.get_by_role("button", name="Hear style 0")).to_be_disabled()
    expect(page.get_by_text("This browser has no voice for Welsh, so it cannot be heard here.")).to_be_visible()


def test_a_browser_that_cannot_speak_says_so(open_page: Opens) -> None:
    page = open_speaking(open_page, "Object.defineProperty(window, 'speechSynthesis', {value: undefined})")
    expect(page.get_by_role("button", name="Hear style 3")).to_be_disabled()
    expect(page.get_by_text("This browser cannot speak")).to_be_visible()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_it_is_good_to_use(open_page: Opens, size: dict[str, int]) -> None:
    page = open_speaking(open_page, size=size)
    assert found_by_axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]


def test_a_flow_is_heard_part_by_part_and_can_be_stopped(open_page: Opens) -> None:
    flow = make_flow("Line", ("greeting", {"text": "Good day."}, {}), ("greeting", {"text": "We are closed."}, {}))
    page = open_page("/admin/")
    page.add_init_script(SPEAKING)
    page.goto(f"/admin/calls/callflow/{flow.pk}/change/")
    hear = page.get_by_role("button", name="Hear it in the browser")
    hear.click()
    stop = page.get_by_role("button", name="Stop it in the browser")
    expect(stop).to_be_visible()
    assert page.evaluate("told") == [["Good day.", "Bruce male"]]
    page.evaluate("last.onend()")
    expect(page.locator("[data-hear-said]")).to_have_text("We are closed.")
    stop.click()
    expect(hear).to_be_visible()
    page.evaluate("last.onend()")
    assert page.evaluate("told.length") == 2
