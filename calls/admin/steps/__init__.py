"""The forms of steps: one for each kind, made of what the kind's settings are."""

from calls.admin.steps.form import StepForm
from calls.admin.steps.lines import ForwardForm, RoomForm, VoicemailForm
from calls.admin.steps.plain import AudioForm, GoToForm, HoursForm, NccoForm, NotifyForm, WaitForm
from calls.admin.steps.spoken import DigitsForm, GreetingStepForm, HangUpForm, MenuForm
from calls.admin.steps.targets import Targets

FORMS: dict[str, type[StepForm]] = {
    "audio": AudioForm,
    "digits": DigitsForm,
    "forward": ForwardForm,
    "goto": GoToForm,
    "greeting": GreetingStepForm,
    "hangup": HangUpForm,
    "hours": HoursForm,
    "menu": MenuForm,
    "ncco": NccoForm,
    "notify": NotifyForm,
    "room": RoomForm,
    "voicemail": VoicemailForm,
    "wait": WaitForm,
}

__all__ = ["FORMS", "StepForm", "Targets", "form_of"]


def form_of(kind: str) -> type[StepForm]:
    """The kind's own form, or the one that is made of its settings alone."""
    return FORMS.get(kind, StepForm)
