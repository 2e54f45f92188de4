"""What was sent and what was acknowledged, on disk: after a crash of the server it says what must be there."""

from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self


class Reply(NamedTuple):
    """What came of one request."""

    identity: str  # of the event; "" for a question
    at: float  # time.monotonic() when it was due
    seconds: float  # from then until the whole answer was there, or until we gave up
    status: int  # of HTTP; 0 where no answer came
    failure: str  # "reset", "timeout", "refused"; "" where an answer came

    @property
    def acknowledged(self) -> bool:
        return 200 <= self.status < 300


class Account(NamedTuple):
    """The identities of the events that were sent, and of those that were acknowledged."""

    sent: set[str]
    acknowledged: set[str]


class Journal:
    """A file of lines: `> identity` before an event is sent, `< identity status` when an answer came."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path.open("a", encoding="ascii")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.file.close()

    def sent(self, identity: str) -> None:
        if identity:
            self.file.write(f"> {identity}\n")

    def answered(self, reply: Reply) -> None:
        if reply.identity:
            self.file.write(f"< {reply.identity} {reply.status}\n")


def read_journals(*paths: Path) -> Account:
    """Read journals, as one."""
    account = Account(set(), set())
    for path in paths:
        for line in path.read_text(encoding="ascii").splitlines():
            way, identity, *status = line.split()
            if way == ">":
                account.sent.add(identity)
            elif 200 <= int(status[0]) < 300:
                account.acknowledged.add(identity)
    return account
