"""The end of the call."""

from collections.abc import Mapping
from dataclasses import dataclass

from calls.flows.program import END, Target
from calls.flows.run import Run
from calls.flows.run import Step as Compiled
from calls.flows.steps.kind import short
from calls.flows.steps.spoken import Spoken


@dataclass(frozen=True)
class HangUp(Spoken):
    """Says `text`, if there is one, and ends: an NCCO has no such action, so nothing follows."""

    text: str = ""
    language: str = ""
    style: int = 0
    premium: bool = False

    @property
    def title(self) -> str:
        return f"says {short(self.text)}, then ends the call" if self.text.strip() else "ends the call"

    def texts(self) -> Mapping[str, str]:
        return {"text": self.text}

    def play(self, step: Compiled, run: Run) -> Target | None:
        run.say(self.text, vars(self))
        return END
