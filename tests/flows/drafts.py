"""Flows for tests, made as staff make them: steps in order, branches by the names of steps."""

from typing import Any

from calls.flows.publish import publish
from calls.flows.routing import directory
from calls.models import Branch, CallFlow, PhoneNumber, Step, Then
from tests.factories import OURS

Leads = dict[str, str]


def make_flow(name: str, *steps: tuple[str, dict[str, Any], Leads], number: str = "", **fields: Any) -> CallFlow:
    """Make a draft. A step is (kind, settings, branches); a branch leads to "next", "again", "hang up", to a step by
    its place ("3") or to a flow by its name ("Workshop").
    """
    flow = CallFlow.objects.create(name=name, **fields)
    made = [
        Step.objects.create(flow=flow, kind=kind, position=place, settings=settings)
        for place, (kind, settings, _) in enumerate(steps, 1)
    ]
    for step, (_, _, leads) in zip(made, steps, strict=True):
        for on, where in leads.items():
            key, _, words = on.partition(" ")
            Branch.objects.create(step=step, on=key, words=words, **_end_of(where, made))
    if number:
        PhoneNumber.objects.create(msisdn=number, flow=flow)
    return flow


def publish_flow(name: str, *steps: tuple[str, dict[str, Any], Leads], number: str = OURS, **fields: Any) -> CallFlow:
    """Make it, publish it, let this process know."""
    flow = make_flow(name, *steps, number=number, **fields)
    publish(flow)
    directory.look()
    return flow


def _end_of(where: str, made: list[Step]) -> dict[str, Any]:
    if where.isdigit():
        return {"then": Then.STEP, "to_step": made[int(where) - 1]}
    if where in {Then.NEXT, Then.AGAIN, Then.HANG_UP}:
        return {"then": where}
    return {"then": Then.FLOW, "to_flow": CallFlow.objects.get(name=where)}
