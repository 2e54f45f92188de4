"""The people at the ends of the lines: what a caller does, and what somebody who is called does."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from calls.emulator.ears import DTMF, SPEECH

if TYPE_CHECKING:
    from calls.emulator.legs import Leg

# How people behave is ours to decide; the platform only carries it.
THINKS_SECONDS = 0.5  # from hearing that it is one's turn to pressing or speaking
BETWEEN_KEYS_SECONDS = 0.25
RINGS_AFTER_SECONDS = 1.4  # from `started` to `ringing` of a leg that we dial
ANSWERS_AFTER_SECONDS = 5.0  # from ringing
BEEPS_AFTER_SECONDS = 6.39  # a machine, from knowing that it is one; as in a sequence seen
TALKS_SECONDS = 20.0  # when put through and nothing else is told

# "phone": it rings on the page /phone until somebody picks up there; while no such page is open it is "answer".
Answer = Literal["answer", "busy", "reject", "no-answer", "machine", "fail", "unavailable", "phone"]
ANSWERS: tuple[Answer, ...] = ("answer", "busy", "reject", "no-answer", "machine", "fail", "unavailable", "phone")


@dataclass(frozen=True)
class Press:
    """Press keys. `now`: without waiting until the call listens for them."""

    keys: str
    now: bool = False

    @property
    def words(self) -> str:
        return f"press {self.keys}"


@dataclass(frozen=True)
class Say:
    """Say something. `now`: without waiting until the call listens for speech. `or_heard_as`: what a machine that
    listens takes it for less surely, best first.
    """

    text: str
    now: bool = False
    or_heard_as: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        return f"say “{self.text}”"


@dataclass(frozen=True)
class Wait:
    """Do nothing for so long."""

    seconds: float


@dataclass(frozen=True)
class HangUp:
    """Hang up."""


Step = Press | Say | Wait | HangUp


class Person:
    """Somebody on a leg who does some things in turn, and hangs up `hangup_after` seconds after dialling if told so.

    `answer` says how a called party answers, `after` how many seconds after it began to ring (or, where it does not
    ring, after it was dialled); None is what is usual. `talks` is how long somebody who is put through talks on when
    all is done, unless told when to hang up; `beeps` after how many seconds a machine beeps. `detail` is the
    platform's word for why nobody is reached, such as "restricted"; "" is the usual one.
    """

    def __init__(
        self,
        steps: Sequence[Step] = (),
        *,
        hangup_after: float | None = None,
        answer: Answer = "answer",
        after: float | None = None,
        talks: float = TALKS_SECONDS,
        beeps: float = BEEPS_AFTER_SECONDS,
        detail: str = "",
    ) -> None:
        self.steps = tuple(steps)
        self.hangup_after = hangup_after
        self.answer: Answer = answer
        self.after = after
        self.talks = talks
        self.beeps = beeps
        self.detail = detail
        self.waits_for = ""  # words for what it waits to do
        self.done = 0  # of the steps
        self._acts: asyncio.Task[None] | None = None
        self._hangs_up: asyncio.Future[None] | None = None

    def copy(self) -> "Person":
        """Give another one who does the same."""
        return Person(
            self.steps,
            hangup_after=self.hangup_after,
            answer=self.answer,
            after=self.after,
            talks=self.talks,
            beeps=self.beeps,
            detail=self.detail,
        )

    def dial(self, leg: "Leg") -> None:
        """Take the telephone: from here the time to hanging up counts."""
        if self.hangup_after is not None:
            self._hangs_up = leg.platform.clock.later(self.hangup_after, lambda: leg.hang_up("user"))

    def act(self, leg: "Leg") -> None:
        """Begin to do what was told: the line is open."""
        self._acts = self._acts or asyncio.create_task(self._act(leg))

    async def talk(self, leg: "Leg") -> None:
        """Talk to whom one was put through to, and hang up: when all is done, after some more time.

        Who was made to pick up by hand is made to hang up by hand.
        """
        self.act(leg)
        if self._acts:
            await asyncio.shield(self._acts)
        if self.hangup_after is None and self.answer in {"answer", "machine"}:
            await leg.platform.clock.sleep(self.talks)
            leg.hang_up("user")

    def leave(self) -> None:
        """Stop: the leg is over."""
        for doing in (self._acts, self._hangs_up):
            if doing and doing is not asyncio.current_task():
                doing.cancel()

    async def _act(self, leg: "Leg") -> None:
        for step in self.steps:
            await self.do(leg, step)
            self.waits_for = ""
            self.done += 1

    @property
    def left(self) -> Press | Say | None:
        """The first key or word that it did not come to."""
        return next((step for step in self.steps[self.done :] if isinstance(step, Press | Say)), None)

    async def do(self, leg: "Leg", step: Step) -> None:
        """Do one thing."""
        clock = leg.platform.clock
        match step:
            case Press(keys, now):
                await self._turn(leg, DTMF, f"press {keys}", now)
                for index, key in enumerate(keys):
                    if index:
                        await clock.sleep(BETWEEN_KEYS_SECONDS)
                    leg.press(key)
            case Say(text, now, or_heard_as):
                await self._turn(leg, SPEECH, f"say “{text}”", now)
                await leg.speak(text, or_heard_as)
            case Wait(seconds):
                await clock.sleep(seconds)
            case HangUp():
                leg.hang_up("user")

    async def _turn(self, leg: "Leg", kind: str, words: str, now: bool) -> None:
        """Wait until the call listens for this, and think for a moment."""
        self.waits_for = words
        if not now and await leg.ear.until_wants(kind):
            await leg.platform.clock.sleep(THINKS_SECONDS)


class Callees:
    """What called parties do: all the same, or each number its own."""

    def __init__(self, everybody: Person | None = None, by_number: dict[str, Person] | None = None) -> None:
        self.everybody = everybody or Person()
        self.by_number = by_number or {}

    def who(self, shown: str) -> Person:
        """Give a new person for a number, a user, a URI."""
        return self.by_number.get(shown, self.everybody).copy()
