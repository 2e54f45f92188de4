"""`manage.py spool`: what waits is listed, stored, and tried again."""

import threading
import time
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from calls.models import CallEvent
from calls.records import spool
from tests.factories import told


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("spool", *arguments, stdout=out)
    return out.getvalue()


def test_an_empty_spool_is_said_to_be_empty() -> None:
    assert run("list") == "0 waiting, 0 set aside.\n"
    assert run("drain") == "The spool is empty: 0 stored.\n"


def test_what_waits_is_listed_without_anybody_s_number() -> None:
    spool.keep(told("answered", conversation_uuid="CON-1"))
    spool.make_folders()
    (spool.folder("bad") / "garbage.5").write_text("{")
    listed = run("list")
    assert "waits " in listed
    assert "answered" in listed
    assert "CON-1" in listed
    assert "447700900" not in listed
    assert "set aside  garbage.5  cannot be read" in listed
    assert listed.endswith("1 waiting, 1 set aside.\n")


@pytest.mark.django_db
def test_drain_stores_all_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "PORTION", 2)
    for number in range(5):
        spool.keep(told(uuid=f"leg-{number}"))
    assert run("drain") == "The spool is empty: 5 stored.\n"
    assert CallEvent.objects.count() == 5
    assert spool.is_empty()


@pytest.mark.django_db
def test_replay_tries_again_what_was_set_aside() -> None:
    spool.keep(told())
    (path,) = spool.waiting()
    path.rename(spool.folder("bad") / path.name.replace(".0", ".4"))
    assert run("replay") == "1 tried again.\nThe spool is empty: 1 stored.\n"
    assert CallEvent.objects.count() == 1


@pytest.mark.django_db
def test_a_database_that_stays_away_is_said_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(events: list[Any], **options: Any) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(spool, "write_batch", away)
    spool.keep(told())
    with pytest.raises(CommandError, match="1 files wait still: the database is away"):
        run("drain", "--patience", "0.3")
    assert len(spool.waiting()) == 1


def test_it_waits_for_another_process_that_is_at_it() -> None:
    order = []

    def hold() -> None:
        with spool.drainer():
            held.set()
            time.sleep(0.5)
            order.append("other")

    held = threading.Event()
    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(10)
    run("drain")
    order.append("we")
    thread.join()
    assert order == ["other", "we"]
