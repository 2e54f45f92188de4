"""The forms of steps: one for each kind, made of what the kind's settings are."""

from calls.admin.steps.form import StepForm
from calls.admin.steps.kinds import FORMS
from calls.admin.steps.targets import Targets

__all__ = ["FORMS", "StepForm", "Targets", "form_of"]


def form_of(kind: str) -> type[StepForm]:
    """The kind's own form, or the one that is made of its settings alone."""
    return FORMS.get(kind, StepForm)
