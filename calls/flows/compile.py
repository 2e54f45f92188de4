"""Turn a flow's draft into a program: plain data that the engine runs without the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from django.core.exceptions import ValidationError

from calls.flows import allowed
from calls.flows.program import AGAIN, END, SCHEMA, Program, Target, to_flow, to_step
from calls.flows.steps import STEPS, Facts, Kind
from calls.flows.steps.kind import SoundFile
from calls.flows.ways import ways
from calls.models import Branch, CallFlow, OpeningHours, PhoneNumber, Sound, Step, StepKind, Then
from calls.vonage import numbers


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or odd with a draft: which step (None: the flow), what, why and the cure."""

    severity: Literal["error", "warning"]
    step: Step | None
    message: str

    def __str__(self) -> str:
        return f"Step {self.step}: {self.message}" if self.step else self.message


@dataclass(frozen=True)
class Compiled:
    """A program, and what was found while making it. With errors it must not be published."""

    program: Program
    findings: list[Finding]

    @property
    def errors(self) -> list[Finding]:
        return [one for one in self.findings if one.severity == "error"]

    @property
    def warnings(self) -> list[Finding]:
        return [one for one in self.findings if one.severity == "warning"]


def compile_flow(flow: CallFlow) -> Program:
    """Give the program of the draft. Raises ValidationError with what forbids it."""
    compiled = compile_draft(flow)
    if compiled.errors:
        alone = len(compiled.program["steps"]) < 2  # then it needs no naming
        raise ValidationError([one.message if alone else str(one) for one in compiled.errors])
    return compiled.program


def compile_draft(flow: CallFlow) -> Compiled:
    """Compile the draft and check it. Six queries, however long it is, and one more where it plays sound files."""
    steps = list(flow.steps.in_order().prefetch_related("branches__to_step", "branches__to_flow"))
    facts = facts_of(flow, steps)
    findings = [] if steps else [Finding("error", None, NO_STEP)]
    compiled: dict[str, Any] = {}
    for place, step in enumerate(steps, 1):
        kind, branches = kind_of(step), list(step.branches.all())
        mine = replace(facts, branches={branch.on: words_of(branch) for branch in branches})
        findings += [Finding("error", step, message) for message in _problems(flow, step, kind, mine, branches)]
        findings += [Finding("warning", step, message) for message in kind.warnings(mine)]
        after = to_step(steps[place].pk) if place < len(steps) else END
        compiled[str(step.pk)] = {
            "kind": step.kind,
            "place": place,
            "name": step.name,
            "settings": kind.compiled(mine),
            "next": END if kind.is_last else after,
            "on": {branch.on: target_of(branch, after) for branch in branches},
            "words": {branch.on: words_of(branch) for branch in branches if branch.words},
        }
    round_in_circles = circling(compiled, flow.pk)
    findings += [Finding("warning", step, CIRCLE) for step in steps if str(step.pk) in round_in_circles]
    start = str(steps[0].pk) if steps else None
    silent = mute_ends(compiled, start or "")
    findings += [Finding("warning", step, MUTE) for step in steps if str(step.pk) in silent]
    program = {"schema": SCHEMA, "flow": flow.pk, "name": flow.name, "voice": voice_of(flow), "start": start}
    return Compiled(program | {"steps": compiled}, findings)


MOST_NUMBERS = 100  # whose countries are looked at
NO_STEP = "The flow has no step: its callers would hear nothing. Add a greeting."


CIRCLE = "It leads round to itself, whatever callers do: they hear it until the call is ended. Lead it elsewhere."
PASSING = {"greeting", "audio", "notify", "wait", "goto"}  # kinds that go on by one way, whatever callers do


def circling(steps: Mapping[str, Any], flow: int) -> set[str]:
    """Steps to which every caller who leaves them comes back: one of each circle."""
    found, known = set[str](), set[str]()
    for first in steps:
        here, seen = first, set[str]()
        while here in steps and here not in seen | known and steps[here]["kind"] in PASSING:
            seen.add(here)
            target = steps[here]["on"].get("next") or steps[here]["next"]
            if target.get("again"):
                target = to_step(int(here))
            here = next(iter(steps)) if target.get("flow") == flow else str(target.get("step", ""))
        if here in seen:
            found.add(here)
        known |= seen
    return found


