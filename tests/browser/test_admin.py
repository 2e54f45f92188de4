"""The admin in a real browser: a greeting and its preview, and pages that are good to use."""

import json

import pytest
from playwright.sync_api import Page, expect

from calls.models import Block, CallerRule, CallFlow, PhoneNumber, Tag, User
from tests.browser.conftest import DESK, PHONE, Opens
from tests.browser.test_pages import found_by_axe
from tests.factories import OURS, make_call, make_contact, make_number

ADD = "/admin/calls/phonenumber/add/"


def told(page: Page) -> dict[str, object]:
    """Give the action that the preview shows."""
    (action,) = json.loads(page.locator("[data-ncco]").inner_text())
    assert isinstance(action, dict)
    return action


@pytest.mark.smoke
def test_the_preview_follows_what_is_typed(open_page: Opens) -> None:
    page = open_page(ADD)
    page.get_by_label("Greeting").fill("Good day.")
    expect(page.locator("#id_text_count")).to_have_text("9 of 1,500 characters")
    assert told(page) == {"action": "talk", "text": "Good day.", "language": "en-AU", "style": 3}
    page.get_by_label("Greeting").fill("<speak>Salt & pepper</speak>")
    expect(page.get_by_text("Write &amp; for &")).to_be_visible()
    page.get_by_label("Greeting").fill("x" * 1501)
    expect(page.get_by_text("The text has 1,501 characters")).to_be_visible()


def test_premium_is_told_in_the_preview(open_page: Opens) -> None:
    page = open_page(ADD)
    page.get_by_label("Or an old voice name").fill("Amy")
    page.get_by_label("Premium voice").check()
    expect(page.locator("[data-ncco]")).to_contain_text('"premium": true')
    expect(page.locator("[data-preview] [data-voice]")).to_have_text(
        "English (United Kingdom), style 0, female, was Amy, premium"
    )


def test_a_form_that_comes_back_shows_what_was_typed(open_page: Opens) -> None:
    page = open_page(ADD)
    page.get_by_role("textbox", name="Number").fill("12")
    page.get_by_label("Greeting").fill("Never saved.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("A number is 7 to 15 digits")).to_be_visible()
    expect(page.locator("[data-ncco]")).to_contain_text("Never saved.")


def test_what_is_typed_stays_while_the_server_is_away(open_page: Opens) -> None:
    page = open_page(ADD)
    page.context.set_offline(True)
    page.get_by_label("Greeting").fill("Typed on the train.")
    expect(page.get_by_text("The preview cannot be made now.")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_label("Greeting").press("End")
    page.get_by_label("Greeting").type("!")
    expect(page.get_by_text("The preview cannot be made now.")).to_be_hidden()
    expect(page.locator("[data-ncco]")).to_contain_text("Typed on the train.!")


def test_without_scripts_a_greeting_is_saved_and_shown(open_page: Opens) -> None:
    make_number(label="Main line")
    page = open_page("/admin/")
    browser = page.context.browser
    assert browser
    (session,) = [one for one in page.context.cookies() if one["name"] == "sessionid"]
    plain = browser.new_context(java_script_enabled=False, base_url=page.url)
    plain.add_cookies([{"name": "sessionid", "value": session["value"], "url": page.url}])
    page = plain.new_page()
    page.goto(f"/admin/calls/phonenumber/{PhoneNumber.objects.get().pk}/change/")
    page.locator("#id_voice").select_option("en-GB:1")
    page.get_by_label("Greeting").fill("Saved without scripts.")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("Published as v2: heard from the next call on.")).to_be_visible()
    assert told(page)["text"] == "Saved without scripts."
    plain.close()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_pages_are_good_to_use(open_page: Opens, person: User, size: dict[str, int]) -> None:
    number = make_number(OURS, label="Main line")
    call = make_call()
    anna = make_contact("Anna Kowalska", "447700900123", tags=["vip"])
    rule = CallerRule.objects.create(tag=Tag.objects.get(), flow=CallFlow.objects.create(name="VIPs"))
    Block.objects.create(pattern="447700900456", note="Robot")
    page = open_page("/admin/", size=size)
    for path in [
        "/admin/",
        "/admin/calls/phonenumber/",
        ADD,
        f"/admin/calls/phonenumber/{number.pk}/change/",
        "/admin/calls/callevent/",
        "/admin/calls/callevent/?q=nobody",
        f"/admin/calls/callevent/{call.events.all()[0].pk}/change/",
        f"/admin/calls/call/{call.pk}/change/",
        f"/admin/calls/leg/{call.legs.get().pk}/change/",
        "/admin/calls/apitoken/add/",
        f"/admin/calls/user/{person.pk}/change/",
        "/admin/auth/group/add/",
        "/admin/calls/contact/",
        f"/admin/calls/contact/{anna.pk}/change/",
        "/admin/calls/callerrule/",
        f"/admin/calls/callerrule/{rule.pk}/delete/",
        "/admin/calls/block/",
    ]:
        page.goto(path)
        assert found_by_axe(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"], path


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_login_is_good_to_use(open_page: Opens, size: dict[str, int]) -> None:
    page = open_page("/admin/login/", size=size, logged_in=False)
    assert found_by_axe(page) == []
    page.get_by_label("Username").fill("sam")
    page.get_by_label("Password").fill("a long password of Sam")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Administration")).to_be_visible()


def test_the_theme_is_one_for_both_halves(open_page: Opens) -> None:
    page = open_page("/admin/")
    page.locator("[data-theme-switch]").click()
    assert page.evaluate("localStorage.getItem('theme')") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 21, 20)"
    page.goto("/")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
