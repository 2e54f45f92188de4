"""While calls that never were are added, a server goes on: pages are read, events are kept, and nobody misses one."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client

from calls.management.commands import seed_calls
from calls.management.progress import Progress
from calls.management.seeding import followers, shapes, writing
from calls.models import Bookmark, Call, CallEvent, CallSearch, Counted, Tally
from calls.records import counting, search
from calls.records.batch import write_batch
from calls.records.refold import refold
from tests.factories import make_call, make_event, told
from tests.server import Server
from tests.test_server import database_url

pytestmark = pytest.mark.django_db(transaction=True)
UNTIL = datetime(2026, 11, 23, 14)  # noqa: DTZ001 -- as the command line gives it
PORTION, PORTIONS = 20, 6
PATIENCE = 60  # seconds: longer than any of this takes on a busy machine


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "VARIANTS", 3)
    monkeypatch.setitem(seed_calls.AT_ONCE, connection.vendor, PORTION)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "spool", database_url())
    server.start()
    yield server
    server.stop()


@pytest.fixture
def cookie() -> str:
    """Somebody is logged in."""
    browser = Client()
    browser.force_login(get_user_model().objects.create_superuser("sam"))
    return f"sessionid={browser.cookies['sessionid'].value}"


def seed(out: StringIO | None = None, *, number: int = 7, days: int = 14) -> None:
    options = {"count": PORTION * PORTIONS, "days": days, "seed": number, "until": UNTIL}
    call_command("seed_calls", **options, stdout=out or StringIO())


@contextmanager
def uncommitted(act: Callable[[], object]) -> Iterator[None]:
    """Let somebody else do this in a transaction that stays open until the end."""
    done, go_on = threading.Event(), threading.Event()

    def act_slowly() -> None:
        with transaction.atomic():
            act()
            done.set()
            go_on.wait(PATIENCE)
        connection.close()

    slow = threading.Thread(target=act_slowly)
    slow.start()
    try:
        assert done.wait(PATIENCE)
        yield
    finally:
        go_on.set()
        slow.join(PATIENCE)


class Seeding(threading.Thread):
    """Seeds on connections of its own, and brings along what went wrong."""

    failure: BaseException | None = None

    def __init__(self, number: int = 7) -> None:
        super().__init__()
        self.number = number

    def run(self) -> None:
        try:
            seed(number=self.number)
        except BaseException as failure:
            self.failure = failure
        finally:
            connection.close()

    def end(self) -> None:
        self.join(PATIENCE)
        assert not self.is_alive()
        assert self.failure is None


def after_each_portion(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    move = Progress.move

    def act_too(self: Progress, steps: int) -> None:
        if steps:
            act()
        move(self, steps)

    monkeypatch.setattr(Progress, "move", act_too)


def let_all_follow() -> None:
    """What the worker does, until nothing is left."""
    for _ in range(2):
        Bookmark.objects.update(noted_at=datetime(2026, 1, 1).astimezone())
        while search.catch_up(5.0) or counting.count_news():
            pass


def sums() -> list[dict[str, object]]:
    """The sums of the reports, in whatever order their values were joined."""
    rows = map(dict[str, Any], Tally.objects.order_by("span", "quarter", "outbound", "number", "version").values())
    joined = {"waits", "talks", "answers"}
    return [{name: sorted(row[name]) if name in joined else row[name] for name in row.keys() - {"id"}} for row in rows]


def check_all_is_whole(calls: int) -> None:
    """All of it is what folding, counting and searching anew give."""
    keys = list(Call.objects.order_by("pk").values_list("pk", flat=True))
    assert len(keys) == CallSearch.objects.count() == calls
    assert [changes for _, changes in refold(keys, []) if any(changes.values())] == []
    counted, tallies = list(Counted.objects.order_by("pk").values()), sums()
    Counted.objects.all().delete()
    Tally.objects.all().delete()
    counting.count_calls(keys)
    assert (list(Counted.objects.order_by("pk").values()), sums()) == (counted, tallies)


def test_a_server_answers_pages_and_stores_events_within_a_portion_s_transaction(
    server: Server, cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each portion stays uncommitted, with all its rows and locks, until pages were read and an event was stored."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time: see the next one")
    written, go_on = threading.Semaphore(0), threading.Semaphore(0)
    renew_sums = counting.renew_sums

    def wait(quarters: Sequence[int]) -> None:
        renew_sums(quarters)
        written.release()
        assert go_on.acquire(timeout=PATIENCE)

    monkeypatch.setattr(counting, "renew_sums", wait)
    seeding = Seeding()
    seeding.start()
    for number in range(PORTIONS):
        assert written.acquire(timeout=PATIENCE)
        names: dict[str, Any] = {"uuid": f"leg-{number}", "conversation_uuid": f"CON-{number}"}
        assert server.event(make_event("started", **names)) == 200
        call = CallEvent.objects.get(leg__uuid=f"leg-{number}").call  # a spooled one would come later
        assert call
        for page in ("/", call.get_absolute_url(), "/reports/", "/voicemail/", "/home/"):
            assert server.ask("GET", page, Cookie=cookie)[0] == 200, page
        go_on.release()
    seeding.end()
    monkeypatch.setattr(counting, "renew_sums", renew_sums)
    let_all_follow()
    check_all_is_whole(PORTION * PORTIONS + PORTIONS)


def test_a_server_keeps_events_while_calls_are_added_one_portion_after_the_other(server: Server, cookie: str) -> None:
    seeding = Seeding()
    seeding.start()
    sent = 0
    while seeding.is_alive() or not sent:
        names: dict[str, Any] = {"uuid": f"leg-{sent}", "conversation_uuid": f"CON-{sent}"}
        assert server.event(make_event("started", **names)) == 200
        assert server.ask("GET", "/", Cookie=cookie)[0] == 200
        sent += 1
    seeding.end()
    server.stop()  # what was spooled is stored before
    assert CallEvent.objects.filter(leg__uuid__startswith="leg-").count() == sent
    let_all_follow()
    check_all_is_whole(PORTION * PORTIONS + sent)


def test_events_of_others_among_seeded_ones_are_seen_by_those_who_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    others: list[Call] = []
    after_each_portion(monkeypatch, lambda: others.append(make_call()) if len(others) < 2 else None)
    seed()
    first = CallEvent.objects.filter(call=others[0]).earliest("pk").pk
    marks = set(Bookmark.objects.values_list("seen", flat=True))
    assert len(marks) == 1
    assert marks < set(range(first))
    assert not Counted.objects.filter(call__in=[call.pk for call in others]).exists()
    let_all_follow()
    check_all_is_whole(PORTION * PORTIONS + len(others))


def test_who_has_not_seen_all_before_is_not_put_behind_what_is_added() -> None:
    make_call()
    Bookmark.objects.create(name=counting.NAME)
    Bookmark.objects.create(name="search", seen=CallEvent.objects.latest("pk").pk)
    seed()
    seen = dict(Bookmark.objects.values_list("name", "seen"))
    assert seen == {counting.NAME: 0, "recordings": 0, "search": CallEvent.objects.latest("pk").pk}


def test_an_event_that_is_committed_late_is_not_passed_over() -> None:
    """Its key was taken before those of the seeded ones."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    with uncommitted(lambda: write_batch([told("started", uuid="leg-late", conversation_uuid="CON-late")])):
        seed()
        assert set(Bookmark.objects.values_list("seen", flat=True)) == {0}
    let_all_follow()
    check_all_is_whole(PORTION * PORTIONS + 1)


