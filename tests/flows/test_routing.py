"""Answers from memory: where they come from, and that nothing which fails behind them is heard by a caller."""

import json
import threading
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from calls.flows import engine
from calls.flows.numbers import save_number
from calls.flows.routing import Directory
from calls.flows.steps import Greeting
from calls.models import PhoneNumber
from tests.factories import OURS, make_number

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Directory:
    """The memory of a web process that has just looked."""
    make_number(OURS, greeting="Good morning.")
    directory = Directory()
    directory.look()
    return directory


def said(directory: Directory, *parties: str) -> str:
    return str(directory.answer(*parties).ncco[0]["text"])


def publish_elsewhere(text: str) -> None:
    """Publish without telling this host: no file is written, as if another host had done it."""
    save_number(OURS, greeting=Greeting(text=text))


def test_an_answer_makes_no_query(here: Directory) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert said(here, OURS) == "Good morning."
    assert not queries.captured_queries


def test_a_look_when_nothing_was_published_is_two_queries(here: Directory) -> None:
    PhoneNumber.objects.update(changed_at="2026-01-01T00:00:00Z")
    here.look()
    with CaptureQueriesContext(connection) as queries:
        here.look()
    assert len(queries) == 2


def test_a_publication_elsewhere_is_heard_after_the_next_look(here: Directory) -> None:
    publish_elsewhere("Good evening.")
    assert said(here, OURS) == "Good morning."
    here.look()
    assert said(here, OURS) == "Good evening."


def test_a_publication_by_another_process_of_this_host_is_heard_at_once(here: Directory) -> None:
    publish_elsewhere("Good evening.")
    Directory().look()  # the other process
    assert said(here, OURS) == "Good evening."


def test_a_number_that_was_taken_away_is_not_in_service(here: Directory) -> None:
    PhoneNumber.objects.all().delete()
    here.look()
    assert here.answer(OURS).ncco == engine.NUMBER_NOT_IN_SERVICE


def test_a_number_put_in_the_place_of_another_is_found(here: Directory) -> None:
    PhoneNumber.objects.all().delete()
    save_number("442079460001", greeting=Greeting(text="A new number."))
    here.look()
    assert said(here, "442079460001") == "A new number."
    assert here.answer(OURS).ncco == engine.NUMBER_NOT_IN_SERVICE


def test_when_we_call_the_number_of_ours_is_in_from(here: Directory) -> None:
    assert said(here, "447700900456", OURS) == "Good morning."


def test_a_process_starts_from_the_files_of_its_host(here: Directory) -> None:
    later = Directory()
    later.load_files()
    assert said(later, OURS) == "Good morning."


def test_files_are_for_their_owner_alone(here: Directory, settings: Settings) -> None:
    files = [path for path in Path(settings.SPOOL_DIR).rglob("*") if path.is_file()]
    assert len(files) == 4  # the number's, its flow's, its version's, and that of all callers
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"stamp": "9", "is": [1]}', '{"msisdn":"1","version":99,"changed_at":"x"}']
)
def test_a_file_that_cannot_be_read_is_passed_over(here: Directory, settings: Settings, content: str) -> None:
    (Path(settings.SPOOL_DIR) / "answers" / "numbers" / f"{OURS}.json").write_text(content)
    assert said(here, OURS) == "Good morning."
    later = Directory()
    later.load_files()
    assert later.answer(OURS).ncco == engine.NUMBER_NOT_IN_SERVICE


def test_a_file_older_than_what_we_know_is_passed_over(here: Directory, settings: Settings) -> None:
    path = Path(settings.SPOOL_DIR) / "answers" / "numbers" / f"{OURS}.json"
    before = json.loads(path.read_text())
    publish_elsewhere("Good evening.")
    here.look()
    path.write_text(json.dumps(before))
    assert said(here, OURS) == "Good evening."


def test_a_folder_that_cannot_be_written_costs_no_answer(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")
    settings.SPOOL_DIR = tmp_path / "spool"
    make_number(OURS, greeting="Good morning.")
    directory = Directory()
    directory.look()
    assert said(directory, OURS) == "Good morning."


@pytest.mark.parametrize(
    "program", [{}, {"steps": 1}, {"schema": 2, "steps": []}, {"schema": 2, "start": "1", "steps": {"1": {}}}, 1, []]
)
def test_a_program_that_cannot_be_run_is_heard_as_a_sentence(here: Directory, program: object) -> None:
    here.versions.things = dict.fromkeys(here.versions.things, program)
    answer = here.answer(OURS)
    assert answer.ncco == engine.OUT_OF_ORDER
    assert "cannot be run" in answer.problem


@pytest.mark.parametrize("party", ["", "../../etc/passwd", "٣٤٥", "4" * 5000, "sip:a@b", "\ud800", "\x00"])
def test_a_party_that_is_no_number_is_not_looked_for_on_disk(here: Directory, party: str) -> None:
    assert here.answer(party).ncco == engine.NUMBER_NOT_IN_SERVICE


def test_a_thousand_numbers_are_taken_up_and_answered_without_a_query(here: Directory) -> None:
    flow = PhoneNumber.objects.get().flow
    PhoneNumber.objects.bulk_create(PhoneNumber(msisdn=str(442079461000 + at), flow=flow) for at in range(1_000))
    with CaptureQueriesContext(connection) as queries:
        here.look()
    assert len(queries) <= 4
    with CaptureQueriesContext(connection) as queries:
        assert {said(here, str(442079461000 + at)) for at in range(1_000)} == {"Good morning."}
    assert not queries.captured_queries


def test_threads_may_look_and_answer_at_once(here: Directory) -> None:
    heard: set[str] = set()
    callers = [threading.Thread(target=lambda: heard.add(said(here, OURS))) for _ in range(8)]
    for caller in callers:
        caller.start()
    publish_elsewhere("Good evening.")
    here.look()
    for caller in callers:
        caller.join()
    assert heard <= {"Good morning.", "Good evening."}
