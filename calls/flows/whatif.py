"""What would happen if somebody called: the engine itself is asked, with a draft in the place of what is live. Pure.

Nobody hears it, nothing is kept. Keys are pressed as given; a telephone that is rung does what `phones` says.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from calls.flows import engine, tokens
from calls.flows.callers import Caller, Callers
from calls.flows.engine import Served
from calls.flows.hours import Schedule
from calls.flows.picture import Lit
from calls.flows.program import Program
from calls.flows.run import Heard, Number, World
from calls.flows.ways import code, ways
from calls.vonage.ncco import Ncco

DRAFT = -1  # the version that a draft stands for
MOST_ANSWERS, MOST_KEYS = 60, 20
KEYS = re.compile(r"[0-9*#]{1,20}")
NOTHING = {"", "-", "–"}
Phones = Literal["unanswered", "busy", "answered"]


@dataclass(frozen=True)
class WithDraft:
    """A world in which a draft is live. A number of the flow that is asked about need not be one of ours."""

    world: World
    flow: int
    program_: Program
    asked: Number

    @property
    def callers(self) -> Callers:
        return self.world.callers

    def number(self, msisdn: str) -> Number | None:
        return self.asked if msisdn == self.asked.msisdn else self.world.number(msisdn)

    def program(self, version: int) -> Program | None:
        return self.program_ if version == DRAFT else self.world.program(version)

    def schedule(self, hours: int) -> Schedule:
        return self.world.schedule(hours)

    def live(self, flow: int, moment: datetime) -> int | None:
        return DRAFT if flow == self.flow else self.world.live(flow, moment)


@dataclass(frozen=True)
class Asked:
    """Who calls which number when, and what they press: digits, or None for nothing, at each question."""

    number: Number
    from_: str
    moment: datetime
    pressed: Sequence[str | None] = ()
    phones: Phones = "unanswered"


@dataclass(frozen=True)
class Stop:
    """A step that the caller came to: what they heard there, as actions, and what they did or what came of it.

    `came` is "open" or "closed" at opening hours, "busy", "unanswered" or "answered" where a telephone was rung.
    """

    step: str
    kind: str
    name: str
    place: int
    version: int
    actions: Ncco = field(default_factory=list)
    asked: bool = False  # the caller was asked, and pressed what stands in `pressed`
    pressed: str | None = None
    came: str = ""
    flow: str = ""  # the name of the one that it belongs to


@dataclass(frozen=True)
class Outcome:
    """How the call would go. `answers` are the NCCOs that we would give, one after the other; `led_to` is the flow
    that a rule leads this caller to, instead of the number's.
    """

    asked: Asked
    stops: Sequence[Stop]
    answers: Sequence[Ncco]
    ends: Literal["ended", "waits", "talks", "broken", "blocked"]
    problem: str = ""
    block: Mapping[str, Any] | None = None
    led_to: int | None = None


def ask(world: World, asked: Asked) -> Outcome:
    """Let a caller through in thought, until the call ends, or the keys do. Never raises."""
    first = engine.answer(world, asked.number, asked.from_, asked.moment)
    if first.block is not None:
        block = world.callers.block_for(world.callers.find(asked.from_))
        return Outcome(asked, (), (first.ncco,), "blocked", first.problem, block)
    outcome = _follow(world, asked, first)
    flows = {version: str((world.program(version) or {}).get("name", "")) for version in _versions(outcome)}
    stops = [replace(stop, flow=flows[stop.version]) for stop in outcome.stops]
    return replace(outcome, stops=stops, led_to=_led_to(world, asked))


def _versions(outcome: Outcome) -> set[int]:
    return {stop.version for stop in outcome.stops}


def _led_to(world: World, asked: Asked) -> int | None:
    """The flow that a rule leads the caller to; one of which nothing is live leads nobody."""
    flow = world.callers.flow_for(world.callers.find(asked.from_), asked.number.msisdn)
    leads = flow is not None and flow != asked.number.flow and world.live(flow, asked.moment) is not None
    return flow if leads else None


def _follow(world: World, asked: Asked, served: Served | None) -> Outcome:
    stops: list[Stop] = []
    answers, pressed = [], list(asked.pressed)
    for _ in range(MOST_ANSWERS):
        if served is None or not served.ncco:
            break
        answers.append(served.ncco)
        question = _question(served.ncco)
        _take(served, question[0] if question else len(served.ncco), stops)
        if served.problem:
            return Outcome(asked, stops, answers, "broken", served.problem)
        if question is None:
            break
        at, place = question
        if served.ncco[at]["action"] == "connect":
            _note(stops, came=asked.phones)
            if asked.phones == "answered":
                return Outcome(asked, stops, answers, "talks")
            heard = Heard("status", status=asked.phones)
        elif not pressed:
            return Outcome(asked, stops, answers, "waits")
        else:
            digits = pressed.pop(0)
            _note(stops, asked=True, pressed=digits)
            heard = Heard("input", digits=digits)
        served = engine.go_on(world, place, heard, asked.moment)
    return Outcome(asked, stops, answers, "ended")


def keys_of(text: str) -> list[str | None]:
    """Read what is pressed at each question, "2,1" or "2,-,1"; None is nothing. Raises ValueError with the cure."""
    text = "".join(text.split())
    parts = text.split(",") if text else []
    odd = next((part for part in parts if part not in NOTHING and not KEYS.fullmatch(part)), "")
    if odd:
        raise ValueError(f"“{odd}” is no key. Write what is pressed at each question: 2,1 or a dash for nothing.")
    if len(parts) > MOST_KEYS:
        raise ValueError(f"Those are {len(parts)} questions. Write keys for up to {MOST_KEYS}.")
    return [part if part not in NOTHING else None for part in parts]


def first_heard(world: World, number: Number, moment: datetime) -> Served:
    """What a stranger hears first."""
    return engine.begin(world, number, Caller(), moment)


def until_question(ncco: Ncco) -> Ncco:
    """The actions up to the first that waits for us, with it."""
    question = _question(ncco)
    return ncco[: question[0] + 1] if question else ncco


def lit_of(outcome: Outcome, program: Program, version: int) -> Lit:
    """Which steps and lines of a program the caller came through. Others may lead to it and follow it."""
    steps, lines = program.get("steps") or {}, set[tuple[str, str]]()
    stops = outcome.stops
    for before, here in zip((None, *stops), stops, strict=False):
        if before is None or before.version != here.version:
            if here.version == version and here.step == str(program.get("start")):
                lines.add(("", f"step {here.step}"))
            if before and before.version == version:
                lines |= {(before.step, f"flow {way}") for way in _flow_taken(before, steps)}
        elif here.version == version:
            lines |= _between(before, here, steps)
    last = stops[-1] if stops else None
    if last and last.version == version and outcome.ends == "ended":
        lines.add((last.step, "end"))
    return Lit(frozenset(stop.step for stop in stops if stop.version == version), frozenset(lines))


def _between(before: Stop, here: Stop, steps: Mapping[str, Any]) -> set[tuple[str, str]]:
    if before.step != here.step:
        return {(before.step, f"step {here.step}")}
    target = (steps.get(here.step, {}).get("on") or {}).get(before.pressed or "next") or {}
    again = target.get("again") or code(target) == f"step {here.step}"
    return {(here.step, "again")} if again else set()


def _flow_taken(before: Stop, steps: Mapping[str, Any]) -> set[int]:
    """The other flow that a step led to, by what was pressed or came; the only one that it leads to."""
    step = steps.get(before.step, {})
    case = before.pressed or before.came or "next"
    target = (step.get("on") or {}).get(case) or step.get("next") or {}
    if "flow" in target:
        return {target["flow"]}
    found = {way.target["flow"] for way in ways(step) if "flow" in way.target} if step else set()
    return found if len(found) == 1 else set()


def _question(ncco: Ncco) -> tuple[int, tokens.Place] | None:
    """Where the NCCO waits for us to be asked, and what is asked then."""
    for at, action in enumerate(ncco):
        urls = action.get("eventUrl")
        waits = action.get("action") == "input" or action.get("eventType") == "synchronous"
        if waits and isinstance(urls, list) and urls:
            place = tokens.read(str(urls[0]).rpartition("/")[2])
            if place:
                return at, place
    return None


def _take(served: Served, until: int, stops: list[Stop]) -> None:
    """Add the steps of an answer, each with its actions; what was said before the first belongs to the last one."""
    actions = served.ncco[: until + 1]
    begins = list(served.begins)
    if stops and (first := begins[0][1] if begins else len(actions)):
        _note(stops, actions=[*stops[-1].actions, *actions[:first]])
    if not begins:
        return
    ends = [*(begun for _, begun, _ in begins[1:]), len(actions)]
    for (at, begun, version), end in zip(begins, ends, strict=True):
        visit = served.path[at]
        stop = Stop(visit["step"], visit["kind"], visit["name"], visit["place"], version, actions[begun:end])
        stops.append(replace(stop, came=visit.get("is", "")))


def _note(stops: list[Stop], **what: Any) -> None:
    if stops:
        stops[-1] = replace(stops[-1], **what)
