"""Where a step may lead, as a list to choose from: "Step 5, Voicemail", "Flow: Workshop", "The end of the call"."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from calls.flows.draft import Way
from calls.models import CallFlow, Step, Then

MOST_FLOWS = 200  # that one list offers

Choice = tuple[str, str]


@dataclass(frozen=True)
class Targets:
    """What there is to lead to: the flow's steps and other flows, each as code and words."""

    steps: Sequence[Choice]
    flows: Sequence[Choice]

    @classmethod
    def of(cls, flow: CallFlow, steps: Sequence[Step]) -> "Targets":
        """Two queries. Flows that a step leads to already stand in the list, however many there are."""
        chosen = {branch.to_flow_id for step in steps for branch in step.branches.all() if branch.to_flow_id}
        others = list(CallFlow.objects.exclude(pk=flow.pk).values_list("pk", "name")[:MOST_FLOWS])
        missing = chosen - {pk for pk, _ in others}
        others += CallFlow.objects.filter(pk__in=missing).values_list("pk", "name")
        places = [
            (f"step:{step.pk}", f"Step {at}, {step.name or step.get_kind_display()}")
            for at, step in enumerate(steps, 1)
        ]
        return cls(places, [(f"flow:{pk}", f"Flow: {name}") for pk, name in others])

    def choices(self, *, again: str = "This step again", blank: str = "", plain: bool = True) -> list[Any]:
        """For a select. `blank` is the words of the first, empty one; `plain` are those that are always there."""
        listed: list[Any] = [("", blank)] if blank else []
        if plain:
            listed += [(Then.NEXT.value, "The next step"), (Then.AGAIN.value, again)]
        listed.append((Then.HANG_UP.value, "End of the call"))
        groups = [("Steps of this flow", list(self.steps)), ("Other flows", list(self.flows))]
        return listed + [group for group in groups if group[1]]

    def words(self, code: str) -> str:
        """What a code means: "Step 5, Voicemail"."""
        known = {Then.NEXT.value: "The next step", Then.AGAIN.value: "This step again", "": "–"}
        known |= {Then.HANG_UP.value: "End of the call"}
        return (known | dict(self.steps) | dict(self.flows)).get(code, code)


def code_of(way: Way) -> str:
    """The value of a select for where a branch leads."""
    if way.then == Then.STEP:
        return f"step:{way.to_step}"
    return f"flow:{way.to_flow}" if way.then == Then.FLOW else str(way.then)


def way_to(code: str, on: str, words: str = "") -> Way:
    """Read such a value. It is one of the list's, so its number is one."""
    then, _, number = code.partition(":")
    if then == "step":
        return Way(on, Then.STEP, to_step=int(number), words=words)
    if then == "flow":
        return Way(on, Then.FLOW, to_flow=int(number), words=words)
    return Way(on, Then(code), words=words)
