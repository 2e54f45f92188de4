"""`/healthz` and `/readyz`: who asks needs no login, and hears what an operator has to know."""

import time
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.test import Client
from pytest_django import Settings

from calls import checks
from calls.flows.routing import directory
from calls.models import Heartbeat
from calls.records import spool
from calls.records import store as store_module
from tests.factories import make_number, told


def ready(client: Client, status: int = 200) -> dict[str, object]:
    response = client.get("/readyz")
    assert response.status_code == status
    assert "no-store" in response.headers["Cache-Control"]
    body: dict[str, object] = response.json()
    return body


@pytest.mark.django_db
def test_it_is_ready_with_answers_and_a_database(client: Client) -> None:
    make_number()
    directory.look()
    Heartbeat.objects.beat("host:1")
    body = ready(client)
    assert body["answers"] == {"loaded": True, "numbers": 1}
    database = body["database"]
    assert isinstance(database, dict)
    assert database["migrations_missing"] == 0
    assert 0 <= database["worker_seen_seconds_ago"] < 60


@pytest.mark.django_db
def test_depth_and_age_of_the_spool_are_told(client: Client) -> None:
    make_number()
    directory.look()
    spool.keep(told())
    body = ready(client)
    waits = body["spool"]
    assert isinstance(waits, dict)
    assert (waits["files"], waits["set_aside"], waits["usable"]) == (1, 0, True)
    assert 0 <= waits["oldest_seconds"] < 60


def test_without_database_and_spool_it_is_not_ready(client: Client, settings: Settings, tmp_path: Path) -> None:
    """Tests without the mark have no database: it refuses."""
    settings.SPOOL_DIR = tmp_path / "file"
    settings.SPOOL_DIR.write_text("")
    settings.INGEST = "writer"
    assert not ready(client, 503)["ready"]


@pytest.mark.django_db
def test_after_both_refused_an_event_it_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_number()
    assert ready(client)["ready"]
    monkeypatch.setattr(store_module, "_refused_at", time.monotonic())
    assert not ready(client, 503)["ready"]


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert spool.refusal() == ""
    monkeypatch.setattr(spool, "ROOM_FOR_ONE", 2**63)
    assert "is full" in spool.refusal()


def test_without_answers_it_is_not_ready(client: Client, settings: Settings) -> None:
    settings.INGEST = "writer"
    assert not ready(client, 503)["ready"]


def test_a_spool_that_cannot_be_written_is_an_error_with_its_cure(settings: Settings, tmp_path: Path) -> None:
    assert [message.id for message in run_checks() if message.id == "calls.E002"] == []
    settings.SPOOL_DIR = tmp_path / "file"
    settings.SPOOL_DIR.write_text("")
    found = [message for message in run_checks() if message.id == "calls.E002"]
    assert len(found) == 1
    assert "user" in (found[0].hint or "")


def test_a_check_makes_no_folder(settings: Settings) -> None:
    run_checks()
    assert not Path(settings.SPOOL_DIR).exists()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc here")
def test_a_spool_that_is_on_no_disk_is_said_to_be_so(settings: Settings) -> None:
    settings.SPOOL_DIR = Path("/proc/x")
    (found,) = checks.spool_can_be_written()
    assert found.msg == "SPOOL_DIR cannot be used: /proc is no disk, so nothing can be kept there."
