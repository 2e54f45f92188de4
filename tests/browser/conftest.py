"""A real browser before the real pages. Only tests in this folder have it.

Playwright's loop runs in the test's own thread, where Django would refuse its database; the test makes its rows there.
"""

import os
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import get_resolver
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from calls.flows.routing import directory
from calls.models import User
from tests.machine import find_browser

FOLDER = Path(__file__).parent
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
EXPECTED = re.compile(
    r"status of 40[134]|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED"
)  # what a test does on purpose
PATIENCE_MS = 20_000  # what is so is seen at once; the machine may be busy
HASTE = 4  # so much faster than ours goes the time of a page: it looks for news every second or two, and tests wait
TIME = """for (const name of ["setTimeout", "setInterval"]) {
  const real = window[name];
  window[name] = (act, ms, ...rest) => real(act, ms / %d, ...rest);
}"""
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all that needs the browser, so that `-m "not browser"` leaves it out, and put it at the end.

    Playwright's loop goes on in the thread of the tests, and where one runs asyncio starts no other.
    """
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: FOLDER in item.path.parents)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start the machine's own chromium, once."""
    path = find_browser()
    if not path:
        pytest.skip("there is no chromium here")
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=PATIENCE_MS)
    get_resolver().check()  # imports every door, as wsgi.py does: whoever is rung answers in time
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def routes() -> Iterator[None]:
    """Forget after the test which numbers it published."""
    yield
    directory.clear()


@pytest.fixture
def person(live_server: LiveServer) -> User:
    """Somebody of the staff, in the database that the live server reads."""
    return User.objects.create_superuser("sam", "sam@example.com", "a long password of Sam", first_name="Sam")


class Windows:
    """The browser's windows, each with storage of its own. One is dear to make, so they serve again, emptied.

    In each stays an empty page, for a window without one closes.
    """

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser, self.url = browser, url
        self.free: dict[str, list[BrowserContext]] = defaultdict(list)  # by their zones
        self.taken: list[tuple[str, BrowserContext]] = []

    def take(self, zone: str) -> BrowserContext:
        """Give one that nobody else has during this test."""
        window = self.free[zone].pop() if self.free[zone] else self._make(zone)
        self.taken.append((zone, window))
        return window

    def _make(self, zone: str) -> BrowserContext:
        window = self.browser.new_context(
            viewport=DESK,  # type: ignore[arg-type]
            base_url=self.url,
            reduced_motion="reduce",
            timezone_id=zone,
        )
        window.add_init_script(TIME % HASTE)
        window.new_page()
        return window

    def give_back(self) -> None:
        """Close what a test opened, and forget all that it left."""
        for zone, window in self.taken:
            stays, *others = window.pages
            for page in others:
                page.close()
            window.set_offline(False)
            window.clear_cookies()
            window.clear_permissions()
            chrome = window.new_cdp_session(stays)
            chrome.send("Storage.clearDataForOrigin", {"origin": self.url, "storageTypes": "all"})
            chrome.send("Network.clearBrowserCache")
            chrome.detach()
            self.free[zone].append(window)
        self.taken.clear()

    def close(self) -> None:
        for windows in self.free.values():
            for window in windows:
                window.close()


@pytest.fixture(scope="session")
def windows(django_db_setup: None, chromium: Browser, live_server: LiveServer) -> Iterator[Windows]:
    """Those of a run. They close before the database goes: the server has a session there for each connection."""
    made = Windows(chromium, live_server.url)
    yield made
    made.close()


Opens = Callable[..., Page]


@pytest.fixture
def open_page(windows: Windows, live_server: LiveServer, person: User, routes: None) -> Iterator[Opens]:
    """Open a page as a person who is logged in: `open_page("/")`, `open_page("/", size=PHONE, theme="dark")`.

    The browser is in the server's zone, unless told: `open_page("/", zone="Europe/Madrid")`.
    A message in the browser's console or an error in a script fails the test.
    """
    complaints: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not EXPECTED.search(message.text):
            complaints.append(message.text)

    def open_one(
        path: str, *, size: dict[str, int] = DESK, theme: str = "", logged_in: bool = True, zone: str = ""
    ) -> Page:
        window = windows.take(zone or settings.TIME_ZONE)
        if logged_in:
            browser = Client()
            browser.force_login(person)
            cookie = browser.cookies["sessionid"]
            window.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live_server.url}])
        page = window.new_page()
        page.set_viewport_size(size)  # type: ignore[arg-type]
        if theme:
            page.add_init_script(f"localStorage.setItem('theme', '{theme}')")
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_one
    windows.give_back()
    assert not complaints


def wait_until(page: Page, true: str) -> None:
    """Wait until an expression is true in the page.

    `page.wait_for_function` makes its code from text in the page, which our Content-Security-Policy refuses unless it
    is true at the first look.
    """
    end = time.monotonic() + PATIENCE_MS / 1000
    while not page.evaluate(true):
        assert time.monotonic() < end, f"it did not come true: {true}"
        page.wait_for_timeout(20)