def test_what_was_written_long_before_the_end_is_passed_over_beside_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """After OVERLAP nobody is waited for: what was begun before is committed."""
    monkeypatch.setattr(followers, "OVERLAP", timedelta())
    seen: list[int] = []
    mark = Bookmark.objects.filter(name=counting.NAME)
    after_each_portion(monkeypatch, lambda: seen.append(mark.get().seen))
    seed()
    assert seen == sorted(set(seen))
    assert seen[-1] == CallEvent.objects.latest("pk").pk


def test_it_waits_for_who_counts_and_for_slow_statements_as_long_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time, and waits for none within a transaction")
    options = connection.settings_dict["OPTIONS"]
    limits = f"{options['options']} -c lock_timeout=300 -c statement_timeout=800"
    seed()  # the bookmarks are there
    with uncommitted(counting.hold):
        monkeypatch.setitem(options, "options", limits)
        seeding = Seeding(number=8)
        seeding.start()
        seeding.join(2)
        assert seeding.is_alive()
    seeding.end()
    check_all_is_whole(2 * PORTION * PORTIONS)


def test_its_connections_are_closed_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("on SQLite it has none of its own")
    several: list[int] = []
    after_each_portion(monkeypatch, lambda: several.append(connections_there()))
    before = connections_there()
    seed()
    assert max(several) == before + writing.WRITERS
    until = time.monotonic() + PATIENCE
    while connections_there() > before and time.monotonic() < until:  # Postgres notices some time later
        time.sleep(0.05)
    assert connections_there() == before


def connections_there() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()")
        return int(cursor.fetchone()[0])
