"""On to another flow: the version of it that is live then."""

from dataclasses import dataclass

from calls.flows.program import Target
from calls.flows.run import Run
from calls.flows.run import Step as Compiled
from calls.flows.steps.kind import Facts, Kind


@dataclass(frozen=True)
class GoTo(Kind):
    """Its one branch, "next", says where."""

    ends = ("next",)

    @property
    def title(self) -> str:
        return "goes on elsewhere"

    def problems(self, facts: Facts) -> list[str]:
        if "next" in facts.branches:
            return []
        return ["It does not say where callers go on. Choose a flow or a step."]

    def play(self, step: Compiled, run: Run) -> Target | None:
        return run.target(step, "next")
