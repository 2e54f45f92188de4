"""Fixtures that all tests share: Vonage at the doors, and people who are logged in."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, transaction
from django.test import Client, TransactionTestCase
from hypothesis import settings as hypothesis
from pytest_django import Settings

from calls.flows.routing import directory
from calls.models import ApiToken, User
from calls.records import batch
from calls.records import store as store_module
from calls.records import writer as writer_module
from calls.records.heads import heads
from calls.records.writer import Writer
from calls.webhooks import refusals
from tests.settings import SCRATCH
from tests.vonage_client import Body, Response, VonageClient

# Generated cases are the same in each run, and nothing is timed; HYPOTHESIS_PROFILE=long looks for new ones.
hypothesis.register_profile("same", derandomize=True, deadline=None, max_examples=25)
hypothesis.register_profile("long", max_examples=2_000, deadline=None)
hypothesis.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# What these rooms ask of a database the ORM answers alike on each: one will do, but for the files of ON_EACH.
ON_POSTGRES = {"commands", "dashboard"}
ON_EACH = {"test_conformance", "test_calls", "test_events", "test_filters", "test_live", "test_reports"}
ON_EACH |= {"test_seed_calls", "test_seed_beside", "test_prune", "test_refold", "test_database_away"}
ON_EACH |= {"test_call", "test_log", "test_processes", "test_searches"}
PARSING = {"test_bad_bodies", "test_chunked", "test_readings", "test_signatures"}  # of webhooks, before any database
ON_SQLITE = {"admin", "api", "control", "emulator", "flows", "vonage"}
BESIDE = {"admin", "emulator", "flows"}  # run by the process that tests in the browser, which has the time
Post = Callable[..., Response]
Get = Callable[..., Response]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of some folders, so that `make test` divides its time well."""
    for item in items:
        folder, file = item.path.relative_to(Path(__file__).parent).parts[0], item.path.stem
        if folder in ON_POSTGRES and file not in ON_EACH:
            item.add_marker("once")
        elif (folder in ON_SQLITE and file not in ON_EACH) or file in PARSING:
            item.add_marker("sqlite")
            if folder in BESIDE:
                item.add_marker("beside")


def pytest_collection_finish() -> None:
    """Look for garbage no more among what stays to the end: tests and modules."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def scratch() -> Iterator[None]:
    """The folder of this run, with SQLite's file. Nothing of it stays."""
    SCRATCH.mkdir(0o700)
    yield
    shutil.rmtree(SCRATCH)


STAYING = {"django_migrations", "django_content_type", "auth_permission"}  # what `migrate` fills


def empty(_: TransactionTestCase) -> None:
    """Empty the tables that a test filled: Django truncates all there are, which makes each of their files anew, and
    then writes down again what `migrate` does. That takes Postgres longer than most tests.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        tables = sorted(set(connection.introspection.django_table_names(only_existing=False)) - STAYING)
        quoted = [connection.ops.quote_name(table) for table in tables]
        filled = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in quoted)  # noqa: S608
        cursor.execute(filled)
        for (table,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - what refers to what is looked at in the end


@pytest.fixture(scope="session", autouse=True)
def lean_endings() -> Iterator[None]:
    """Let tests that commit end with `empty`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


@pytest.fixture(autouse=True)
def own_memory(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test begin as a process does: nothing in memory, an empty spool, no files, nothing refused yet."""
    settings.SPOOL_DIR = tmp_path / "spool"
    settings.MEDIA_ROOT = tmp_path / "media"
    directory.clear()
    heads.clear()
    batch.forget()
    monkeypatch.setattr(refusals, "strangers", refusals.Sampler())


@contextmanager
def connection_kept() -> Iterator[None]:
    """Let a WSGI application be called within a test: the end of a request would end the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@pytest.fixture
def vonage(db: None) -> VonageClient:
    """Vonage: `vonage.post(path, payload)` and `vonage.get(path, fields)`, signed unless told otherwise."""
    return VonageClient()


@pytest.fixture
def post_event(vonage: VonageClient) -> Post:
    """Post an event: `post_event({"uuid": …})`. Further arguments are those of `VonageClient.post`."""

    def post(payload: Body, **options: Any) -> Response:
        return vonage.post("/event", payload, **options)

    return post


@pytest.fixture
def get_answer(vonage: VonageClient) -> Get:
    """Ask what to do with a call: `get_answer({"to": "442079460000", …})`.

    What was published is looked up first: no background thread does so once a second in tests.
    """

    def get(fields: Mapping[str, Any], **options: Any) -> Response:
        directory.look()
        return vonage.get("/answer", fields, **options)

    return get


@pytest.fixture
def post_fallback(vonage: VonageClient) -> Post:
    """Tell the fallback URL what failed: the payload of the failed request with `original_request`."""

    def post(payload: Body, **options: Any) -> Response:
        directory.look()
        return vonage.post("/fallback", payload, **options)

    return post


@pytest.fixture
def staff(db: None) -> User:
    """A person who may do everything in the admin."""
    return User.objects.create_superuser("sam", "sam@example.com", "a long password of Sam")


@pytest.fixture
def login(staff: User) -> Client:
    """A browser in which `staff` is logged in, with CSRF checks on."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(staff)
    return browser


@pytest.fixture
def api(staff: User) -> Client:
    """A program with an API token of `staff`."""
    _, plain = ApiToken.objects.issue(staff)
    return Client(headers={"Authorization": f"Token {plain}"})


@pytest.fixture
def writer(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Writer]:
    """The threaded writer, as it runs in a web process; it ends, and closes its connection, with the test."""
    settings.INGEST = "writer"
    own = Writer()
    monkeypatch.setattr(store_module, "writer", own)
    monkeypatch.setattr(writer_module, "writer", own)
    yield own
    own.drain()
