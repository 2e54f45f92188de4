"""The main job, as a person does it: change the greeting, ring the number, watch the call come in, look into it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from calls.models import User
from tests.browser.conftest import Opens
from tests.factories import CALLER, OURS, make_number

ROOT = Path(__file__).parents[2]
GREETING = "Good afternoon, this is Harbour Cycles."


def ring(live_server: LiveServer) -> str:
    """Let the local Vonage ring our number, as it is done in a terminal. Gives the trace."""
    doors = ["--answer-url", f"{live_server.url}/answer", "--event-url", f"{live_server.url}/event"]
    secret = ["--secret", settings.VONAGE_SIGNATURE_SECRET[0]]
    done = subprocess.run(
        [sys.executable, "manage.py", "ring", "--to", OURS, "--from", CALLER, "--speed", "20", *doors, *secret],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Call status: completed" in done.stdout, done.stderr
    return done.stdout


def log_in(page: Page) -> None:
    page.get_by_label("Name").fill("sam")
    page.get_by_label("Password").fill("a long password of Sam")
    page.keyboard.press("Enter")


@pytest.mark.smoke
def test_a_changed_greeting_is_heard_and_the_call_is_seen_as_it_happens(
    open_page: Opens, live_server: LiveServer, person: User
) -> None:
    make_number(OURS, greeting="Hello world!", label="Orders")
    dashboard = open_page("/", logged_in=False)
    log_in(dashboard)
    expect(dashboard.get_by_role("heading", name="Nothing has rung yet")).to_be_visible()

    admin = dashboard.context.new_page()
    admin.goto("/")
    admin.get_by_role("link", name="Flows and numbers").first.click()
    admin.get_by_role("link", name="Orders").first.click()
    admin.get_by_label("Greeting").fill(GREETING)
    expect(admin.locator("pre").filter(has_text=GREETING)).to_be_visible()  # the preview follows while one types
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.get_by_text("heard from the next call on")).to_be_visible()

    dashboard.evaluate("window.stayed = true")
    trace = ring(live_server)
    assert trace.index("ringing") < trace.index(f"to: {OURS} from: {CALLER}") < trace.index("completed")
    link = dashboard.get_by_role("link", name="+44 7700 900123").first
    expect(link).to_be_visible()
    expect(dashboard.get_by_text("Heard a notice").first).to_be_visible()
    assert dashboard.evaluate("window.stayed") is True  # the call came in without a page load

    link.click()
    expect(dashboard.get_by_role("heading", level=1)).to_contain_text("called Orders")
    expect(dashboard.locator("svg.wf, svg[viewBox^='0 0 1280']").first).to_be_visible()
    answered = dashboard.locator("details", has_text="Asked what to do").first
    answered.locator("summary").click()
    expect(answered.locator("pre", has_text='"action": "talk"')).to_contain_text(GREETING)
