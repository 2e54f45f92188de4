"""`manage.py worker` as a container runs it: a process that only a signal ends, and soon."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone

from calls.chores.duties import DUTIES
from calls.chores.loop import worker_name
from calls.models import Chore, Heartbeat
from calls.models.chores import HeartbeatQuerySet
from tests.commands.test_run import wait_until
from tests.machine import ending_with_us
from tests.test_server import database_url

ROOT = Path(__file__).resolve().parents[2]
WORKER = "from django.core.management import execute_from_command_line as run; run(['manage.py', 'worker'])"
HANGS = f"""
import time
from datetime import timedelta
import django
django.setup()
from calls.chores import duties
duties.DUTIES = (duties.Duty("hangs", timedelta(hours=1), lambda: time.sleep(600)),)
{WORKER}
"""
Start = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def start(transactional_db: None, tmp_path: Path) -> Iterator[Start]:
    """Start a worker on the database of the test; what still runs afterwards is ended."""
    started: list[subprocess.Popen[str]] = []

    def begin(code: str) -> "subprocess.Popen[str]":
        given = {"DATABASE_URL": database_url(), "SPOOL_DIR": str(tmp_path), "INGEST": "inline"}
        started.append(
            subprocess.Popen(
                [*ending_with_us(), sys.executable, "-c", code],
                cwd=ROOT,
                env=os.environ | given | {"DJANGO_SETTINGS_MODULE": "callserver.settings"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def test_it_does_its_chores_until_it_is_asked_to_end(start: Start) -> None:
    process = start(WORKER)
    wait_until(lambda: Chore.objects.exclude(finished_at=None).count() == len(DUTIES))
    assert Heartbeat.objects.get().worker.endswith(f":{process.pid}")
    process.send_signal(signal.SIGTERM)
    words, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert f"does: {', '.join(duty.name for duty in DUTIES)}\n" in words
    assert words.endswith("The worker has ended.\n")
    assert not Heartbeat.objects.exists()


def test_it_ends_in_the_middle_of_a_chore_that_hangs_and_hands_it_back(start: Start) -> None:
    process = start(HANGS)
    wait_until(lambda: Chore.objects.exclude(taken_by="").exists())
    process.send_signal(signal.SIGTERM)
    words, _ = process.communicate(timeout=30)
    assert process.returncode == 0, words
    assert "The worker was in the middle of a chore" in words
    chore = Chore.objects.get()
    assert (chore.taken_by, chore.finished_at) == ("", None)
    assert chore.due_at <= timezone.now()


def check() -> tuple[int | str | None, str]:
    said = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("worker", "--check", stdout=said, stderr=said)
    return ended.value.code, said.getvalue()


@pytest.mark.django_db
def test_check_tells_whether_a_worker_of_this_host_is_at_its_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    Heartbeat.objects.create(worker="elsewhere:1")
    assert check()[0] == 1
    beat = Heartbeat.objects.create(worker=worker_name())
    assert check() == (0, f"{beat.worker} was at its loop at {timezone.localtime(beat.beat_at):%H:%M:%S}.\n")
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(minutes=3))
    code, said = check()
    assert code == 1
    assert "No worker of" in said

    def away(*_: object) -> None:
        raise OperationalError("no route to host")

    monkeypatch.setattr(HeartbeatQuerySet, "younger_than", away)
    assert check() == (0, "The database is away, so nothing is known: no route to host\n")
