"""Run the tests, one process per database and one for the browser: `make test`, or `python -m tests` with pytest's
arguments.

SQLite needs nothing. Postgres is taken where TEST_POSTGRES_URL answers. The browser tests run in full on SQLite and as
a smoke on Postgres. With CI=true a missing Postgres or browser is a failure, not a skip.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
import pytest

from tests.machine import POSTGRES_URL, address, ending_with_us, find_browser, postgres_version

ROOT = Path(__file__).resolve().parent.parent
PYTEST = (sys.executable, "-m", "pytest", "-p", "tests.tally")
FINE = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


@dataclass
class Run:
    """One pytest on one database."""

    database: str
    marks: str
    url: str
    database_name: str = ""
    options: tuple[str, ...] = ()  # of pytest; the arguments follow
    code: int = 0
    seconds: float = 0
    browser_tests: int = 0
    process: "subprocess.Popen[bytes]" = field(init=False)
    begun: float = field(init=False)
    tally: Path = field(init=False)  # where it counts its tests in the browser
    words: Path = field(init=False)  # what it says

    def start(self, scratch: Path, arguments: list[str]) -> None:
        """Start pytest. What it says goes to a file of its own, since the other one speaks at the same time."""
        self.tally, self.words = (scratch / f"{name}-{self.database}" for name in ("tally", "words"))
        self.tally.write_text("0")
        environment = {
            "DATABASE_URL": self.url,
            "TEST_DATABASE_NAME": self.database_name,
            "BROWSER_TALLY": str(self.tally),
            "PYTHONUNBUFFERED": "1",
        }
        before = ending_with_us("INT")
        self.begun = time.monotonic()
        with self.words.open("wb") as words:
            self.process = subprocess.Popen(
                [*before, *PYTEST, "-m", self.marks, *self.options, *arguments],
                cwd=ROOT,
                env=os.environ | {name: value for name, value in environment.items() if value},
                stdout=words,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> None:
        """Let pytest end as by Ctrl-C: it ends the servers it started and drops its database."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)

    def over(self) -> bool:
        """Say whether it has ended, and note how the first time."""
        code = self.process.poll()
        if code is not None and not self.seconds:
            self.code, self.seconds = code, time.monotonic() - self.begun
            self.browser_tests = int(self.tally.read_text())
        return code is not None

    def show(self, others: list["Run"]) -> None:
        """Pass on what it has said and says, until it ends. The others are looked after meanwhile."""
        print(f"\n{self.database}", flush=True)
        with self.words.open("rb") as words:
            over = False
            while not over:
                over = self.over()
                for run in others:
                    run.over()
                sys.stdout.buffer.write(words.read())
                sys.stdout.buffer.flush()
                time.sleep(0.2)

    def __str__(self) -> str:
        """Say how it went: "SQLite: passed in 61 s, 3 tests in the browser."."""
        words: dict[int, str] = {
            pytest.ExitCode.OK: "passed",
            pytest.ExitCode.INTERRUPTED: "interrupted",
            pytest.ExitCode.NO_TESTS_COLLECTED: "no test chosen",
        }
        ended = words.get(self.code, "FAILED")
        return f"{self.database}: {ended} in {self.seconds:.0f} s, {self.browser_tests} tests in the browser."


def plan(scratch: Path, browser: str | None) -> tuple[list[Run], list[str]]:
    """Say which runs there are to make, and what the machine lacks."""
    lacks = []
    # What need not see both databases is divided between the processes, so that all take as long. Who waits for a page
    # leaves the processor to the others.
    on_postgres, in_browser = "not sqlite and (not browser or smoke)", []
    if browser:
        url = f"sqlite:///{scratch / 'browser.sqlite3'}"
        # The other folders' thousands of tests need not be read to leave them out; what is named in ARGS comes first.
        folders = "testpaths=tests/browser tests/admin tests/emulator tests/flows"
        in_browser = [Run("SQLite, in the browser", "browser or beside", url, options=("-o", folders))]
        not_here = "not browser and not beside"
    else:
        lacks.append("The browser did not run: there is no chromium here (Debian: apt install chromium).")
        on_postgres, not_here = "not browser and not sqlite", "not browser"
    sqlite = Run("SQLite", f"{not_here} and (not once or sqlite)", f"sqlite:///{scratch / 'callserver.sqlite3'}")
    try:
        version = postgres_version(POSTGRES_URL)
    except psycopg2.Error as error:
        reason = str(error).strip().splitlines()[0]
        lacks.append(
            f"Postgres was not tested: TEST_POSTGRES_URL, {address(POSTGRES_URL)}, does not answer ({reason})."
        )
        sqlite.marks = not_here
        return [sqlite, *in_browser], lacks
    # A database of this run's own, so that two runs never meet there.
    postgres = Run(f"Postgres {version}", on_postgres, POSTGRES_URL, f"test_callserver_{os.getpid()}")
    return [sqlite, *in_browser, postgres], lacks


def main(arguments: list[str]) -> int:
    """Run what can be run; the last lines say what that was. Gives the exit code."""
    strict = os.environ.get("CI", "").lower() in {"1", "true"}
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is pytest's: it drops its database before it ends
    runs: list[Run] = []
    told_to_end: list[int] = []

    def end(number: int, _: object) -> None:
        told_to_end.append(number)
        for run in runs:
            if hasattr(run, "process"):
                run.stop()

    for number in (signal.SIGTERM, signal.SIGHUP):  # these reach this process alone
        signal.signal(number, end)
    with tempfile.TemporaryDirectory(prefix="callserver-tests-") as folder:
        planned, lacks = plan(Path(folder), find_browser())
        runs.extend(planned)
        if strict and lacks:
            print(*lacks, "CI=true, so this is a failure and nothing was run.", sep="\n")
            return 1
        for run in runs:
            if not told_to_end:
                run.start(Path(folder), arguments)
        if told_to_end:
            runs[:] = [run for run in runs if hasattr(run, "process")]
            end(told_to_end[0], None)
        for run in runs:
            run.show(runs)
    print("", *runs, *lacks, sep="\n")
    if told_to_end:
        return 128 + told_to_end[0]
    if strict and not arguments and not any(run.browser_tests for run in runs):
        print("CI=true, and no browser test ran: this is a failure.")
        return 1
    codes = [run.code for run in runs]
    return next((code for code in codes if code not in FINE), min(codes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
