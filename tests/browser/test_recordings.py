"""The player of recordings in a real browser, with a sound that the local Vonage made."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import Page, expect
from pytest_django import Settings

from calls.control.recordings import look
from calls.emulator import audio
from calls.models import Call, Recording
from tests.browser.conftest import DESK, PHONE, Opens
from tests.browser.test_pages import found_by_axe
from tests.factories import keep, make_call

SECONDS = 20


def tell(call: Call, url: str = "x", seconds: int = SECONDS) -> Recording:
    """Keep the event of a recording, and make the row of it."""
    now = datetime.now(UTC)
    times = {"start_time": (now - timedelta(seconds=seconds)).isoformat(), "end_time": now.isoformat()}
    same = {"conversation_uuid": call.conversation_uuid, "timestamp": now.isoformat()}
    keep(same | times | {"recording_url": f"https://api.nexmo.com/v1/files/{url}"})
    look(5)
    return Recording.objects.order_by("-pk")[0]


def make_sound(row: Recording) -> None:
    sound = b"".join(audio.chunks("mp3", 1, SECONDS, [[(0.0, float(SECONDS), "caller")]]))
    row.file.save("sound.mp3", ContentFile(sound), save=False)
    Recording.objects.filter(pk=row.pk).update(
        state="kept", content_type="audio/mpeg", size=len(sound), file=row.file.name
    )


@pytest.fixture
def call(db: None) -> Call:
    return make_call(seconds=30)


def at(page: Page) -> Any:
    return page.locator("[data-at]").first


@pytest.mark.smoke
def test_a_recording_is_played_paused_and_sought(open_page: Opens, call: Call) -> None:
    make_sound(tell(call))
    page = open_page(call.get_absolute_url())
    expect(page.locator("audio")).to_be_hidden()
    expect(page.locator("[data-lasts]")).to_have_text("0:20")
    page.get_by_role("button", name="Play Message").click()
    expect(at(page)).to_have_text("0:01")
    page.get_by_role("button", name="Pause Message").click()
    page.get_by_role("slider", name="Where in Message").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(at(page)).to_have_text("0:11")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("slider")).to_have_attribute("aria-valuetext", "0:06 of 0:20")
    line = page.locator(".player-line").bounding_box()
    assert line
    page.mouse.click(line["x"] + line["width"] * 0.8, line["y"] + line["height"] / 2)
    expect(at(page)).to_have_text("0:16")
    page.get_by_role("button", name="1× speed").click()
    expect(page.get_by_role("button", name="1.5× speed")).to_have_text("1.5×")
    page.get_by_role("button", name="Play Message").click()
    expect(page.get_by_role("button", name="Play Message")).to_be_visible()  # once it is over


def test_it_plays_on_while_the_page_changes_under_it(open_page: Opens, call: Call) -> None:
    make_sound(tell(call))
    page = open_page(call.get_absolute_url())
    page.get_by_role("button", name="Play Message").click()
    tell(call, "y")
    expect(page.locator(".recording")).to_have_count(2)
    button = page.get_by_role("button", name="Pause Message 1")
    expect(button).to_be_focused()
    before = at(page).inner_text()
    expect(at(page)).not_to_have_text(before)
    expect(page.locator("[data-player] audio")).to_be_hidden()
    button.click()
    expect(page.get_by_role("button", name="Play Message 1")).to_be_focused()


def test_it_is_saved_under_a_name_that_says_whose_it_is(open_page: Opens, call: Call) -> None:
    row = tell(call)
    make_sound(row)
    page = open_page(call.get_absolute_url())
    with page.expect_download() as saved:
        page.get_by_role("link", name="MP3, 80 kB").click()
    assert saved.value.suggested_filename == f"call-{call.pk}-recording-{row.pk}.mp3"


def test_one_that_is_gone_from_the_storage_is_told(open_page: Opens, call: Call, settings: Settings) -> None:
    row = tell(call)
    make_sound(row)
    row.refresh_from_db()
    row.file.delete(save=False)
    page = open_page(call.get_absolute_url())
    page.get_by_role("button", name="Play Message").click()
    expect(page.get_by_text("It cannot be played here.")).to_be_visible()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_page_is_good_to_use(open_page: Opens, call: Call, size: dict[str, int]) -> None:
    make_sound(tell(call))
    tell(call, "y", 125)
    late = tell(call, "z")
    Recording.objects.filter(pk=late.pk).update(state="failed", problem="Vonage has no such recording. " * 4)
    page = open_page(call.get_absolute_url(), size=size)
    expect(page.locator(".recording")).to_have_count(3)
    assert found_by_axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
    message, events = page.locator("#recordings").bounding_box(), page.locator("#events").bounding_box()
    assert message
    assert events
    assert (message["y"] < events["y"]) if size == PHONE else (message["x"] > events["x"])