MUTE = "Callers may come to the end of the call here without having heard a word. Add a sentence before it."
SILENT = {"hours", "goto", "wait"}  # kinds at which nothing is heard; who is notified may answer with words


def mute_ends(steps: Mapping[str, Any], start: str) -> set[str]:
    """Steps that end the calls of some who have heard nothing yet."""
    ahead, seen, found = [start], set[str](), set[str]()
    while ahead:
        here = ahead.pop()
        step = steps.get(here, {})
        if here in seen or step.get("kind") not in SILENT | {"hangup"}:
            continue
        seen.add(here)
        targets = [way.target for way in ways(step)]
        if END in targets and not str(step["settings"].get("text", "")).strip():
            found.add(here)
        ahead += [str(target["step"]) for target in targets if "step" in target]
    return found


def kind_of(step: Step) -> Kind:
    return STEPS[step.kind].from_settings(step.settings)


def voice_of(flow: CallFlow) -> dict[str, Any]:
    return {"language": flow.language, "style": flow.style, "premium": flow.premium}


def facts_of(flow: CallFlow, steps: Sequence[Step]) -> Facts:
    """Gather what steps are checked against."""
    own = list(PhoneNumber.objects.filter(flow=flow).order_by("msisdn").values_list("msisdn", flat=True)[:MOST_NUMBERS])
    # Another flow leads to one that has no number: callers of any of ours may come to it.
    home = own or PhoneNumber.objects.order_by("msisdn").values_list("msisdn", flat=True)[:MOST_NUMBERS]
    return Facts(
        owns=owns,
        number=own[0] if own else "",
        voice=voice_of(flow),
        refuse_destination=lambda number: allowed.refusal(number, home=home, owns=owns),
        asks_hours=any(step.kind == StepKind.HOURS for step in steps),
        hours=dict(OpeningHours.objects.order_by().values_list("pk", "name")),
        sounds=sounds_of(steps),
    )


def sounds_of(steps: Sequence[Step]) -> dict[int, SoundFile]:
    """Give the sound files that the steps play, without those that are gone. No query where none plays one."""
    played = {found for step in steps if isinstance(found := step.settings.get("sound"), int)}
    found = Sound.objects.filter(pk__in=played) if played else []
    return {one.pk: SoundFile(one.name, one.path, tuple(one.warnings())) for one in found}


def owns(msisdn: str) -> bool:
    return PhoneNumber.objects.filter(msisdn=numbers.typed(msisdn)).exists()


def words_of(branch: Branch) -> list[str]:
    return words_in(branch.words)


def words_in(text: str) -> list[str]:
    """What may be said: with commas between, as it is compared."""
    return [" ".join(word.split()).casefold() for word in text.split(",") if word.strip()]


def target_of(branch: Branch, after: Target) -> Target:
    """Where a branch leads, as the engine reads it."""
    if branch.then == Then.STEP:
        return to_step(branch.to_step_id or 0)
    if branch.then == Then.FLOW:
        return to_flow(branch.to_flow_id or 0)
    return {Then.AGAIN: AGAIN, Then.HANG_UP: END}.get(Then(branch.then), after)


def _problems(flow: CallFlow, step: Step, kind: Kind, facts: Facts, branches: Sequence[Branch]) -> list[str]:
    wrong = kind.misfits(step.settings) or kind.problems(facts)
    for branch in branches:
        if branch.to_step and branch.to_step.flow_id != flow.pk:
            wrong.append(f"“{branch.on}” leads to a step of {branch.to_step.flow}. Choose a step of this flow.")
        if branch.to_flow and branch.to_flow_id != flow.pk and not branch.to_flow.publications.exists():
            wrong.append(f"“{branch.on}” leads to {branch.to_flow}, of which nothing is published. Publish it first.")
    return wrong
