"""Servers as processes of their own, and what they cost: CPU and memory as /proc tells."""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from callserver.supervise import end_with_us

ROOT = Path(__file__).resolve().parents[2]
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
START_SECONDS = 60
STOP_SECONDS = 40


class DidNotStart(Exception):
    """A server that is to be measured does not answer."""


@dataclass
class Server:
    """A server that runs."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path

    @property
    def pids(self) -> list[int]:
        """Its first process, and all that came of it."""
        found, looked = [self.process.pid], 0
        while looked < len(found):
            found += children_of(found[looked])
            looked += 1
        return found

    def cpu_seconds(self) -> dict[int, float]:
        return {pid: seconds for pid in self.pids if (seconds := cpu_seconds_of(pid)) is not None}

    def memory(self) -> tuple[float, float]:
        """Give MB resident, summed over the processes, and the same with shared pages counted once."""
        resident = shared = 0.0
        for pid in self.pids:
            with contextlib.suppress(OSError):
                told = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                sizes = {name: int(size) for name, size, *_ in (line.split() for line in told[1:]) if size.isdigit()}
                resident += sizes["Rss:"] / 1024
                shared += sizes["Pss:"] / 1024
        return resident, shared


@contextmanager
def serving(command: Sequence[str], environment: Mapping[str, str], port: int, log: Path) -> Iterator[Server]:
    """Run a server until it is no longer needed. Raises DidNotStart with its last words."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=end_with_us,
        )
    server = Server(process, port, log)
    try:
        wait_for(server)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for pid in server.pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, 9)
            process.wait()


def wait_for(server: Server) -> None:
    """Wait until it answers anything."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", server.port), 5) as line:
                line.sendall(b"GET /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                if line.recv(100).startswith(b"HTTP/1."):
                    return
        except OSError:
            time.sleep(0.1)
    words = server.log.read_text(errors="replace")[-2_000:]
    raise DidNotStart(f"{' '.join(map(str, server.process.args[:4]))} …: {words}")  # type: ignore[index]


def children_of(pid: int) -> list[int]:
    children = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += [int(child) for child in (task / "children").read_text().split()]
    return children


def cpu_seconds_of(pid: int, program: str = "") -> float | None:
    """Give the seconds in which a process used the CPU; None where it is gone, or runs another program."""
    try:
        name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
    except OSError:
        return None
    if not name.startswith(program):
        return None
    fields = rest.split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND
