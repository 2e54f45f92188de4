"""A message is recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from calls.flows.program import Target
from calls.flows.run import Run
from calls.flows.run import Step as Compiled
from calls.flows.standard import LEAVE_A_MESSAGE, NOTICE, THANKS
from calls.flows.steps.kind import Facts, beyond, short
from calls.flows.steps.menu import KEYS
from calls.flows.steps.recorded import Recorded
from calls.templatetags.calls_format import duration


@dataclass(frozen=True)
class Voicemail(Recorded):
    """After `prompt` and a `beep` up to `seconds` are recorded, until `silence` seconds of quiet (0: however quiet) or
    `key` ("": none). Then `thanks`, and the end of the call, unless the branch "next" leads on.
    """

    ends = ("next",)
    is_last = True
    records = True

    prompt: str = LEAVE_A_MESSAGE
    beep: bool = True
    seconds: int = 120
    silence: int = 5
    key: str = "#"
    thanks: str = THANKS
    notice: str = NOTICE
    notice_off_reason: str = ""
    language: str = ""
    style: int = 0
    premium: bool = False

    @property
    def title(self) -> str:
        said = [short(self.prompt)] if self.prompt.strip() else []
        long = duration(self.seconds).removesuffix(" 00 s")
        key = [f"ends on {self.key}"] if self.key else []
        return ", ".join([*said, *(["beep"] if self.beep else []), f"up to {long}", *key])

    def texts(self) -> Mapping[str, str]:
        notice = {"notice": self.notice} if self.is_announced else {}
        return notice | {"prompt": self.prompt, "thanks": self.thanks}

    def problems(self, facts: Facts) -> list[str]:
        wrong = super().problems(facts)
        wrong += beyond(self.seconds, 3, 7_200, "The message may last {} s, and Vonage records 3 to 7,200 s.")
        if self.silence != 0:
            wrong += beyond(self.silence, 3, 10, "It ends after {} s of silence, and Vonage takes 3 to 10 s, or 0.")
        if self.key and self.key not in set(KEYS):
            wrong.append(f"“{self.key}” is no key. Choose one of 0 to 9, * and #, or none.")
        if not self.prompt.strip() and not self.beep:
            wrong.append("It has neither a prompt nor a beep, so callers would not know when to speak. Add one.")
        return wrong

    def play(self, step: Compiled, run: Run) -> Target | None:
        self.announce(run)
        run.say(self.prompt, vars(self))
        action: dict[str, Any] = {"action": "record", "format": "mp3", "timeOut": self.seconds}
        options = {"endOnSilence": self.silence, "endOnKey": self.key, "beepStart": self.beep}
        action |= {name: value for name, value in options.items() if value}
        run.actions.append(action | {"eventUrl": [run.ask()]})
        run.say(self.thanks, vars(self))
        return run.target(step, "next")
