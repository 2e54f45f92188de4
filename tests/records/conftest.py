"""The writer thread of a web process, for tests that need the real one."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from calls.records import store as store_module
from calls.records import writer as writer_module
from calls.records.writer import Writer


@pytest.fixture
def writer(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Writer]:
    """The threaded writer, as it runs in a web process; it ends, and closes its connection, with the test."""
    settings.INGEST = "writer"
    own = Writer()
    monkeypatch.setattr(store_module, "writer", own)
    monkeypatch.setattr(writer_module, "writer", own)
    yield own
    own.drain()
