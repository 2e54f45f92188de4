"""The inbox and home in a real browser: a message that is played is heard, Undo by keyboard, the switch by keyboard."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from calls.models import OpeningHours, OpenSpan, Override, PhoneNumber, User, Voicemail
from tests.browser.conftest import DESK, PHONE, Opens
from tests.browser.test_pages import found_by_axe
from tests.factories import OURS, make_call, make_contact
from tests.flows.drafts import publish_flow
from tests.voicemails import make_message


def badge(page: Page) -> Locator:
    return page.locator("[data-new-count] [data-count]")


@pytest.fixture
def messages(person: User) -> list[Voicemail]:
    make_contact("Anna Kowalska", "447700900123")
    return [make_message("447700900655", seconds=4, sound=True), make_message(seconds=4, sound=True)]


@pytest.fixture
def hours(person: User) -> OpeningHours:
    """A line that is open all day."""
    made = OpeningHours.objects.create(name="Shop", time_zone="Europe/London")
    for day in range(7):
        OpenSpan.objects.create(hours=made, weekday=day, opens=0, closes=1440)
    publish_flow("Orders", ("hours", {"hours": made.pk}, {}), ("greeting", {"text": "Hello."}, {}), number=OURS)
    PhoneNumber.objects.update(label="Orders")
    return made


@pytest.mark.smoke
def test_a_message_that_is_played_is_heard(open_page: Opens, messages: list[Voicemail], person: User) -> None:
    page = open_page("/voicemail/?state=new")
    expect(badge(page)).to_have_text("2")
    page.get_by_role("button", name="Play the message from Anna Kowalska").click()
    row = page.locator(f"#message-{messages[1].pk}")
    expect(row.get_by_text("Heard by Sam")).to_be_visible()
    expect(badge(page)).to_have_text("1")
    expect(row.get_by_role("button", name="Pause the message from Anna Kowalska")).to_be_focused()
    expect(row.locator("[data-at]")).to_have_text("0:01")  # it plays on
    assert Voicemail.objects.get(pk=messages[1].pk).heard_by == person


@pytest.mark.smoke
def test_archive_and_undo_by_keyboard(open_page: Opens, messages: list[Voicemail]) -> None:
    page = open_page("/voicemail/")
    page.get_by_role("button", name="Play the message from Anna Kowalska").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Play the message from +44 7700 900655")).to_be_focused()
    page.keyboard.press("e")
    undo = page.get_by_role("button", name="Undo: bring the message from +44 7700 900655 back")
    expect(undo).to_be_focused()
    expect(page.get_by_role("status")).to_have_text("Archived.")
    assert Voicemail.objects.get(pk=messages[0].pk).state == "archived"
    page.keyboard.press("Enter")
    expect(page.locator(f"#message-{messages[0].pk} [data-play]")).to_be_visible()
    assert Voicemail.objects.get(pk=messages[0].pk).state == "new"
    focus = page.evaluate("document.activeElement.closest('[data-message]')?.dataset.message")
    assert focus == str(messages[0].pk)


def test_a_note_is_saved_in_place(open_page: Opens, messages: list[Voicemail]) -> None:
    page = open_page("/voicemail/")
    row = page.locator(f"#message-{messages[0].pk}")
    row.get_by_text("Add a note").click()
    row.get_by_role("textbox").fill("Ring back after four")
    page.keyboard.press("Enter")
    expect(row.get_by_text("Ring back after four")).to_be_visible()
    assert Voicemail.objects.get(pk=messages[0].pk).note == "Ring back after four"


def test_a_new_message_comes_in_and_is_counted(open_page: Opens, messages: list[Voicemail]) -> None:
    page = open_page("/voicemail/")
    expect(page.locator("[data-message]")).to_have_count(2)
    make_message("447700900277")
    expect(page.locator("[data-message]")).to_have_count(3)
    expect(badge(page)).to_have_text("3")


@pytest.mark.smoke
def test_a_line_is_closed_and_opened_again_by_keyboard(open_page: Opens, hours: OpeningHours, person: User) -> None:
    page = open_page("/home/")
    page.get_by_role("button", name="Closed now").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Closed by Sam")).to_be_visible()
    closed = page.get_by_role("button", name="Closed now")
    expect(closed).to_be_focused()
    expect(closed).to_have_attribute("aria-pressed", "true")
    row = Override.objects.get()
    assert (row.state, row.by) == ("closed", person)
    assert timedelta(minutes=58) < row.until_at - datetime.now(UTC) <= timedelta(minutes=60)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Closed by Sam")).to_have_count(0)
    expect(page.get_by_role("button", name="By hours")).to_be_focused()
    assert Override.objects.get().until_at <= datetime.now(UTC)


def test_what_is_read_at_home_stays_in_its_place_when_a_message_comes(open_page: Opens) -> None:
    call = make_call("started", "ringing", "cancelled", at=datetime.now(UTC) - timedelta(seconds=30))
    page = open_page("/home/", size=PHONE)
    missed = page.locator(f"#missed-{call.pk}")
    missed.focus()
    before = missed.bounding_box()
    make_message(seconds=4)  # stands above
    expect(page.locator("#home-new .home-item")).to_have_count(1)
    assert before
    assert missed.bounding_box() == before
    expect(missed).to_be_focused()


def test_the_button_of_a_new_message_moves_nothing(open_page: Opens, messages: list[Voicemail]) -> None:
    page = open_page("/voicemail/", size=PHONE)
    there = page.locator(f"#message-{messages[1].pk}")
    there.get_by_role("link").first.focus()
    before = there.bounding_box()
    make_message(seconds=4)
    expect(page.get_by_role("button", name="1 new message. Show it")).to_be_visible()
    assert before
    assert there.bounding_box() == before


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("path", ["/home/", "/voicemail/"])
def test_page_is_good_to_use(
    open_page: Opens, messages: list[Voicemail], hours: OpeningHours, path: str, size: dict[str, int]
) -> None:
    messages[0].hear(None)
    make_message(f"sip:{'a-very-long-name' * 6}@example.com")
    PhoneNumber.objects.create(msisdn="442079460048", label="W" * 60)
    make_call("started", "ringing", "cancelled")
    page = open_page(path, size=size)
    assert found_by_axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]


def test_override_and_voicemail_are_two_taps_away_on_a_phone(
    open_page: Opens, messages: list[Voicemail], hours: OpeningHours
) -> None:
    page = open_page("/", size=PHONE)
    page.get_by_role("link", name="Voicemail 2 new").click()
    expect(page.get_by_role("heading", name="Voicemail")).to_be_visible()
    page.get_by_role("link", name="Home").click()
    page.get_by_role("button", name="Closed now").click()
    expect(page.get_by_text("Closed by Sam")).to_be_visible()
