"""`manage.py start`, which the containers run: in any order, several at a time, with the database there or not yet."""

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import psycopg2
import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection

from calls.flows.numbers import save_number
from calls.flows.routing import directory
from calls.management.first_steps import DEMO_NUMBER
from calls.models import PhoneNumber, User
from callserver import env
from tests.commands.test_run import TRACE, wait_until
from tests.machine import ending_with_us
from tests.ports import free_port
from tests.test_server import database_url
from tests.vonage_client import sign

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-signature-secret-of-the-tests-1"
NOWHERE = "postgres://nobody@127.0.0.1:1/nothing"


class Service:
    """A `manage.py start …` in a process of its own, and what it has written so far."""

    def __init__(self, *words: str, **given: str) -> None:
        self.port = int(given.setdefault("PORT", str(free_port(neighbours=1))))
        known = {"SECRET_KEY": "x" * 50, "VONAGE_SIGNATURE_SECRET": SECRET, "BASE_URL": "", "INGEST": "writer"}
        known |= {"DJANGO_SETTINGS_MODULE": "callserver.settings", "WEB_CONCURRENCY": "1"}
        self.process = subprocess.Popen(
            [*ending_with_us(), sys.executable, "manage.py", "start", *words],
            cwd=ROOT,
            env=os.environ | known | given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.words = ""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        """Read to the end, so that it never waits for us."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.words += line

    def says(self, words: str) -> bool:
        assert self.process.poll() is None, self.words
        return words in self.words

    def answers(self) -> bool:
        """Say whether it serves; fail when it has ended instead."""
        assert self.process.poll() is None, self.words
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def end(self) -> int:
        """Ask it to end, and give its exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(40)
        self.reader.join(10)
        return code


Start = Callable[..., Service]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start services; what still runs afterwards is ended."""
    started: list[Service] = []

    def begin(*words: str, **given: str) -> Service:
        started.append(Service(*words, **given))
        return started[-1]

    yield begin
    for service in started:
        service.process.kill()
        service.process.wait()
        service.reader.join(10)
        assert service.process.stdout
        service.process.stdout.close()


@pytest.fixture
def own_signals() -> Iterator[None]:
    """Let a command that runs in this process have its handlers, and no longer than the test."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def empty_database(db: None, tmp_path: Path) -> Iterator[str]:
    """A database without tables, on the server of this run, as a DATABASE_URL."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    name = f"test_empty_{os.getpid()}"
    server = psycopg2.connect(database_url())
    server.autocommit = True
    with server.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        yield database_url().rpartition("/")[0] + f"/{name}"
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    server.close()


def test_web_and_workers_that_start_together_migrate_once_and_serve(
    start: Start, empty_database: str, tmp_path: Path
) -> None:
    given = {"DATABASE_URL": empty_database, "SPOOL_DIR": str(tmp_path)}
    webs = [start("web", **given) for _ in range(2)]
    workers = [start("worker", **given) for _ in range(2)]
    for web in webs:
        wait_until(web.answers)
    for worker in workers:
        wait_until(lambda worker=worker: worker.says("does: "))  # type: ignore[misc]
    services = [*webs, *workers]
    assert sum("Brought the database up to date" in service.words for service in services) == 1
    assert sum("Log in as:      admin, password " in worker.words for worker in workers) == 1
    assert sum("changepassword admin" in worker.words for worker in workers) == 1
    rang = start("demo", "--", "--speed", "20", PORT=str(webs[0].port))
    assert rang.process.wait(60) == 0, rang.words + webs[0].words
    rang.reader.join(10)
    assert rang.words.splitlines() == TRACE
    assert [service.end() for service in services] == [0] * 4
    assert "Call status: completed  CON-" in webs[0].words


@pytest.mark.once
def test_without_its_database_a_web_waits_and_can_be_ended(start: Start, tmp_path: Path) -> None:
    web = start("web", DATABASE_URL=NOWHERE, SPOOL_DIR=str(tmp_path))
    wait_until(lambda: web.says("Waiting for the database: "))
    assert not web.answers()
    assert web.end() == 0
    assert "Traceback" not in web.words


@pytest.mark.django_db
def test_a_web_that_knows_answers_gives_them_before_the_database_is_there(start: Start, settings: LazySettings) -> None:
    save_number(DEMO_NUMBER)
    directory.look()
    web = start("web", DATABASE_URL=NOWHERE, SPOOL_DIR=str(settings.SPOOL_DIR))
    wait_until(web.answers)
    talk = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
    talk.request("GET", f"/answer?to={DEMO_NUMBER}&from=447700900123", headers={"Authorization": sign()})
    assert "Hello world!" in json.loads(talk.getresponse().read())[0]["text"]
    talk.close()
    assert web.says("callers hear this host's last known answers")


@pytest.mark.once
def test_a_web_without_its_secrets_says_so_before_it_waits_for_anything(
    settings: LazySettings, own_signals: None, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.SECRET_KEY_GIVEN = ""
    with pytest.raises(SystemExit):
        call_command("start", "web")
    assert "SECRET_KEY must be set" in capsys.readouterr().err


@pytest.fixture
def set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: LazySettings, own_signals: None
) -> Callable[..., str]:
    """Run `manage.py start setup` as a container does that has just got its volumes; give what it says."""
    monkeypatch.setattr(env, "LOCAL_ENV", tmp_path / "var" / "local.env")
    for name in ("SECRET_KEY", "VONAGE_SIGNATURE_SECRET", "BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "database").mkdir()

    def run(**given: str) -> str:
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        settings.BASE_URL = given.get("BASE_URL", "http://127.0.0.1:3000").rstrip("/")
        said = StringIO()
        words = ["setup", "--database", "postgres://callserver@db/callserver", "--folder", str(tmp_path / "database")]
        call_command("start", *words, stdout=said)
        return said.getvalue()

    return run


@pytest.mark.once
def test_setup_makes_secrets_once_and_for_nobody_else_to_read(set_up: Callable[..., str], tmp_path: Path) -> None:
    said = set_up()
    assert said == "Made the database's password, SECRET_KEY, VONAGE_SIGNATURE_SECRET: kept in volumes.\n"
    made = {name: tmp_path / name for name in ("var/local.env", "database/password", "database/url")}
    contents = {name: file.read_text() for name, file in made.items()}
    assert {stat.S_IMODE(file.stat().st_mode) for file in made.values()} == {0o600}
    password = contents["database/password"]
    assert len(password) >= 32
    assert contents["database/url"] == f"postgres://callserver:{password}@db/callserver"
    assert not [secret for secret in (password, *env.read_env_file(env.LOCAL_ENV).values()) if secret in said]
    assert set_up() == "All secrets are there.\n"
    assert {name: file.read_text() for name, file in made.items()} == contents


@pytest.mark.once
def test_setup_makes_nothing_that_the_owner_of_a_public_server_has_to_choose(set_up: Callable[..., str]) -> None:
    set_up()  # a try on this machine
    public = {"BASE_URL": "https://calls.example.com"}
    with pytest.raises(CommandError, match=r"SECRET_KEY and VONAGE_SIGNATURE_SECRET must be set in \.env"):
        set_up(**public)
    public["SECRET_KEY"] = "x" * 50
    with pytest.raises(CommandError, match="so VONAGE_SIGNATURE_SECRET must"):
        set_up(**public)
    public["VONAGE_SIGNATURE_SECRET"] = SECRET
    assert set_up(**public) == "All secrets are there.\n"
    with pytest.raises(CommandError, match="must end with the name of the host"):
        set_up(**public | {"BASE_URL": "https://calls.example.com/"})


@pytest.mark.once
def test_setup_asks_for_no_signature_secret_where_signatures_are_optional(
    set_up: Callable[..., str], settings: LazySettings
) -> None:
    settings.WEBHOOK_SIGNATURES = "optional"
    assert set_up(BASE_URL="https://calls.example.com", SECRET_KEY="x" * 50).startswith("Made the database's password:")


@pytest.mark.django_db(transaction=True)
def test_worker_of_a_public_server_makes_nobody_and_tells_how_to(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch, own_signals: None
) -> None:
    settings.BASE_URL = "https://calls.example.com"
    monkeypatch.setattr("calls.chores.loop.Loop.run", lambda self: None)
    said = StringIO()
    call_command("start", "worker", stdout=said)
    assert not User.objects.exists()
    assert not PhoneNumber.objects.exists()
    assert "https://calls.example.com/answer  https://calls.example.com/event" in said.getvalue()
    assert "nobody can yet: docker compose exec web python manage.py createsuperuser" in said.getvalue()
