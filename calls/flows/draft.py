"""Edit a flow's draft: add, move, duplicate and remove steps, say where they lead. Two who edit at once are told.

Nothing here is heard by anybody: see publish.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from calls.flows.naming import end_words
from calls.flows.steps import STEPS
from calls.flows.steps.spoken import FLOWS_VOICE, Spoken
from calls.models import Branch, CallFlow, Step, Then, User

MOST_STEPS = 200


class EditedMeanwhile(ValidationError):
    """Somebody changed the flow after it was opened here."""


@dataclass(frozen=True)
class Way:
    """Where a step leads in one case, as a Branch keeps it."""

    on: str
    then: str = Then.NEXT
    to_step: int | None = None
    to_flow: int | None = None
    words: str = ""


def stamp_of(flow: CallFlow) -> str:
    """What a form carries along, so that it is noticed when somebody else saves in between."""
    return flow.changed_at.isoformat()


@contextmanager
def editing(flow: CallFlow, *, by: User | None, stamp: str | None = None) -> Iterator[CallFlow]:
    """Change a draft: all of it or, when something raises, nothing. Gives the flow as it is now, locked.

    With the stamp of a form raises EditedMeanwhile where the draft is another by now.
    """
    with transaction.atomic():
        now = CallFlow.objects.select_for_update().get(pk=flow.pk)
        if stamp is not None and stamp != stamp_of(now):
            refuse(now, by)
        yield now
        now.touch(by)
        flow.changed_at, flow.changed_by = now.changed_at, now.changed_by


def refuse(flow: CallFlow, by: User | None) -> NoReturn:
    """Tell who comes second who was first. Raises EditedMeanwhile."""
    raise EditedMeanwhile(_who_was_first(flow, by))


def _who_was_first(flow: CallFlow, by: User | None) -> str:
    first = User.objects.filter(pk=flow.changed_by_id or 0).first()
    if first is None:
        who = "This flow was changed"
    elif by and first.pk == by.pk:
        who = "You changed this flow in another window"
    else:
        who = f"{first.get_full_name() or first} changed this flow"
    at = f"{timezone.localtime(flow.changed_at):%H:%M:%S}"
    return f"{who} at {at}, after you opened it. Nothing of yours was saved. Open the flow again, and repeat it."


def add_step(flow: CallFlow, kind: str, *, name: str = "") -> Step:
    """Put a step of this kind at the end, with nothing said yet, in the flow's voice."""
    if kind not in STEPS:
        raise ValidationError("There is no such kind of step. Choose one of the list.")
    there = flow.steps.count()
    if there >= MOST_STEPS:
        raise ValidationError(f"A flow has at most {MOST_STEPS} steps. Put a part of it into a flow of its own.")
    made = STEPS[kind]()
    settings = made.settings()
    if isinstance(made, Spoken):
        settings = made.in_language(flow.language).settings() | FLOWS_VOICE
    if kind == "greeting":
        settings["text"] = ""
    renumber(flow)
    return Step.objects.create(flow=flow, kind=kind, name=name, position=there + 1, settings=settings)


def speak(flow: CallFlow) -> None:
    """Put the sentences that we brought along into the language of the flow's voice, where steps speak in that."""
    changed = []
    for step in flow.steps.all():
        kind = STEPS[step.kind]
        if issubclass(kind, Spoken) and not step.settings.get("language"):
            made = kind.from_settings(step.settings).in_language(flow.language).settings()
            said = {name: made[name] for name, old in step.settings.items() if made.get(name, old) != old}
            if said:
                step.settings |= said
                changed.append(step)
    Step.objects.bulk_update(changed, ["settings"], batch_size=100)


def reorder(flow: CallFlow, places: Mapping[int, int]) -> None:
    """Give steps (ids) the places that are asked for, counted from 1; the others keep their order around them."""
    steps = list(flow.steps.in_order())
    movers = sorted((step for step in steps if step.pk in places), key=lambda step: places[step.pk])
    line = [step for step in steps if step.pk not in places]
    for step in movers:
        line.insert(max(places[step.pk], 1) - 1, step)
    _number(line)


def renumber(flow: CallFlow) -> None:
    """Let positions be 1, 2, 3 …"""
    _number(list(flow.steps.in_order()))


def _number(line: Sequence[Step]) -> None:
    changed = []
    for place, step in enumerate(line, 1):
        if step.position != place:
            step.position = place
            changed.append(step)
    Step.objects.bulk_update(changed, ["position"], batch_size=100)


def duplicate_step(step: Step) -> Step:
    """Put a copy behind a step: the same settings, leading to the same places."""
    ways = [way_of(branch) for branch in step.branches.all()]
    name = f"{step.name[:53]} (copy)" if step.name else ""
    copy = Step.objects.create(
        flow=step.flow, kind=step.kind, name=name, position=step.position, settings=step.settings
    )
    for way in ways:  # what led back to the step itself leads back to the copy
        to_step = copy.pk if way.to_step == step.pk else way.to_step
        Branch.objects.create(
            step=copy, on=way.on, words=way.words, then=way.then, to_step_id=to_step, to_flow_id=way.to_flow
        )
    line = [one for one in step.flow.steps.in_order() if one.pk != copy.pk]
    line.insert(next(at for at, one in enumerate(line, 1) if one.pk == step.pk), copy)
    _number(line)
    return copy


def remove_step(step: Step) -> None:
    """Take a step out. Raises ValidationError, naming it, where another step leads here."""
    leading = step.led_to_by.exclude(step=step).select_related("step__flow").order_by("step__position", "pk")
    found = [f"{_named(branch.step, step)} ({_case(branch.on)})" for branch in leading]
    if found:
        verb = "leads" if len(found) == 1 else "lead"
        whole = f"{', '.join(found)} {verb} to this step. Lead {'it' if len(found) == 1 else 'them'} elsewhere first."
        raise ValidationError(f"{step} was not removed: {whole[:1].lower()}{whole[1:]}")
    flow = step.flow
    step.branches.all().delete()
    step.delete()
    renumber(flow)


def _named(step: Step, beside: Step) -> str:
    whose = f" of {step.flow}" if step.flow_id != beside.flow_id else ""
    return f"step {step.position}, {step.name or step.get_kind_display()}{whose}"


def _case(on: str) -> str:
    case = end_words(on)
    return f"{case[:1].lower()}{case[1:]}"


def way_of(branch: Branch) -> Way:
    return Way(branch.on, branch.then, branch.to_step_id, branch.to_flow_id, branch.words)


def set_ways(step: Step, ways: Sequence[Way]) -> None:
    """Let a step lead there and nowhere else, in this order. Raises ValidationError for two of one case."""
    doubled = {way.on for way in ways if [one.on for one in ways].count(way.on) > 1}
    if doubled:
        raise ValidationError(f"{end_words(min(doubled))} has two lines. Keep one of them.")
    if [way_of(branch) for branch in step.branches.all()] == list(ways):
        return
    step.branches.all().delete()
    for way in ways:
        branch = Branch(
            step=step, on=way.on, words=way.words, then=way.then, to_step_id=way.to_step, to_flow_id=way.to_flow
        )
        branch.full_clean(exclude=["step"])
        branch.save()
