"""The call server that faults happen to: gunicorn as shipped, and the worker beside it, on one host's folder."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.server import ROOT, Server, children


@dataclass
class Host(Server):
    """One machine with web processes and a worker, which share a spool."""

    worker: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def start(self) -> None:
        super().start()
        if self.worker is None or self.worker.poll() is not None:
            self.start_worker()

    def start_worker(self) -> None:
        self.worker = self.run("manage.py", "worker")

    def manage(self, *words: str, seconds: float = 120) -> "subprocess.CompletedProcess[str]":
        """Run a command of manage.py to its end."""
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    # What is done to it

    def web_workers(self) -> list[int]:
        return children(self.process.pid)

    def kill_web_worker(self) -> None:
        os.kill(self.web_workers()[0], signal.SIGKILL)

    def lose_power(self) -> None:
        """All of it at once, as far as a process can see."""
        groups = [process for process in (self.process, self.worker) if process]
        for process in groups:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        for process in groups:
            process.wait(10)

    def take_over(self) -> None:
        """HUP, as a deployment does: new web workers take over from the old ones. Return when they have."""
        before = set(self.web_workers())
        self.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 40
        while before & set(self.web_workers()) or len(self.web_workers()) < len(before):
            assert time.monotonic() < deadline, "old web workers still run"
            time.sleep(0.1)

    def stop(self) -> None:
        if self.worker and self.worker.poll() is None:
            self.worker.send_signal(signal.SIGTERM)
        super().stop()
        if self.worker:
            self.worker.wait(20)

    def poison(self, contents: list[bytes]) -> None:
        """Put files into its spool that it did not write."""
        for number, content in enumerate(contents):
            (self.spool / "new" / f"poison-{number}").write_bytes(content)

    # What is asked of it

    def spooled(self) -> list[str]:
        """What waits in its spool: the names of files."""
        with suppress(FileNotFoundError):
            return os.listdir(self.spool / "new")
        return []

    def set_aside(self) -> int:
        """How many files it could not read."""
        with suppress(FileNotFoundError):
            return len(os.listdir(self.spool / "bad"))
        return 0

    def ready(self) -> tuple[int, Any]:
        status, body = self.ask("GET", "/readyz")
        return status, json.loads(body or b"{}")
