"""A pause."""

from dataclasses import dataclass

from calls.flows.program import Target
from calls.flows.run import Run
from calls.flows.run import Step as Compiled
from calls.flows.steps.kind import Facts, Kind, beyond

LEAST, MOST = 0.1, 7_200


@dataclass(frozen=True)
class Wait(Kind):
    """The caller hears nothing for `seconds`."""

    seconds: float = 2

    @property
    def title(self) -> str:
        return f"{self.seconds:g} s of silence"

    def problems(self, facts: Facts) -> list[str]:
        return beyond(self.seconds, LEAST, MOST, "It waits {} s, and Vonage 0.1 to 7,200 s.")

    def warnings(self, facts: Facts) -> list[str]:
        long = self.seconds > 10
        return [f"Callers hear nothing for {self.seconds:g} s, and may hang up."] if long else []

    def play(self, step: Compiled, run: Run) -> Target | None:
        run.actions.append({"action": "wait", "timeout": self.seconds})
        return run.target(step, "next")
