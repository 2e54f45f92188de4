"""The pages in the machine's own Chromium, before gunicorn as shipped: what they bring, when they paint, what moves.

Each time a page is opened in a context of its own, which has nothing in its cache. "Slow" is the network that
Lighthouse takes for a phone's. What moves is the sum of all layout shifts from the first paint until well after news
came to a page that somebody reads, with the focus on a link there.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, StorageState, sync_playwright

from tests.benchmarks.contenders import CONTENDERS, Place, Running, place_of, running
from tests.benchmarks.news import Caller, make_mailbox
from tests.benchmarks.postgres import ask
from tests.machine import find_browser

TIMES = 5
PATIENCE_MS = 30_000  # home looks for news every 15 s
SETTLED_MS = 2_000  # for what moves after the news were shown
PASSWORD = "of the benchmark alone and long"
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
SIZES: dict[str, Any] = {"wide": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
PAINTED = """new Promise((tell) => {
    const look = (list) => list.getEntriesByName("first-contentful-paint").forEach((entry) => tell(entry.startTime));
    new PerformanceObserver(look).observe({ type: "paint", buffered: true });
})"""
BROUGHT = """["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
    .filter((entry) => entry.initiatorType !== "fetch").reduce((sum, entry) => sum + entry.transferSize, 0)"""
NOTE_SHIFTS = """window.shifts = [];
    const note = (list) => window.shifts.push(...list.getEntries().map((entry) => entry.value));
    new PerformanceObserver(note).observe({ type: "layout-shift", buffered: true });"""

READ = {"list": "[data-recent]", "call page": "#events", "home": "#home-missed", "inbox": "[data-list]"}
NEWS = {"list": "[data-live-show]", "inbox": "[data-show]", "call page": "#story :text('message')"}


@dataclass
class Seen:
    """What the browser told of one page."""

    painted: list[float] = field(default_factory=list)  # milliseconds until the first content, each time
    painted_slow: list[float] = field(default_factory=list)
    bytes: int = 0  # of page, styles and scripts, compressed, with their headers
    shifts: dict[str, float] = field(default_factory=dict)  # by the size of the window


def see(url: str, folder: Path) -> dict[str, Seen]:
    """Open the pages of the database at `url`. Gives nothing where there is no Chromium, and says so."""
    path = find_browser()
    if not path:
        print("There is no chromium here: first paint and layout shifts were not measured.")
        return {}
    ours = CONTENDERS["ours"]
    folder.mkdir(parents=True)
    make_mailbox(place_of(ours, folder, url))
    with running(ours, folder / "served", url=url) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        with closing(browser):
            return Visit(server, browser).all()


class Visit:
    """A person who opens the pages of a server."""

    def __init__(self, server: Running, browser: Browser) -> None:
        self.server, self.browser = server, browser
        self.seen: dict[str, Seen] = {}
        self.logged_in: StorageState | None = None

    def all(self) -> dict[str, Seen]:
        self.log_in()
        for name, address in pages_of(self.newest("call", but=100)).items():
            self.seen[name] = Seen()
            self.measure(self.seen[name], address)
        for size in SIZES:
            self.wait_for_news(size)
        return self.seen

    def log_in(self) -> None:
        make_person(self.server.place)
        with self.opened("/login/") as page:
            page.get_by_label("Name").fill("sam")
            page.get_by_label("Password").fill(PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_url("**/home/")
            self.logged_in = page.context.storage_state()

    @contextmanager
    def opened(self, address: str, *, size: str = "wide", slow: bool = False) -> Iterator[Page]:
        """Open a page with an empty cache."""
        base = f"http://127.0.0.1:{self.server.port}"
        context = self.browser.new_context(base_url=base, viewport=SIZES[size], storage_state=self.logged_in)
        with closing(context):
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.add_init_script(NOTE_SHIFTS)
            if slow:
                context.new_cdp_session(page).send("Network.emulateNetworkConditions", SLOW)
            page.goto(address)
            page.evaluate(PAINTED)
            yield page

    def measure(self, seen: Seen, address: str) -> None:
        with self.opened(address) as page:  # the server has it ready from now on; this time is not counted
            seen.bytes = page.evaluate(BROUGHT)
        for _ in range(TIMES):
            for slow, into in ((False, seen.painted), (True, seen.painted_slow)):
                with self.opened(address, slow=slow) as page:
                    into.append(page.evaluate(PAINTED))

    def wait_for_news(self, size: str) -> None:
        """Read all pages while somebody leaves a message and another one rings."""
        caller, another = Caller(self.server), Caller(self.server)
        caller.ring()
        caller.listen()
        call = self.newest("call")
        with ExitStack() as stack:
            pages = {
                name: stack.enter_context(self.opened(address, size=size)) for name, address in pages_of(call).items()
            }
            for name, where in READ.items():
                pages[name].locator(where).locator("a[href], summary").filter(visible=True).first.focus()
            caller.leave_message()
            another.ring()
            told = {"home": f"#hear-{self.newest('voicemail')}"} | NEWS
            for name, page in pages.items():
                if name in told:
                    page.locator(told[name]).filter(visible=True).first.wait_for()
                page.wait_for_timeout(SETTLED_MS)
                self.seen[name].shifts[size] = sum(page.evaluate("window.shifts"))

    def newest(self, table: str, *, but: int = 0) -> int:
        """The id of the newest row of a table of ours, or of one so many before it."""
        (row,) = ask(self.server.place.url, f"SELECT id FROM calls_{table} ORDER BY id DESC LIMIT 1 OFFSET {but}")  # noqa: S608
        return int(row[0])


def pages_of(call: int) -> dict[str, str]:
    return {
        "list": "/",
        "call page": f"/calls/{call}/",
        "home": "/home/",
        "inbox": "/voicemail/",
        "reports, 14 days": "/reports/",
    }


def make_person(place: Place) -> None:
    command = ("manage.py", "createsuperuser", "--noinput", "--username", "sam", "--email", "sam@example.com")
    replace(place, environment={**place.environment, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}).run(*command)
