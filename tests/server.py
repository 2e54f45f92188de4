"""The call server as it is deployed, in processes of its own: gunicorn as shipped, the worker, the commands."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.machine import ending_with_us
from tests.ports import free_port
from tests.settings import KNOWN
from tests.vonage_client import in_query, sign

ROOT = Path(__file__).parent.parent
GUNICORN = ("-m", "gunicorn", "-c", "callserver/gunicorn.conf.py", "callserver.wsgi")


def children(pid: int) -> list[int]:
    """The processes that this one started and that still run."""
    ps = [shutil.which("ps") or "ps", "-A", "-o", "pid=,ppid=,stat="]
    lines = subprocess.run(ps, capture_output=True, text=True, check=True).stdout
    rows = (line.split() for line in lines.splitlines())
    return [int(child) for child, parent, state in rows if int(parent) == pid and not state.startswith("Z")]


@dataclass
class Server:
    """gunicorn with its defaults on one database and one spool. `settings` replace or add to those of the tests."""

    spool: Path
    database: str
    port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)
    log: Path = field(default=Path(), kw_only=True)  # beside the spool, unless told
    process: "subprocess.Popen[bytes]" = field(init=False)

    def __post_init__(self) -> None:
        if self.log == Path():
            self.log = self.spool.parent / "server.log"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            **KNOWN,
            "DATABASE_URL": self.database,
            "PORT": str(self.port),
            "SPOOL_DIR": str(self.spool),
            "INGEST": "writer",
            "DJANGO_SETTINGS_MODULE": "callserver.settings",
            **self.settings,
        }

    def run(self, *words: str) -> "subprocess.Popen[bytes]":
        """Start a Python program of this deployment in a process group of its own; it writes into the log."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*ending_with_us(), sys.executable, *words],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

    def start(self) -> None:
        self.process = self.run(*GUNICORN)
        self.wait_for(lambda: self.ask("GET", "/login/"))

    def wait_for(self, act: Callable[[], object], seconds: float = 60) -> None:
        """Until the server is there for it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                act()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError(f"The server did not start:\n{self.words}")

    @property
    def words(self) -> str:
        return self.log.read_text()

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        talk = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            talk.request(method, path, body or None, {"Connection": "close", **headers})
            response = talk.getresponse()
            return response.status, response.read()
        finally:
            talk.close()

    def event(self, payload: dict[str, Any]) -> int:
        body = json.dumps(payload).encode()
        return self.ask("POST", "/event", body, Authorization=sign(body))[0]

    def answer(self, **fields: str) -> Any:
        status, body = self.ask("GET", f"/answer?{urlencode(in_query(fields))}", Authorization=sign())
        assert status == 200
        return json.loads(body)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=40)
