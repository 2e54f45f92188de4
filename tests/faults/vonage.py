"""Vonage, during a fault: rings all the time, or says one thing many times at once. A journal says what it sent."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path

from calls.vonage.signatures import sign
from tests.load.client import closed_loop, open_loop
from tests.load.journal import Journal, Reply
from tests.load.traffic import event_calls, identity_of, names_of, payloads_of, written
from tests.server import Server
from tests.settings import KNOWN

SECRET = KNOWN["VONAGE_SIGNATURE_SECRET"]
CALLS_PER_SECOND = 8.0  # of five requests each: a busy line, and not all that two processors can do
HURRY = 4.0  # a call of eight seconds is told in two
CONNECTIONS = 64
LONGEST_SECONDS = 300.0  # no load lasts longer, whatever becomes of who started it
REPEATS = 1  # as Vonage does


@dataclass
class Vonage:
    """It, with what it sent and heard."""

    folder: Path
    replies: list[Reply] = field(default_factory=list)
    journals: list[Path] = field(default_factory=list)

    @property
    def acknowledged(self) -> set[str]:
        """The identities of what was acknowledged; "" stands for all questions."""
        return {reply.identity for reply in self.replies if reply.acknowledged}

    def _journal(self) -> Journal:
        self.journals.append(self.folder / f"journal-{len(self.journals)}")
        return Journal(self.journals[-1])

    @contextmanager
    def ringing(self, port: int, *, writers: int = 0) -> Iterator[None]:
        """Ring while the block runs: so many calls a second, or as many as so many writers can tell."""
        stop, failures = threading.Event(), list[BaseException]()

        def ring(journal: Journal) -> None:
            try:
                self.replies += self._ring(port, writers, journal, stop)
            except BaseException as failure:
                failures.append(failure)

        with self._journal() as journal:
            thread = threading.Thread(target=ring, args=(journal,), name="Vonage")
            thread.start()
            try:
                yield
            finally:
                stop.set()
                thread.join(60)
        for failure in failures:
            raise failure

    @staticmethod
    def _ring(port: int, writers: int, journal: Journal, stop: threading.Event) -> list[Reply]:
        calls = event_calls(10**6, SECRET, answer=True, hurry=HURRY)
        if writers:
            return closed_loop(
                port,
                calls,
                connections=writers,
                seconds=LONGEST_SECONDS,
                journal=journal,
                repeats=REPEATS,
                stop=stop,
            ).replies
        return open_loop(
            port,
            calls,
            calls_per_second=CALLS_PER_SECOND,
            seconds=LONGEST_SECONDS,
            connections=CONNECTIONS,
            journal=journal,
            repeats=REPEATS,
            stop=stop,
        ).replies

    def tell_at_once(self, port: int, times: int, *, same: bool = False) -> list[Reply]:
        """Send the beginning of so many calls at one moment, or that of one call so many times."""
        calls = list(event_calls(1 if same else times, SECRET))
        firsts = [call[:1] for call in (calls * times if same else calls)]
        with self._journal() as journal:
            replies = closed_loop(port, firsts, connections=times, seconds=30, journal=journal).replies
        self.replies += replies
        return replies

    def tell_by_another_clock(self, host: Server, ahead: int) -> set[int]:
        """Tell a call as one whose clock is ahead by so many seconds. Gives the statuses."""
        statuses = set()
        with self._journal() as journal:
            for _, payload in payloads_of(names_of()):
                moment = datetime.fromisoformat(payload["timestamp"]) + timedelta(seconds=ahead)
                payload["timestamp"] = written(moment)
                body = json.dumps(payload).encode()
                token = sign(SECRET, body, issued_at=int(time.time()) + ahead)
                begun = time.monotonic()
                status, _ = host.ask("POST", "/event", body, Authorization=f"Bearer {token}")
                statuses.add(status)
                if status != HTTPStatus.UNAUTHORIZED:  # what is refused must not be kept, as if it was never sent
                    journal.sent(identity_of(payload))
                    reply = Reply(identity_of(payload), begun, time.monotonic() - begun, status, "")
                    journal.answered(reply)
                    self.replies.append(reply)
        return statuses
