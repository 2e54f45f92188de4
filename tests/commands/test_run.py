"""`manage.py run` as a person meets it: a copy of the project, a free port, and nothing else made yet."""

import os
import pty
import re
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.machine import ending_with_us
from tests.ports import free_port
from tests.settings import KNOWN

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
NOT_COPIED = shutil.ignore_patterns(".*", "var", "tests", "docs", "staticfiles")
OURS = {*KNOWN, *(f"{name}_FILE" for name in KNOWN), "DATABASE_URL", "DJANGO_SETTINGS_MODULE"}
TRACE = [
    "Call status: started",
    "Call status: ringing",
    "to: 442079460000 from: 447700900123",
    "Call status: answered",
    "Call status: completed",
]


class Home:
    """A machine on which the project was just unpacked."""

    def __init__(self, folder: Path) -> None:
        shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
        self.folder = folder
        self.port = free_port(neighbours=1)
        self.environment = {name: value for name, value in os.environ.items() if name not in OURS}
        self.environment |= {"PORT": str(self.port), "WEB_CONCURRENCY": "1", "COVERAGE_PROCESS_START": ""}

    def manage(self, *words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of manage.py to its end."""
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=self.folder,
            env=self.environment | settings,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def count_calls(self) -> int:
        """Look into the database as a report would."""
        with sqlite3.connect(self.folder / "var" / "callserver.sqlite3") as database:
            return int(database.execute("SELECT count(*) FROM calls_call").fetchone()[0])

    def get(self, path: str) -> int:
        """Give the status with which the server answers, redirects followed."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def listens(self) -> bool:
        """Say whether anybody takes connections on the port."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Running:
    """A `manage.py run`, and what it has written so far."""

    def __init__(self, home: Home) -> None:
        self.process = subprocess.Popen(
            [*ending_with_us(), sys.executable, "manage.py", "run"],
            cwd=home.folder,
            env=home.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        """Read to the end, so that it never waits for us."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def wait_for(self, words: str) -> str:
        """Wait for a line that begins with `words` and give it."""
        wait_until(lambda: self.line(words) is not None or self.process.poll() is not None, str(self))
        line = self.line(words)
        assert line is not None, str(self)
        return line

    def line(self, words: str) -> str | None:
        """Give the first line that begins with `words`."""
        return next((line for line in self.lines if line.startswith(words)), None)

    def end(self) -> int:
        """Wait for its end and give its exit code."""
        code = self.process.wait(60)
        self.reader.join(5)
        assert self.process.stdout
        self.process.stdout.close()
        return code

    def __str__(self) -> str:
        return "\n".join(self.lines)


def wait_until(true: Callable[[], bool], otherwise: str = "", seconds: float = 150) -> None:
    """Look ten times a second until it is true."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, otherwise
        time.sleep(0.1)


def children(pid: int) -> list[int]:
    """Give the processes that `pid` started and that live."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def lives(pid: int) -> bool:
    """Say whether the process is there, and not merely waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "callserver")


@pytest.fixture
def run(home: Home) -> Iterator[Callable[[], Running]]:
    """Start the server as often as a test wishes; what still runs afterwards is ended."""
    started: list[Running] = []

    def start() -> Running:
        started.append(Running(home))
        return started[-1]

    yield start
    for running in started:
        with suppress(ProcessLookupError):
            os.killpg(running.process.pid, signal.SIGKILL)  # the supervisor and all that it started
        running.end()


def test_from_nothing_to_the_first_call_and_again(home: Home, run: Callable[[], Running]) -> None:
    first = run()
    first.wait_for("Ring again:")
    trace = [line for line in first.lines if line in TRACE]
    assert trace == TRACE

    secrets = home.folder / "var" / "local.env"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert re.search(r"^SECRET_KEY=\S{50,}$", secrets.read_text(), re.MULTILINE)
    assert re.search(r"^VONAGE_SIGNATURE_SECRET=\S{32,}$", secrets.read_text(), re.MULTILINE)
    made = secrets.read_bytes()

    assert home.get("/") == 200
    password = re.search(r"admin, password (\S+) ", first.wait_for("Log in as:"))
    assert password
    tried = f"from django.contrib.auth import authenticate as a; print(a(username='admin', password='{password[1]}'))"
    assert home.manage("shell", "-v0", "-c", tried).stdout.strip() == "admin"
    assert f"http://127.0.0.1:{home.port}/" in first.wait_for("The dashboard:")
    vonage = first.wait_for("Local Vonage:").split()[2]
    assert vonage == f"http://127.0.0.1:{home.port + 1}"
    with urllib.request.urlopen(f"http://127.0.0.1:{home.port + 1}/lab", timeout=20) as told:
        assert b'"name": "Callserver"' in told.read()
    assert first.wait_for("Its phones:").split()[2] == f"{vonage}/phone"
    with urllib.request.urlopen(f"http://127.0.0.1:{home.port + 1}/phone", timeout=20) as page:
        assert b"Your phone" in page.read()

    rang = home.manage("ring", "--speed", "20")
    assert rang.returncode == 0, rang.stdout + rang.stderr
    wait_until(lambda: sum("Call status: completed  CON-" in line for line in first.lines) == 2, str(first))
    masked = [line for line in first.lines if "Call status: answered  CON-" in line]
    assert masked
    assert all("4477•••123 → 442079460000" in line for line in masked)

    first.process.terminate()
    assert first.end() == 0
    assert not home.listens()
    assert home.count_calls() == 2

    second = run()
    second.wait_for("Ring again:")
    assert [line for line in second.lines if line in TRACE] == TRACE
    assert "changepassword admin" in second.wait_for("Log in as:")
    assert secrets.read_bytes() == made
    assert home.count_calls() == 3


def test_signals_are_passed_on(home: Home, run: Callable[[], Running]) -> None:
    running = run()
    running.wait_for("The local Vonage rings")
    server = children(running.process.pid)[0]
    worker = children(server)[0]

    running.process.send_signal(signal.SIGHUP)
    wait_until(lambda: not lives(worker) and bool(children(server)), "HUP reloads the server")
    assert home.get("/") == 200

    started = [*children(running.process.pid), *children(server)]
    running.process.send_signal(signal.SIGINT)
    assert running.end() == 0
    assert not [pid for pid in started if lives(pid)]
    assert "Traceback" not in str(running)


def test_all_ends_when_the_server_ends(home: Home, run: Callable[[], Running]) -> None:
    running = run()
    running.wait_for("The local Vonage rings")
    server, *others = children(running.process.pid)
    others += children(server)
    os.kill(server, signal.SIGKILL)
    assert running.end() == 1
    assert "The server ended by itself; its words stand above." in running.lines
    wait_until(lambda: not [pid for pid in others if lives(pid)], "all have ended", seconds=10)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a program that its parent was killed")
def test_server_does_not_outlive_a_killed_supervisor(home: Home, run: Callable[[], Running]) -> None:
    running = run()
    running.wait_for("The local Vonage rings")
    started = children(running.process.pid)
    running.process.kill()
    wait_until(lambda: not home.listens() and not [pid for pid in started if lives(pid)], "all have ended")


def test_closed_terminal_ends_everything(home: Home) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(home.folder)
        os.execve(sys.executable, [sys.executable, "manage.py", "run"], home.environment)  # noqa: S606
    with os.fdopen(terminal, "rb", buffering=0) as screen:
        seen = b""
        while b"The local Vonage rings" not in seen:
            seen += screen.read(1024)
    assert os.waitpid(pid, 0)[1] == 0
    assert not home.listens()


def test_taken_port_is_said_in_a_sentence_before_anything_is_made(home: Home) -> None:
    with socket.create_server(("127.0.0.1", home.port)) as other:
        ran = home.manage("run")
        assert ran.returncode == 1
        assert ran.stdout == ""
        assert ran.stderr.startswith(f"Port {home.port} is taken by another program.")
        assert list((home.folder / "var").glob("*")) == []
        socket.create_connection(other.getsockname()).close()


def test_setting_that_cannot_be_used_is_one_sentence(home: Home) -> None:
    ran = home.manage("run", LOG_LEVEL="LOUD")
    assert ran.returncode == 1
    assert ran.stderr == "LOG_LEVEL='LOUD' is unknown. It is one of: DEBUG, INFO, WARNING, ERROR.\n"


def test_database_that_is_away_is_said_in_a_sentence(home: Home) -> None:
    ran = home.manage("run", DATABASE_URL=f"postgres://nobody@127.0.0.1:{free_port()}/nothing")
    assert ran.returncode == 1
    assert ran.stderr.startswith("The database cannot be used: ")
    assert "Traceback" not in ran.stderr
