"""The phone of the local Vonage, in a browser: it rings our server and other applications, and is rung by them."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from calls.emulator.people import Person
from calls.models import User
from tests.browser.conftest import DESK, PHONE, Opens, wait_until
from tests.browser.test_pages import found_by_axe
from tests.control.conftest import LocalVonage, local_vonage, point_to
from tests.emulator.conftest import serving
from tests.emulator.voice_application import SECRET, VoiceApplication, always, nothing
from tests.factories import OURS, PERSON, make_number

GREETING = "Good afternoon, this is Harbour Cycles."
MENU: list[dict[str, Any]] = [
    {"action": "talk", "text": "<speak>For orders press <sub alias='two'>2</sub>.</speak>", "bargeIn": True},
    {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1, "timeOut": 10}},
]
ORDERS: list[dict[str, Any]] = [
    {"action": "connect", "from": OURS, "endpoint": [{"type": "phone", "number": PERSON}]},
    {"action": "talk", "text": "Leave a message."},
    {"action": "record", "endOnSilence": 3, "beepStart": True},
    {"action": "talk", "text": "Thank you."},
]


@pytest.fixture
def vonage(live_server: LiveServer, settings: Any) -> Iterator[LocalVonage]:
    """A local Vonage that rings the live server, and takes calls from it."""
    settings.BASE_URL = live_server.url
    secret = settings.VONAGE_SIGNATURE_SECRET[0]
    urls = {"answer_url": f"{live_server.url}/answer", "event_url": f"{live_server.url}/event"}
    with local_vonage(person=Person(answer="phone"), speed=1, secret=secret, number=OURS, **urls) as found:
        point_to(settings, found.base)
        settings.VONAGE_APPLICATION_ID = ""  # webhooks of any application are taken
        point_to(settings, found.base)
        yield found


@pytest.fixture
def shop() -> Iterator[LocalVonage]:
    """A local Vonage that rings an application with a menu, a forward and a voicemail."""

    async def event(request: Any) -> Any:
        return await (always(ORDERS) if b'"digits": "2"' in await request.read() else nothing())(request)

    with ExitStack() as stack:
        voice = stack.enter_context(serving(VoiceApplication({"/answer": always(MENU), "/event": event})))
        urls = {"answer_url": f"{voice.base}/answer", "event_url": f"{voice.base}/event"}
        yield stack.enter_context(
            local_vonage(person=Person(answer="phone"), speed=1, secret=SECRET, number=OURS, **urls)
        )


def open_phone(open_page: Opens, vonage: LocalVonage, **options: Any) -> Page:
    """Open it, and note what it would speak aloud."""
    page = open_page(f"{vonage.base}/phone", logged_in=False, **options)
    page.evaluate("() => { window.spoken = []; speechSynthesis.speak = (said) => spoken.push(said.text) }")
    expect(page.get_by_label("You ring")).to_have_value(OURS)
    return page


def phones(page: Page) -> tuple[Locator, Locator]:
    return page.get_by_role("region", name="Your phone"), page.get_by_role("region", name="Second phone")


def row(page: Page, words: str) -> Locator:
    return page.locator("#log > li").filter(has_text=words)


def test_our_server_is_rung_and_its_greeting_is_heard(
    open_page: Opens, vonage: LocalVonage, live_server: LiveServer, person: User
) -> None:
    make_number(OURS, greeting=GREETING, label="Orders", language="en-GB")
    page = open_phone(open_page, vonage)
    first, _ = phones(page)
    first.get_by_role("button", name="Ring").click()
    captions = first.get_by_role("list", name="What is said on your phone")
    expect(captions).to_contain_text(GREETING)
    assert page.evaluate("spoken") == [GREETING]
    expect(first.get_by_text("On the line")).to_be_visible()
    expect(row(page, "Asked: what does the caller hear?")).to_contain_text("200")
    expect(row(page, "Told: answered")).to_contain_text("ms")
    row(page, "Answer: talk").get_by_role("button", name="NCCO").click()
    expect(page.locator("#log pre")).to_contain_text(f'"text": "{GREETING}"')

    first.get_by_role("button", name="Hang up").click()
    expect(captions).to_contain_text("You hung up.")
    expect(first.get_by_role("button", name="Ring")).to_be_focused()
    expect(row(page, "Told: completed")).to_contain_text("200")
    dashboard = open_page("/")
    expect(dashboard.get_by_role("link", name="+44 7700 900123").first).to_be_visible()


def test_call_that_our_server_places_is_picked_up(open_page: Opens, vonage: LocalVonage, person: User) -> None:
    make_number(OURS, label="Orders")
    page = open_phone(open_page, vonage)
    _, second = phones(page)
    call = open_page(f"/call?to={PERSON}&text=Your taxi is waiting outside.")
    call.get_by_role("button", name="Call now").click()
    expect(second.get_by_text("+44 20 7946 0000", exact=True)).to_be_visible()
    expect(second.get_by_text("s left")).to_be_visible()
    second.get_by_role("button", name="Pick up").click()
    expect(second.get_by_role("list")).to_contain_text("Your taxi is waiting outside.")
    expect(call.get_by_text("Picked up").first).to_be_visible()
    expect(second.get_by_text("Call ended")).to_be_visible()


def test_menu_forward_and_voicemail_by_keyboard_alone(open_page: Opens, shop: LocalVonage) -> None:
    page = open_phone(open_page, shop)
    first, second = phones(page)
    first.get_by_label("You ring").focus()
    while page.evaluate("document.activeElement.textContent.trim()") != "Ring":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(first.get_by_role("list")).to_contain_text("For orders press two.")
    page.keyboard.press("2")
    expect(first.get_by_role("list")).to_contain_text("You pressed 2")
    expect(row(page, "Asked: the caller pressed 2")).to_contain_text("200")

    second.get_by_role("button", name="Pick up").focus()
    page.keyboard.press("Enter")
    expect(first.get_by_text("Talking to +44 7700 900456")).to_be_visible()
    expect(second.get_by_role("button", name="Hang up")).to_be_focused()
    second.get_by_label("Say something").focus()
    page.keyboard.type("Orders, 2 minutes please.")  # a digit in a text presses no key
    page.keyboard.press("Enter")
    expect(first.get_by_role("list")).to_contain_text("Orders, 2 minutes please.")
    assert first.get_by_text("You pressed").count() == 1
    assert second.get_by_text("You pressed").count() == 0
    page.keyboard.press("Tab")
    page.keyboard.press("9")
    expect(second.get_by_role("list")).to_contain_text("You pressed 9")
    expect(first.get_by_role("list")).to_contain_text("the key 9")
    second.get_by_role("button", name="Hang up").focus()
    page.keyboard.press("Enter")

    expect(first.get_by_text("Records your message")).to_be_visible()
    first.get_by_role("button", name="Make a tone of 5 s").focus()
    page.keyboard.press("Enter")
    expect(first.get_by_role("list")).to_contain_text("You made a sound of 5 s")
    expect(row(page, "Told: a recording is there")).to_contain_text("200")
    expect(first.get_by_role("list")).to_contain_text("The call is over.")


FAKE_RECOGNITION = """() => {
  window.webkitSpeechRecognition = window.SpeechRecognition = class extends EventTarget {
    start() { window.recognition = this; }
    stop() { this.dispatchEvent(new Event("end")); }
    hear(transcript, isFinal) {
      const result = Object.assign([{ transcript }], { isFinal });
      this.dispatchEvent(Object.assign(new Event("result"), { results: [result], resultIndex: 0 }));
    }
  };
}"""


def test_microphone_keeps_the_line_from_being_silent_and_then_has_the_words(
    open_page: Opens, shop: LocalVonage
) -> None:
    page = open_phone(open_page, shop)
    page.evaluate(FAKE_RECOGNITION)
    first, _ = phones(page)
    first.get_by_role("button", name="Ring").click()
    expect(first.get_by_text("On the line")).to_be_visible()
    microphone = first.get_by_role("button", name="Say it by microphone")
    microphone.click()
    expect(microphone).to_have_attribute("aria-pressed", "true")
    page.evaluate("recognition.hear('is anybody', false)")
    expect(first.get_by_role("list")).to_contain_text("You made a sound of 2 s")
    page.evaluate("recognition.hear('is anybody there', true)")
    expect(first.get_by_role("list")).to_contain_text("You said: is anybody there")
    microphone.click()
    expect(microphone).to_have_attribute("aria-pressed", "false")
    spoken = [one.data for one in shop.platform.trace.kept if one.kind == "speaks"]
    assert [one["text"] for one in spoken][-1] == "is anybody there"
    assert spoken[-1]["seconds"] == 0
    assert {one["seconds"] for one in spoken[:-1]} == {1}
    page.evaluate("() => { const event = new Event('error'); event.error = 'not-allowed'; window.denied = event }")
    microphone.click()
    page.evaluate("() => recognition.dispatchEvent(denied)")
    expect(first.get_by_role("alert")).to_contain_text("Type what you say")


def test_page_says_when_the_local_vonage_is_gone(open_page: Opens) -> None:
    with local_vonage(number=OURS) as gone:
        page = open_phone(open_page, gone)
        expect(page.locator("#lost")).to_be_hidden()
    expect(page.locator("#lost")).to_contain_text("does not answer")
    first, _ = phones(page)
    first.get_by_role("button", name="Ring").click()
    expect(first.get_by_role("alert")).to_contain_text("Is it still running?")


def test_second_phone_refuses_is_busy_and_gives_up(open_page: Opens, shop: LocalVonage) -> None:
    page = open_phone(open_page, shop)
    first, second = phones(page)
    for answer, words in (("phone", "Told: rejected"), ("busy", "Told: busy")):
        second.get_by_label("Called, it").select_option(answer)
        first.get_by_role("button", name="Ring").click()
        expect(first.get_by_role("list")).to_contain_text("For orders press two.")
        first.get_by_role("button", name="2 ABC").click()
        if answer == "phone":
            second.get_by_role("button", name="Reject").click()
            expect(second.get_by_role("list")).to_contain_text("You did not take it.")
        expect(row(page, words)).to_contain_text("200")
        first.get_by_role("button", name="Hang up").click()
        expect(first.get_by_role("list")).to_contain_text("You hung up.")


def test_server_that_is_not_there_is_told_where_one_listens(open_page: Opens) -> None:
    with local_vonage(number=OURS, speed=1, answer_url="http://127.0.0.1:9/answer") as vonage:
        page = open_phone(open_page, vonage)
        first, _ = phones(page)
        first.get_by_role("button", name="Ring").click()
        expect(first.get_by_role("alert")).to_contain_text("Is the server running there?")
        expect(first.get_by_role("list")).to_contain_text("The call is over.")
        expect(row(page, "Again: asked: what does the caller hear?")).to_contain_text("no reply")


def test_call_that_a_program_rings_is_shown_below_ones_own(open_page: Opens, shop: LocalVonage) -> None:
    page = open_phone(open_page, shop)
    first, _ = phones(page)
    first.get_by_role("button", name="Ring").click()
    expect(first.get_by_text("On the line")).to_be_visible()
    first.get_by_role("button", name="Hang up").click()
    expect(row(page, "Told: completed")).to_contain_text("200")
    page.request.post(f"{shop.base}/lab/calls", data={"to": OURS, "from": PERSON, "hangup_after": 1})
    expect(row(page, "Another call: +44 7700 900456")).to_contain_text("0.000")
    expect(row(page, "Told: completed")).to_have_count(2)
    expect(row(page, "second leg")).to_have_count(0)
    expect(first.get_by_text("Call ended")).to_be_visible()


def test_of_two_pages_one_picks_up(open_page: Opens, shop: LocalVonage) -> None:
    page, other = open_phone(open_page, shop), open_phone(open_page, shop)
    first, second = phones(page)
    _, elsewhere = phones(other)
    first.get_by_role("button", name="Ring").click()
    expect(first.get_by_role("list")).to_contain_text("For orders press two.")
    first.get_by_role("button", name="2 ABC").click()
    expect(second.get_by_role("button", name="Pick up")).to_be_visible()
    elsewhere.get_by_role("button", name="Pick up").click()
    expect(elsewhere.get_by_text("On the line")).to_be_visible()
    expect(second.get_by_text("Nothing rings.")).to_be_visible()
    expect(row(other, "Told: answered, second leg")).to_contain_text("200")  # it sees the whole call
    other.close()
    expect(first.get_by_text("Records your message")).to_be_visible()


def test_page_that_is_closed_hangs_up(open_page: Opens, shop: LocalVonage) -> None:
    page = open_phone(open_page, shop)
    first, _ = phones(page)
    first.get_by_role("button", name="Ring").click()
    expect(first.get_by_role("list")).to_contain_text("For orders")
    page.reload()
    expect(phones(page)[0].get_by_role("button", name="Ring")).to_be_visible()
    wait_until(page, "document.querySelector('#number').value")
    (leg,) = shop.platform.legs.values()
    assert leg.is_over


def test_other_numbers_and_wrong_ones(open_page: Opens, shop: LocalVonage) -> None:
    page = open_phone(open_page, shop)
    first, _ = phones(page)
    first.get_by_label("You ring").select_option("")
    first.get_by_label("Number").last.fill("+44 20 7946 0999")
    page.keyboard.press("Enter")
    expect(first.get_by_role("alert")).to_have_text("442079460999 is linked to no application.")
    assert not shop.platform.legs
    first.get_by_label("You ring").select_option(OURS)
    first.get_by_label("You are").select_option("anonymous")
    first.get_by_role("button", name="Ring").click()
    expect(first.get_by_text("On the line")).to_be_visible()
    expect(first.get_by_role("alert")).to_be_hidden()
    (leg,) = shop.platform.legs.values()
    assert leg.from_.shown == "anonymous"


def test_failure_lab_time_and_voice_are_switched(open_page: Opens, shop: LocalVonage) -> None:
    page = open_phone(open_page, shop)
    page.get_by_label("Repeat events").check(force=True)
    page.get_by_label("No recordings").check(force=True)
    expect(page.get_by_text("2 on", exact=True)).to_be_visible()
    assert (shop.platform.faults.duplicated, shop.platform.faults.missing_recordings) == (0.5, True)
    shop.platform.faults = replace(shop.platform.faults, duplicated=1.0)  # all: half might be none
    page.get_by_label("Time").select_option("20")
    first, _ = phones(page)
    first.get_by_role("button", name="Voice on").click()
    first.get_by_role("button", name="Ring").click()
    expect(row(page, "sent twice").first).to_be_visible()
    assert shop.platform.clock.speed == 20
    assert page.evaluate("spoken") == []
    page.reload()
    expect(page.get_by_text("2 on", exact=True)).to_be_visible()
    expect(page.get_by_label("Time")).to_have_value("20")
    expect(first.get_by_role("button", name="Voice off")).to_be_visible()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_phone_is_good_to_use(open_page: Opens, shop: LocalVonage, size: dict[str, int]) -> None:
    page = open_phone(open_page, shop, size=size)
    first, second = phones(page)

    def check() -> None:
        assert found_by_axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]

    check()
    first.get_by_role("button", name="Ring").click()
    expect(first.get_by_role("list")).to_contain_text("For orders press two.")
    first.get_by_role("button", name="2 ABC").click()
    expect(second.get_by_role("button", name="Pick up")).to_be_visible()
    expect(page.get_by_role("link", name="The second phone rings")).to_be_visible(visible=size == PHONE)
    row(page, "Told: answered").get_by_role("button").click()
    check()
    second.get_by_role("button", name="Pick up").click()
    expect(second.get_by_text("On the line")).to_be_visible()
    check()
