"""A text that is read to the caller."""

from collections.abc import Mapping
from dataclasses import dataclass

from calls.flows.program import Target
from calls.flows.run import Run
from calls.flows.run import Step as Compiled
from calls.flows.steps.kind import NOTHING_KNOWN, Facts, short
from calls.flows.steps.spoken import Spoken
from calls.vonage import ncco
from calls.vonage.ncco import Ncco

TUTORIAL_TEXT = "Hello world! This message is from my first Nexmo web app."


@dataclass(frozen=True)
class Greeting(Spoken):
    """`level` is the volume, -1 to 1; `loop` how often it is said."""

    text: str = TUTORIAL_TEXT
    language: str = "en-AU"
    style: int = 3
    premium: bool = False
    level: float = 0
    loop: int = 1

    @property
    def title(self) -> str:
        return short(self.text)

    def texts(self) -> Mapping[str, str]:
        return {"text": self.text}

    def actions(self, facts: Facts = NOTHING_KNOWN) -> Ncco:
        """The NCCO of a flow that has this step alone."""
        return [ncco.talk(self.text, **self.voice(facts), level=self.level, loop=self.loop)]

    def problems(self, facts: Facts = NOTHING_KNOWN) -> list[str]:
        wrong = [problem.message for problem in ncco.errors(self.actions(facts))]
        if self.loop == 0:
            wrong.append("A greeting that is said for ever never lets the caller go on. Say it 1 to 20 times.")
        return [*dict.fromkeys([*wrong, *super().problems(facts)])]

    def warnings(self, facts: Facts = NOTHING_KNOWN) -> list[str]:
        return super().warnings(facts)

    def play(self, step: Compiled, run: Run) -> Target | None:
        run.say(self.text, vars(self), level=self.level, loop=self.loop)
        return run.target(step, "next")
