"""Watch over the programs of one server: pass signals on, and end all of them when one ends."""

import ctypes
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from types import FrameType, TracebackType
from typing import Self

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE_SECONDS = 30  # a server may finish its requests: gunicorn's graceful_timeout is below it

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

Program = subprocess.Popen[bytes]


class Supervisor:
    """The programs that it started, and no others, end with the `with` block."""

    def __init__(self) -> None:
        self.programs: list[Program] = []
        self.stopping = False  # somebody asked us to
        self.had_terminal = has_terminal()

    def __enter__(self) -> Self:
        self.before = {number: signal.signal(number, self._pass_on) for number in PASSED_ON}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for program in self._running():
            program.terminate()
        for program in self.programs:
            try:
                program.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def start(self, *command: str, keep_log: bool = False) -> Program:
        """Start a program; with `keep_log` its standard output is ours to read."""
        program = subprocess.Popen(
            command,
            stdout=subprocess.PIPE if keep_log else None,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            preexec_fn=end_with_us,
        )
        self.programs.append(program)
        if self.stopping:  # the signal came before there was anybody to pass it on to
            program.terminate()
        return program

    def wait_for(self, program: Program) -> int | None:
        """Wait until it ends and give its exit code; None when another one ended first."""
        while program.poll() is None:
            if any(other.poll() is not None for other in self.programs if other is not program):
                return None
            time.sleep(0.1)
        self.programs.remove(program)
        return program.returncode

    def _running(self) -> list[Program]:
        return [program for program in self.programs if program.poll() is None]

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP and has_terminal() == self.had_terminal:
            for server in self.programs[:1]:  # it reloads; to the others it would be the end
                server.send_signal(number)
            return
        self.stopping = True
        for program in self._running():
            program.send_signal(signal.SIGTERM if number == signal.SIGHUP else number)


class Log(threading.Thread):
    """Pass a program's standard output on to our own, at first held back."""

    def __init__(self, program: Program) -> None:
        super().__init__(daemon=True, name="log")
        self.source: Iterable[bytes] = program.stdout or ()
        self.held: list[bytes] | None = []
        self.lock = threading.Lock()
        self.start()

    def run(self) -> None:
        """Read until the program has closed its end: it must never wait for us."""
        for line in self.source:
            with self.lock:
                if self.held is None:
                    write(line)
                else:
                    self.held.append(line)

    def release(self) -> None:
        """Write what was held back, and from now on each line as it comes."""
        with self.lock:
            write(b"".join(self.held or []))
            self.held = None


def write(lines: bytes) -> None:
    """Write to standard output; where nobody reads any more (`| head`, a closed terminal) go on without."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(lines)
        sys.stdout.buffer.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def answers(port: int, program: Program, patience_seconds: float = 60) -> bool:
    """Wait until HTTP is answered on `port`, with whatever status; False when `program` ended first."""
    until = time.monotonic() + patience_seconds
    while program.poll() is None and time.monotonic() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        else:
            return True
        finally:
            connection.close()
    return False


def has_terminal() -> bool:
    """Say whether a terminal controls us. One that was closed sends a SIGHUP that means "end"."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


def end_with_us() -> None:
    """Linux: let the kernel end a program whose supervisor was killed outright."""
    if LIBC:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
