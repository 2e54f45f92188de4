"""A flow as text, YAML or JSON, to be kept in a repository, edited there, and taken in again without loss.

    callflow: 1
    name: Orders line
    voice: {language: en-GB, style: 1, premium: false}
    steps:
      - kind: menu
        name: Main menu
        settings: {prompt: For the workshop press 1.}
        leads:
          "1": {to: {flow: Workshop}, says: workshop, repair}
          "2": {to: {step: 3}}
          "*": {to: again}
          end: {to: hang up}

Settings that are left out are the kind's own; a voice that is left out is the flow's. Opening hours and sounds stand by
their names, steps by their places.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, get_type_hints

import yaml

from calls.flows.parsing import BadText, near, parse, short, strangers
from calls.flows.steps import STEPS, Kind
from calls.flows.steps.kind import fits
from calls.flows.steps.menu import KEYS as MENU_KEYS
from calls.flows.steps.menu import Menu
from calls.flows.steps.spoken import FLOWS_VOICE, Spoken
from calls.models import CallFlow, OpeningHours, Sound, Then

FORM = 1
MOST_STEPS = 200
KEYS = ("callflow", "name", "voice", "steps")
STEP_KEYS = ("kind", "name", "settings", "leads")
VOICE_KEYS = ("language", "style", "premium")


@dataclass(frozen=True)
class Lead:
    """Where a step leads: `then` as in models.Then, with the place of a step or the name of a flow."""

    then: str
    step: int | None = None
    flow: str = ""
    says: str = ""


@dataclass(frozen=True)
class StepText:
    kind: str
    name: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    leads: dict[str, Lead] = field(default_factory=dict)


@dataclass(frozen=True)
class FlowText:
    name: str
    voice: dict[str, Any]
    steps: list[StepText]


# Out


def export(flow: CallFlow) -> dict[str, Any]:
    """Give the draft as plain data. Five queries."""
    steps = list(flow.steps.in_order().prefetch_related("branches__to_flow"))
    places = {step.pk: place for place, step in enumerate(steps, 1)}
    names = Names()
    return {
        "callflow": FORM,
        "name": flow.name,
        "voice": {"language": flow.language, "style": flow.style, "premium": flow.premium},
        "steps": [_step_data(step, places, names) for step in steps],
    }


def as_yaml(data: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(data), sort_keys=False, allow_unicode=True, width=100)


def as_json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _step_data(step: Any, places: Mapping[int, int], names: "Names") -> dict[str, Any]:
    kind = STEPS[step.kind]
    usual = usual_settings(kind, str(step.settings.get("language") or step.flow.language))
    settings = kind.from_settings({}).settings() | step.settings  # what an older release kept may lack some
    settings = {name: value for name, value in settings.items() if name not in usual or usual[name] != value}
    data: dict[str, Any] = {"kind": step.kind}
    data |= {"name": step.name} if step.name else {}
    data |= {"settings": names.told(settings)} if settings else {}
    leads = {branch.on: _lead_data(branch, places) for branch in step.branches.all()}
    return data | ({"leads": leads} if leads else {})


def _lead_data(branch: Any, places: Mapping[int, int]) -> dict[str, Any]:
    to: Any = branch.then
    if branch.then == Then.STEP:
        to = {"step": places.get(branch.to_step_id)}
    elif branch.then == Then.FLOW:
        to = {"flow": branch.to_flow.name}
    return {"to": to} | ({"says": branch.words} if branch.words else {})


def usual_settings(kind: type[Kind], language: str) -> dict[str, Any]:
    """The settings of a step whose text names none: of what speaks, with the flow's voice, and in its language."""
    made = kind.from_settings({})
    return made.in_language(language).settings() | FLOWS_VOICE if isinstance(made, Spoken) else made.settings()


