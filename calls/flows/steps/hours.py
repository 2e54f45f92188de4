"""Where the caller goes depends on whether we are open."""

from dataclasses import dataclass

from calls.flows import hours
from calls.flows.program import Target
from calls.flows.run import Run
from calls.flows.run import Step as Compiled
from calls.flows.steps.kind import Facts, Kind


@dataclass(frozen=True)
class Hours(Kind):
    """`hours` is the id of opening hours. The branches are "open" and "closed"; without one the next step follows.

    A closure's or an override's own message is said before the closed branch goes on.
    """

    ends = ("open", "closed")

    hours: int | None = None

    @property
    def title(self) -> str:
        return "open or closed"

    def problems(self, facts: Facts) -> list[str]:
        if self.hours is None:
            return ["No opening hours are chosen. Choose some, or make them first."]
        if self.hours not in facts.hours:
            return ["Its opening hours are gone. Choose others."]
        return []

    def warnings(self, facts: Facts) -> list[str]:
        if "closed" not in facts.branches and "open" not in facts.branches:
            return ["Open and closed lead to the same step. Say where callers go when it is closed."]
        return []

    def play(self, step: Compiled, run: Run) -> Target | None:
        if self.hours is None:
            return run.target(step, "open")
        run.hours = self.hours
        now = hours.state(run.world.schedule(self.hours), run.moment)
        run.path[-1]["is"] = "open" if now.open else "closed"
        if not now.open:
            run.say(now.message, {})
        return run.target(step, "open" if now.open else "closed")
