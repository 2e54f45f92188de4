"""What happens on the platform, told to whoever watches: people, programs, scenarios, the phone."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from calls.emulator.clock import Clock

MOST_KEPT = 10_000  # happenings, for those who come later

Kind = Literal[
    "webhook",  # we send one: number, door, url, method, fields, question
    "reply",  # its answer: number, status, seconds, body; or problem
    "status",  # a leg's status changed: status
    "says",  # the platform speaks: text, seconds, language …
    "plays",  # the platform plays a sound: url, seconds
    "beep",
    "cut",  # what was said or played ended before its end
    "listens",  # for: ["dtmf", "speech"]
    "presses",  # a party pressed: key
    "speaks",  # a party said: text
    "hears",  # a party hears another: text, by
    "records",  # a recording begins or ends: recording, ended
    "rings",  # the call rings another party: party, callee
    "awaits",  # a telephone of the page /phone rings: party, caller, seconds
    "joins",  # a leg comes into a room or a bridge: room
    "leaves",
    "finding",  # a fault of the application
    "note",  # anything else worth a line; of a fault that we were told to make: fault
]


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One thing that happened. `words` is one line for people; `data` says the same to programs."""

    kind: Kind
    at: float  # platform's seconds since its clock began
    words: str
    leg: str = ""  # uuid
    conversation: str = ""
    detail: bool = False  # of interest to who wants to see all
    data: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """For programs. The keys of `data` stand beside the others."""
        told = {"at": round(self.at, 3), "kind": self.kind, "words": self.words, "leg": self.leg}
        return {**told, "conversation": self.conversation, "detail": self.detail, **self.data}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Happening":
        """Read what `as_json` wrote."""
        own = ("at", "kind", "words", "leg", "conversation", "detail")
        data = {name: value for name, value in told.items() if name not in own}
        return cls(**{name: told[name] for name in own}, data=data)


Watcher = Callable[[Happening], None]


class Trace:
    """Keeps the last happenings and passes each on, in order, to those who watch."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.kept: deque[Happening] = deque(maxlen=MOST_KEPT)
        self.watchers: list[Watcher] = []

    def add(
        self, kind: Kind, words: str, *, leg: str = "", conversation: str = "", detail: bool = False, **data: Any
    ) -> None:
        """Tell that something happened now."""
        happening = Happening(
            kind=kind,
            at=self.clock.elapsed(),
            words=words if words.isprintable() else _printable(words),
            leg=leg,
            conversation=conversation,
            detail=detail,
            data=data,
        )
        self.kept.append(happening)
        for watch in tuple(self.watchers):
            watch(happening)


def _printable(words: str) -> str:
    """One line, whatever an application says: no control characters, no half ones."""
    return "".join(char if char.isprintable() else char.encode("unicode-escape").decode() for char in words)


def lines(write: Callable[[str], None], *, detailed: bool = False, webhooks: bool = False) -> Watcher:
    """Give a watcher that writes lines in the manner of the 2018 tutorial; `detailed` adds what the caller hears,
    `webhooks` each request with its reply. Findings are told elsewhere.
    """
    left_out = {"finding"} if webhooks else {"finding", "webhook", "reply"}

    def watch(happening: Happening) -> None:
        if happening.kind not in left_out and (detailed or not happening.detail):
            write(happening.words)

    return watch