class Names:
    """Things that settings hold by their ids, and texts by their names."""

    def __init__(self) -> None:
        self.by_id = {
            "hours": dict(OpeningHours.objects.order_by().values_list("pk", "name")),
            "sound": dict(Sound.objects.order_by().values_list("pk", "name")),
        }

    def told(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Put names for ids."""
        return {key: self.by_id[key].get(value) if key in self.by_id else value for key, value in settings.items()}

    def meant(self, settings: Mapping[str, Any], where: str) -> dict[str, Any]:
        """Put ids for names. Raises BadText."""
        known = {}
        for key, value in settings.items():
            known[key] = self._id(key, value, where) if key in self.by_id and value is not None else value
        return known

    def _id(self, key: str, name: Any, where: str) -> int:
        found: list[int] = [pk for pk, other in self.by_id[key].items() if other == name]
        if len(found) == 1:
            return found[0]
        what = "opening hours" if key == "hours" else "sound"
        if found:
            raise BadText(f"{where}: there are {len(found)} with the name “{name}”. Rename all but one.")
        raise BadText(f"{where}: there is no {what} “{short(name)}”.{near(str(name), self.by_id[key].values())}")


# In


def read(content: bytes) -> FlowText:
    """Read YAML or JSON into a flow whose form is right. Says all that is wrong with it at once, by raising BadText."""
    given = parse(content)
    wrong = list(strangers(given, KEYS, "The file"))
    if wrong:
        raise BadText(*wrong)
    if given.get("callflow") != FORM:
        raise BadText(f"It begins with “callflow: {FORM}” where it is a flow of this form. Export one to see it.")
    name, steps = given.get("name"), given.get("steps")
    voice = given.get("voice", {})
    if not isinstance(name, str) or not name.strip() or len(name) > 100:
        wrong.append("name: write what the flow is called, in up to 100 letters.")
    wrong += strangers(voice, VOICE_KEYS, "voice")
    if not isinstance(steps, list) or len(steps) > MOST_STEPS:
        raise BadText(*wrong, f"steps: write a list of up to {MOST_STEPS} steps.")
    made = []
    for place, step in enumerate(steps, 1):
        try:
            made.append(_step(step, f"Step {place}", len(steps)))
        except BadText as error:
            wrong += error.reasons
    if wrong:
        raise BadText(*wrong)
    return FlowText(str(name).strip(), dict(voice), made)


def _step(given: Any, where: str, count: int) -> StepText:
    wrong = list(strangers(given, STEP_KEYS, where))
    if wrong:
        raise BadText(*wrong)
    word, name, settings, leads = (given.get(key) for key in STEP_KEYS)
    if not isinstance(word, str) or word not in STEPS:
        raise BadText(f"{where}: kind “{short(word)}” is not known.{near(str(word), STEPS)}")
    kind = STEPS[word]
    if name is not None and (not isinstance(name, str) or len(name) > 60):
        wrong.append(f"{where}: its name is a text of up to 60 letters.")
    wrong += misfits(kind, settings if settings is not None else {}, where)
    made = {}
    if leads is not None and not isinstance(leads, dict):
        wrong.append(f"{where}: leads has to be a mapping such as “1”: {{to: {{step: 2}}}}.")
        leads = {}
    for on, lead in (leads or {}).items():
        try:
            made[str(on)] = _lead(lead, f"{where}, “{short(on)}”", count)
        except BadText as error:
            wrong += error.reasons
        if str(on) not in (cases := cases_of(kind)):
            wrong.append(f"{where}: this kind has no case “{short(on)}”. It has {', '.join(cases)}.")
    if wrong:
        raise BadText(*wrong)
    return StepText(word, name or "", settings or {}, made)


def _lead(given: Any, where: str, count: int) -> Lead:
    wrong = list(strangers(given, ("to", "says"), where))
    if wrong:
        raise BadText(*wrong)
    to, says = given.get("to"), given.get("says", "")
    if not isinstance(says, str) or len(says) > 200:
        raise BadText(f"{where}: says has words with commas between them, up to 200 letters.")
    if isinstance(to, dict) and set(to) == {"step"}:
        if type(to["step"]) is not int or not 1 <= to["step"] <= count:
            raise BadText(f"{where}: there is no step {short(to['step'])}; there are 1 to {count}.")
        return Lead(Then.STEP, step=to["step"], says=says)
    if isinstance(to, dict) and set(to) == {"flow"} and isinstance(to["flow"], str):
        return Lead(Then.FLOW, flow=to["flow"], says=says)
    if to in (Then.NEXT, Then.AGAIN, Then.HANG_UP):
        return Lead(str(to), says=says)
    raise BadText(f"{where}: to is next, again, hang up, {{step: 2}} or {{flow: Name}}.")


def cases_of(kind: type[Kind]) -> list[str]:
    """In which cases a step of this kind may lead somewhere."""
    return [*(MENU_KEYS if issubclass(kind, Menu) else ()), *dict.fromkeys([*kind.ends, "next"])]


def misfits(kind: type[Kind], settings: Any, where: str) -> Iterator[str]:
    """Say which settings the kind does not have, and which are of another type than it takes."""
    hints = {name: hint for name, hint in get_type_hints(kind).items() if name in {one.name for one in fields(kind)}}
    if not isinstance(settings, dict):
        yield f"{where}: settings has to be a mapping."
        return
    yield from strangers(settings, hints, f"{where}, settings")
    for name, value in settings.items():
        if name in {"hours", "sound"} and isinstance(value, str):
            continue  # by its name
        if name in hints and not fits(hints[name], value):
            yield f"{where}: {name} has to be {_word(hints[name])}, not {short(json.dumps(value, default=str))}."


def _word(hint: Any) -> str:
    plain = getattr(hint, "__origin__", hint)
    words = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", list: "a list of mappings"}
    return words.get(plain, "a mapping" if plain is dict else "a name")
