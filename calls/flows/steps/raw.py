"""Any NCCO, for developers: served action for action as it was given."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from calls.flows.program import Target
from calls.flows.run import Run
from calls.flows.run import Step as Compiled
from calls.flows.steps.kind import Facts, Kind
from calls.vonage import ncco


@dataclass(frozen=True)
class Raw(Kind):
    """`actions` is the NCCO."""

    actions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def title(self) -> str:
        names = [str(action.get("action")) for action in self.actions if isinstance(action, dict)]
        return ", ".join(names) or "no action"

    def problems(self, facts: Facts) -> list[str]:
        if self.actions == []:
            return ["The NCCO has no action, so its callers would hear nothing. Add one."]
        return [problem.message for problem in ncco.errors(self.actions)]

    def warnings(self, facts: Facts) -> list[str]:
        found = ncco.check(self.actions, called_number=facts.number)
        odd = [problem.message for problem in found if problem.severity == "warning"]
        return [*odd, *self._costly(facts), *([UNANNOUNCED] if self.is_unannounced() else [])]

    def _costly(self, facts: Facts) -> Iterator[str]:
        """Name the telephones that a Forward would not ring."""
        for action in self.actions:
            endpoints = action.get("endpoint") if action.get("action") == "connect" else None
            for one in endpoints if isinstance(endpoints, list) else ():
                number = str(one.get("number", "")) if isinstance(one, dict) else ""
                reason = facts.refuse_destination(number) if number and number != facts.number else ""
                if reason:
                    yield f"It rings {number}, which a Forward would not. {reason}"

    def is_unannounced(self) -> bool:
        """Whether it records, and says nothing before."""
        for action in self.actions:
            if action.get("action") in {"talk", "stream"}:
                return False
            if action.get("action") == "record" or action.get("record") is True:
                return True
        return False

    def play(self, step: Compiled, run: Run) -> Target | None:
        # Postgres keeps no order of keys; people who read an NCCO look for the action first.
        run.actions += [{"action": act["action"], **act} for act in copy.deepcopy(self.actions)]
        return run.target(step, "next")


UNANNOUNCED = (
    "It records the caller without saying so before. In many countries that is forbidden: add a talk before it."
)
