"""Turn a flow's draft into a program: plain data that the engine runs without the database."""

from typing import Any

from django.core.exceptions import ValidationError

from calls.flows.steps import STEPS
from calls.models import CallFlow

SCHEMA = 1

Program = dict[str, Any]


def compile_flow(flow: CallFlow) -> Program:
    """Give {"schema": 1, "steps": [{"id", "kind", "actions"}]}. Raises ValidationError with what forbids it."""
    steps = list(flow.steps.in_order())
    problems = [] if steps else ["The flow has no step: its callers would hear nothing. Add a greeting."]
    compiled = []
    for step in steps:
        content = STEPS[step.kind].from_settings(step.settings)
        problems += content.problems()
        compiled.append({"id": step.pk, "kind": step.kind, "actions": content.actions()})
    if problems:
        raise ValidationError(problems)
    return {"schema": SCHEMA, "steps": compiled}
