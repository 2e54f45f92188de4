"""Who is compared: ours under two web servers, an afternoon's Django, and FastAPI with asyncpg."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.postgres import ask, new_database, rows
from tests.benchmarks.processes import ROOT, Server, serving
from tests.load.journal import Journal, read_journals
from tests.load.oracle import Verdict, judge_events
from tests.load.traffic import OURS
from tests.ports import free_port

SECRET = "a-signature-secret-of-the-benchmarks-1"
GREETING = "Thanks for calling."
BIN = Path(sys.executable).parent
CALLS_COMPARED = 5_000

Command = Callable[[int], list[str]]  # given the port


@dataclass(frozen=True)
class Contender:
    """A server that can be measured."""

    name: str
    says: str
    command: Command
    prepare: Callable[["Place"], None]
    payloads: str = ""  # reads what it stored; empty for ours, which has an oracle of its own
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """Where a contender runs: its database and a folder of its own."""

    url: str
    folder: Path
    environment: Mapping[str, str]

    def run(self, *command: str) -> str:
        """Run a command of the contender to its end; give what it printed. Raises CalledProcessError."""
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=os.environ | self.environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout


@dataclass
class Running:
    """A contender that runs."""

    contender: Contender
    place: Place
    server: Server
    journal: Journal

    @property
    def name(self) -> str:
        return self.contender.name

    @property
    def port(self) -> int:
        return self.server.port

    def judge(self, payloads: str = "") -> Verdict:
        """Let the oracle compare what was acknowledged with what is stored, or with what a query finds of it."""
        self.journal.file.flush()
        payloads = payloads or self.contender.payloads
        if payloads:
            return judge_events(read_journals(self.journal.path), rows(self.place.url, payloads))
        return judged_by_program(self.place, self.journal.path)


def judged_by_program(place: Place, journal: Path) -> Verdict:
    """Let the oracle judge our call log in a process of its own, which has Django's settings of that database."""
    oracle = ["-m", "tests.load.oracle", str(journal), "--json", "--calls", str(CALLS_COMPARED)]
    done = subprocess.run(
        [sys.executable, *oracle], cwd=ROOT, env=os.environ | place.environment, check=False, stdout=subprocess.PIPE
    )
    return Verdict(**json.loads(done.stdout))


def migrate_ours(place: Place) -> None:
    place.run("manage.py", "migrate", "--verbosity", "0")
    place.run("manage.py", "number", OURS, "--greeting", GREETING)


def migrate_afternoon(place: Place) -> None:
    place.run("-m", "django", "migrate", "--run-syncdb", "--verbosity", "0")


def make_tables(place: Place) -> None:
    ask(place.url, Path(__file__).with_name("fastapi_tables.sql").read_text(encoding="utf-8"))


def ours(port: int) -> list[str]:
    return [str(BIN / "gunicorn"), "-c", "callserver/gunicorn.conf.py", "callserver.wsgi"]


def ours_by_granian(port: int) -> list[str]:
    command = f"{BIN}/granian --interface wsgi --http 1 --no-ws --workers 2 --blocking-threads 12"
    return [*command.split(), "--log-level", "warning", "--port", str(port), "callserver.wsgi:application"]


def afternoon(port: int) -> list[str]:
    command = f"{BIN}/gunicorn --worker-class gthread --workers 2 --threads 8 --keep-alive 65 --bind 127.0.0.1:{port}"
    return [*command.split(), "--log-level", "warning", "tests.benchmarks.afternoon.wsgi"]


def fastapi(port: int) -> list[str]:
    command = f"{BIN}/uvicorn --workers 2 --loop uvloop --http httptools --timeout-keep-alive 65 --port {port}"
    return [*command.split(), "--no-access-log", "--log-level", "warning", "tests.benchmarks.fastapi_server:app"]


DJANGO = {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.afternoon.settings"}
OUR_SETTINGS = {"DJANGO_SETTINGS_MODULE": "callserver.settings", "INGEST": "writer"}
DJANGO_PAYLOADS = "SELECT payload FROM afternoon_callevent"
FASTAPI_PAYLOADS = "SELECT payload FROM call_event"
CONTENDERS = {
    one.name: one
    for one in (
        Contender("ours", "gunicorn as shipped", ours, migrate_ours, environment=OUR_SETTINGS),
        Contender("granian", "ours under granian", ours_by_granian, migrate_ours, environment=OUR_SETTINGS),
        Contender("django", "an afternoon's Django", afternoon, migrate_afternoon, DJANGO_PAYLOADS, DJANGO),
        Contender(
            "django-0",
            "the same with CONN_MAX_AGE=0",
            afternoon,
            migrate_afternoon,
            DJANGO_PAYLOADS,
            DJANGO | {"CONN_MAX_AGE": "0"},
        ),
        Contender("fastapi", "FastAPI and asyncpg", fastapi, make_tables, FASTAPI_PAYLOADS),
        Contender(
            "fastapi-1",
            "the same in one statement per event",
            fastapi,
            make_tables,
            FASTAPI_PAYLOADS,
            {"IN_ONE_STATEMENT": "1"},
        ),
    )
}
USUAL = ("ours", "granian", "django", "fastapi")


@contextmanager
def running(contender: Contender, folder: Path, *, url: str = "", arguments: tuple[str, ...] = ()) -> Iterator[Running]:
    """Start a contender on a new database, or on the one at `url` as it is; end both afterwards."""
    folder.mkdir(parents=True)
    if not url:
        with new_database(contender.name) as made:
            contender.prepare(place_of(contender, folder, made))
            with running(contender, folder / "run", url=made, arguments=arguments) as one:
                yield one
        return
    place, port = place_of(contender, folder, url), free_port()
    environment = {**place.environment, "PORT": str(port)}
    command = [*contender.command(port), *arguments]
    with serving(command, environment, port, folder / "log") as server, Journal(folder / "journal") as journal:
        yield Running(contender, place, server, journal)


def place_of(contender: Contender, folder: Path, url: str) -> Place:
    """Give the contender its settings. What the machine's own environment says of ours does not count."""
    given = {
        "DATABASE_URL": url,
        "SECRET_KEY": "a-key-of-the-benchmarks-only-0123456789-0123456789",
        "VONAGE_SIGNATURE_SECRET": SECRET,
        "VONAGE_APPLICATION_ID": "",
        "VONAGE_API_KEY": "",
        "WEBHOOK_SIGNATURES": "required",
        "BASE_URL": "http://127.0.0.1",
        "DEBUG": "0",
        "LOG_LEVEL": "INFO",
        "WEB_CONCURRENCY": "2",
        "SPOOL_DIR": str(folder / "spool"),
    }
    return Place(url, folder, {**given, **contender.environment})
