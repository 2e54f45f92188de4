"""Take a flow in: from its text form, or from any NCCO."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from calls.flows.parsing import BadText
from calls.flows.steps import STEPS
from calls.flows.text import FlowText, Names, StepText, usual_settings
from calls.models import Branch, CallFlow, PhoneNumber, Step, StepKind, Then, User
from calls.vonage import ncco, numbers, voices
from calls.vonage.ncco import Ncco


def take_in(text: FlowText, *, into: CallFlow | None = None, by: User | None = None) -> CallFlow:
    """Make the draft of a flow out of its text: of a new one, or `into` one that is here, whose steps are replaced.

    Raises BadText; then nothing is changed.
    """
    known = Names()
    wrong: list[str] = []
    settings = []
    for place, step in enumerate(text.steps, 1):
        try:
            settings.append(known.meant(step.settings, f"Step {place}"))
        except BadText as error:
            wrong += error.reasons
    flows = _flows(text, into)
    for place, step in enumerate(text.steps, 1):
        for on, lead in step.leads.items():
            if lead.then == Then.FLOW and lead.flow not in flows and lead.flow != text.name:
                wrong.append(f"Step {place}, “{on}”: there is no flow “{lead.flow[:60]}”. Make it first.")
    if wrong:
        raise BadText(*wrong)
    with transaction.atomic():
        flow = _emptied(into) if into else CallFlow()
        flow.name = text.name
        for name, value in text.voice.items():
            setattr(flow, name, value)
        try:
            flow.full_clean(exclude=["changed_by"])
        except ValidationError as error:
            raise BadText(*error.messages) from error
        flow.save()
        whole = [
            usual_settings(STEPS[step.kind], str(given.get("language") or flow.language)) | given
            for step, given in zip(text.steps, settings, strict=True)
        ]
        _make_steps(flow, text.steps, whole, flows | {text.name: flow})
        flow.touch(by)
    return flow


def _flows(text: FlowText, into: CallFlow | None) -> dict[str, CallFlow]:
    wanted = {lead.flow for step in text.steps for lead in step.leads.values() if lead.flow}
    return {flow.name: flow for flow in CallFlow.objects.filter(name__in=wanted).order_by("-pk")}


def _emptied(flow: CallFlow) -> CallFlow:
    """Lock the flow and take its steps away. Those of other flows cannot lead to them."""
    locked = CallFlow.objects.select_for_update().get(pk=flow.pk)
    Branch.objects.filter(step__flow=locked).delete()
    locked.steps.all().delete()
    return locked


def _make_steps(
    flow: CallFlow, steps: list[StepText], settings: list[dict[str, Any]], flows: Mapping[str, CallFlow]
) -> None:
    made = [
        Step.objects.create(flow=flow, kind=step.kind, name=step.name, position=place, settings=mine)
        for place, (step, mine) in enumerate(zip(steps, settings, strict=True), 1)
    ]
    Branch.objects.bulk_create(
        Branch(
            step=made[at],
            on=on,
            words=lead.says,
            then=lead.then,
            to_step=made[lead.step - 1] if lead.step else None,
            to_flow=flows[lead.flow] if lead.then == Then.FLOW else None,
        )
        for at, step in enumerate(steps)
        for on, lead in step.leads.items()
    )


def ncco_for_number(msisdn: str, actions: Ncco, *, as_steps: bool = False, by: User | None = None) -> CallFlow:
    """Let a number's draft be this NCCO, action for action, or the steps that mean the same.

    A number that is not here is made. A flow that other numbers have too is left alone, and the number gets one of its
    own. Raises ValidationError for a number that is none.
    """
    with transaction.atomic():
        number = PhoneNumber.objects.select_for_update().filter(msisdn=numbers.typed(msisdn)).first()
        number = number or PhoneNumber(msisdn=numbers.typed(msisdn))
        number.full_clean(exclude=["flow"], validate_constraints=False)
        shared = number.flow_id and PhoneNumber.objects.filter(flow=number.flow_id).exclude(pk=number.pk).exists()
        if number.flow is None or shared:
            number.flow = CallFlow.objects.create(name=number.label or numbers.shown(number.msisdn))
        number.save()
        flow = _emptied(number.flow)
        steps = steps_of(actions) if as_steps else [StepText(StepKind.NCCO, settings={"actions": actions})]
        _make_steps(flow, steps, [step.settings for step in steps], {})
        flow.touch(by)
    return flow


def steps_of(actions: Ncco) -> list[StepText]:
    """Give the steps that mean the same as an NCCO. What no step can say stays an NCCO step."""
    made: list[StepText] = []
    for action in actions:
        step = _step_of(action)
        if step is None and made and made[-1].kind == StepKind.NCCO:
            made[-1].settings["actions"].append(action)
        else:
            made.append(step or StepText(StepKind.NCCO, settings={"actions": [action]}))
    return made


def _step_of(action: dict[str, Any]) -> StepText | None:
    word, options = action.get("action"), set(action) - {"action"}
    if word == "talk" and options <= {"text", "language", "style", "premium", "voiceName", "level", "loop"}:
        return _greeting_of(action)
    if word == "stream" and options <= {"streamUrl", "level", "loop"} and action.get("loop", 1) != 0:
        settings = {"url": action["streamUrl"][0], "level": action.get("level", 0), "loop": action.get("loop", 1)}
        return StepText(StepKind.AUDIO, settings=settings)
    if word == "wait" and options <= {"timeout"}:
        return StepText(StepKind.WAIT, settings={"seconds": action.get("timeout", 10)})
    return None


def _greeting_of(action: dict[str, Any]) -> StepText | None:
    if action.get("loop", 1) == 0 or "{" in action["text"]:
        return None  # said for ever; or braces, which a greeting would fill
    language, style = action.get("language", voices.DEFAULT_LANGUAGE), action.get("style", voices.DEFAULT_STYLE)
    if "voiceName" in action:
        voice = voices.by_name(action["voiceName"])
        if voice is None or {"language", "style"} & set(action):
            return None
        language, style = voice.language, voice.style
    elif "language" not in action and "style" not in action:
        language, style = "en-US", 0  # Vonage's own
    settings = {"text": action["text"], "language": language, "style": style}
    settings |= {"premium": action.get("premium", False), "level": action.get("level", 0)}
    return StepText(StepKind.GREETING, settings=settings | {"loop": action.get("loop", 1)})


def problems_of(actions: object) -> tuple[list[str], list[str]]:
    """Say what forbids an NCCO, and what is odd about it."""
    found = ncco.check(actions)
    return (
        [problem.message for problem in found if problem.severity == "error"],
        [problem.message for problem in found if problem.severity == "warning"],
    )
