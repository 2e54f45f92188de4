"""A room in which callers talk to each other."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from calls.flows.program import AGAIN, Target
from calls.flows.run import Heard, Run
from calls.flows.run import Step as Compiled
from calls.flows.standard import ASK_PIN, NOTICE, WRONG_PIN
from calls.flows.steps.kind import Facts, beyond
from calls.flows.steps.menu import MOST_TRIES
from calls.flows.steps.recorded import Recorded
from calls.flows.urls import absolute
from calls.vonage.ncco import errors

MOST_PIN = 20
PIN_SECONDS = 5  # for a digit


@dataclass(frozen=True)
class Room(Recorded):
    """Callers of the same `room` hear each other, whichever flow they come from. It lasts to the end of the call.

    A `moderator` opens it and closes it by leaving; others wait for one if they are to (`waits`), with `music`, an
    address, or `sound`, the id of a sound file. Where there is a `pin`, it is asked for `tries` times; who does not
    know it goes on by the branch "refused".
    """

    ends = ("refused",)
    records = True

    room: str = ""
    moderator: bool = False
    waits: bool = False
    muted: bool = False
    music: str = ""
    sound: int | None = None
    pin: str = ""
    tries: int = 3
    ask: str = ASK_PIN
    wrong: str = WRONG_PIN
    record: bool = False
    notice: str = NOTICE
    notice_off_reason: str = ""
    language: str = ""
    style: int = 0
    premium: bool = False

    @property
    def title(self) -> str:
        who = ", as moderator" if self.moderator else ", waits for a moderator" if self.waits else ""
        pin = ", asks for a PIN" if self.pin else ""
        return f"“{self.room}”{who}{pin}{', recorded' if self.record else ''}"

    @property
    def is_recording(self) -> bool:
        return self.record

    def texts(self) -> Mapping[str, str]:
        asked = {"ask": self.ask, "wrong": self.wrong} if self.pin else {}
        return asked | ({"notice": self.notice} if self.is_announced else {})

    def problems(self, facts: Facts) -> list[str]:
        wrong = super().problems(facts)
        if not self.room.strip():
            wrong.append("The room has no name. Callers of the same name meet: write one.")
        else:
            wrong += [problem.message for problem in errors([{"action": "conversation", "name": self.room}])]
        if self.music:
            wrong += [problem.message for problem in errors([{"action": "stream", "streamUrl": [self.music]}])]
        if self.sound is not None and self.sound not in facts.sounds:
            wrong.append("Its sound file is gone. Choose another.")
        if not self.pin:
            return wrong
        if not (self.pin.isascii() and self.pin.isdigit() and len(self.pin) <= MOST_PIN):
            wrong.append("A PIN is of digits, up to 20 of them.")
        if not self.ask.strip():
            wrong.append("It asks for a PIN without a word. Write what callers hear.")
        return wrong + beyond(self.tries, 1, MOST_TRIES, "It asks {} times, and may 1 to 9 times.")

    def warnings(self, facts: Facts) -> list[str]:
        odd = super().warnings(facts)
        if self.pin and len(self.pin) < 4:
            odd.append("The PIN is short: who tries a few hundred times gets in. Use 4 digits or more.")
        return odd

    def compiled(self, facts: Facts) -> dict[str, Any]:
        found = facts.sounds.get(self.sound) if self.sound is not None else None
        return self.settings() | ({"path": found.path} if found else {})

    def play(self, step: Compiled, run: Run) -> Target | None:
        if self.pin and not run.state.get("knows"):
            run.say(self.ask, vars(self), barge_in=True)
            keys = {"maxDigits": MOST_PIN, "timeOut": PIN_SECONDS, "submitOnHash": True}
            run.listen(keys=keys, **{"try": run.state.get("try", 1)})
            return None
        self.announce(run)
        path = step["settings"].get("path")
        run.actions.append(self._conversation(run, absolute(path) if path else self.music))
        return None

    def heard(self, step: Compiled, run: Run, heard: Heard) -> Target | None:
        if heard.kind != "input" or not self.pin:
            return None
        if hmac.compare_digest((heard.digits or "").encode(), self.pin.encode()):
            run.note(pin="right")
            run.state = {"knows": True}
            return AGAIN
        attempt = run.state.get("try", 1)
        if attempt >= self.tries:
            run.note(pin="wrong")
            run.state = {}
            return self.give_up(step, run, "refused", self.wrong)
        run.say(self.wrong, vars(self), barge_in=True)
        run.state = {"try": attempt + 1}
        return AGAIN

    def _conversation(self, run: Run, music: str) -> dict[str, Any]:
        action: dict[str, Any] = {"action": "conversation", "name": self.room.strip(), "eventUrl": [run.ask()]}
        if music:
            action["musicOnHoldUrl"] = [music]
        waits = self.waits and not self.moderator
        options = {"endOnExit": self.moderator, "mute": self.muted, "record": self.record}
        action |= {name: True for name, wanted in options.items() if wanted}
        return action | ({"startOnEnter": False} if waits else {})
