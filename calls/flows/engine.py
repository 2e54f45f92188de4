"""Run a program: pure, in memory, and never without something to say.

`begin` answers a call, `go_on` what the platform asks while a flow runs. Both walk from step to step until one waits
for the platform, and give the NCCO up to there with the way that led to it.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from calls.flows import standard
from calls.flows.callers import Caller
from calls.flows.program import END, SCHEMA, Program, ProgramError, Target, to_flow, to_step
from calls.flows.run import ENGLISH, Heard, Number, Order, Run, World
from calls.flows.steps import STEPS, Kind, Voicemail
from calls.flows.tokens import Place
from calls.vonage import ncco
from calls.vonage.ncco import Ncco

logger = logging.getLogger(__name__)

BLOCKED = "block"  # the step that blocked callers come to
MOST_VISITS = 50  # steps that one call may come to: a flow that leads round in a circle ends

NUMBER_NOT_IN_SERVICE: Ncco = [
    ncco.talk("Sorry, this number is not in service. Check the number and call again.", language="en-GB", style=0)
]
OUT_OF_ORDER: Ncco = [ncco.talk(standard.OUT_OF_ORDER, **ENGLISH)]
ROUND_AND_ROUND = ncco.talk(standard.IN_A_CIRCLE, **ENGLISH)
# An empty array may be taken for no answer at all; the call ends when this has run out.
NOTHING_MORE: Ncco = [{"action": "wait", "timeout": 0.1}]
HOLD_ON: Ncco = [{"action": "wait", "timeout": 20}]  # for a telephone that is about to be let go
MAILBOX = {"kind": "voicemail", "next": END, "on": {}}  # of blocked callers


@dataclass(frozen=True)
class Served:
    """What a caller is told, and why: which number of ours, which version, by which steps.

    Without an NCCO the call goes on as it was, and the way alone is told. With an `order` the NCCO is for the telephone
    that was rung, and `moved` is for the caller.
    """

    ncco: Ncco
    msisdn: str = ""
    version: int | None = None
    path: list[dict[str, Any]] = field(default_factory=list)
    problem: str = ""
    block: int | None = None  # the line of the block list that stopped the caller
    order: Order | None = None
    moved: Ncco = field(default_factory=list)
    begins: Sequence[tuple[int, int, int]] = ()  # of each step: its place in the path and in the NCCO, its version


def begin(world: World, number: Number, caller: Caller, moment: datetime, leg: str = "") -> Served:
    """Say what somebody hears of a number of ours, whoever it is. Never raises."""
    run = Run(world, number, caller, moment, leg=leg)
    return _served(run, to_flow(number.flow) if number.flow else None)


def answer(world: World, number: Number, from_: str, moment: datetime, leg: str = "") -> Served:
    """Answer a call to a number of ours: a caller may be blocked, or led elsewhere by a rule. Never raises."""
    caller = world.callers.find(from_)
    run = Run(world, number, caller, moment, leg=leg)
    if block := world.callers.block_for(caller):
        return replace(_blocked(run, block), block=block["id"])
    flow = world.callers.flow_for(caller, number.msisdn)
    if flow and world.live(flow, moment) is None:
        flow = None  # a rule that leads nowhere
    flow = flow or number.flow
    return _served(run, to_flow(flow) if flow else None)


def _blocked(run: Run, block: Mapping[str, Any]) -> Served:
    """Do with a blocked caller what the block list says."""
    try:
        if run.number.flow:
            enter(run, run.number.flow)  # whose voice speaks
        run.here = BLOCKED
        which = {"match": block["kind"], "pattern": block["pattern"]}
        run.path.append({"step": BLOCKED, "kind": "block", "name": block["action"], **which})
        if block["action"] == "message":
            run.say(block["text"], {})
        elif block["action"] == "voicemail":
            Voicemail().in_language(run.voice({})["language"]).play(MAILBOX, run)
    except Exception as error:
        return _broken(run, error)
    return Served(run.actions or NOTHING_MORE, run.number.msisdn, run.version or None, run.path)


def go_on(world: World, place: Place, heard: Heard, moment: datetime) -> Served | None:
    """Say how a call goes on that is at `place`. None: as it was. Never raises."""
    run = _resumed(world, place, moment)
    try:
        step, kind = _step_at(run, place)
        target = kind.heard(step, run, heard)
        if heard.kind == "record":
            run.path.append({"step": place.step, "kind": step["kind"], "name": step.get("name", "")})
        if target is None and not run.actions:
            told = Served([], run.number.msisdn, run.version or None, run.path)
            return told if run.path else None
        if target and target.get("again"):
            target = to_step(place.step)
        elif target:
            run.state = {}
    except Exception as error:
        return _broken(run, error)
    served = _served(run, target)
    return replace(served, ncco=HOLD_ON, order=run.order, moved=served.ncco) if run.order else served


def pick_up(world: World, place: Place, moment: datetime) -> Served:
    """Say what a telephone hears that the step at `place` rang, before it is put through. Never raises."""
    run = _resumed(world, place, moment)
    try:
        step, kind = _step_at(run, place)
        kind.picked_up(step, run)
    except Exception as error:
        return replace(_broken(run, error), ncco=NOTHING_MORE)
    return Served(run.actions or NOTHING_MORE, run.number.msisdn, run.version or None)


def _resumed(world: World, place: Place, moment: datetime) -> Run:
    return Run(
        world,
        world.number(place.number) or Number(place.number),
        world.callers.find(place.caller),
        moment,
        place.version,
        visits=place.visits,
        state=place.state,
        here=place.step,
        hours=place.hours,
        kept=place.kept,
        leg=place.leg,
    )


def _step_at(run: Run, place: Place) -> tuple[Mapping[str, Any], Kind]:
    """Find the step where a call is. Raises ProgramError."""
    if place.step == BLOCKED:
        return MAILBOX, Voicemail()
    run.program = program_of(run.world, place.version)
    return step_of(run.program, place.step)


def _served(run: Run, target: Target | None) -> Served:
    try:
        walk(run, target)
    except Exception as error:  # whatever a version holds, the caller hears a sentence
        return _broken(run, error)
    said = run.actions or NOTHING_MORE
    if run.questions & set(said[-1].get("eventUrl", ())):
        said = [*said, *_last_words(run, standard.OUT_OF_ORDER)]  # heard where our reply never comes
    return Served(said, run.number.msisdn, run.version or None, run.path, run.problem, begins=run.begins)


def _broken(run: Run, error: Exception) -> Served:
    reason = str(error) if isinstance(error, ProgramError) else f"{type(error).__name__}: {error}"
    problem = f"the version cannot be run: {reason}"
    return Served(_last_words(run, standard.OUT_OF_ORDER), run.number.msisdn, run.version or None, run.path, problem)


def _last_words(run: Run, english: str) -> Ncco:
    """A sentence of ours in the voice that spoke last, or the flow's; else in English. Never raises."""
    try:
        last = next((one for one in reversed(run.actions) if one["action"] == "talk" and "language" in one), {})
        voice = run.voice(last)
        text = standard.spoken(english, voice["language"])
        if text and text != english:
            return [ncco.talk(text, **voice)]
    except Exception:  # of a version that cannot be run, the voice may be anything
        logger.exception("A version has no voice to speak in")
    return [ncco.talk(english, **ENGLISH)]


def walk(run: Run, target: Target | None) -> None:
    """Play one step after the other, until one waits for the platform or the call ends. Raises ProgramError."""
    while target and not target.get("end"):
        if "flow" in target:
            target = enter(run, target["flow"])
            continue
        step, kind = step_of(run.program, target["step"])
        run.visits += 1
        if run.visits > MOST_VISITS:
            run.actions = [{name: value for name, value in one.items() if name != "bargeIn"} for one in run.actions]
            run.actions += _last_words(run, standard.IN_A_CIRCLE)
            run.problem = f"the caller came to {MOST_VISITS} steps: the flow leads round in a circle"
            return
        run.here = str(target["step"])
        run.begins.append((len(run.path), len(run.actions), run.version))
        run.path.append({"step": run.here, "kind": step["kind"], "name": step.get("name", ""), "place": step["place"]})
        target = kind.play(step, run)
        if target and target.get("again"):
            target = to_step(run.here)
        elif target:
            run.state = {}


def enter(run: Run, flow: int) -> Target:
    """Begin with the version of a flow that is live."""
    version = run.world.live(flow, run.moment)
    if version is None:
        raise ProgramError(f"nothing is published of flow {flow}")
    run.version, run.program = version, program_of(run.world, version)
    start = run.program.get("start")
    if start is None:
        raise ProgramError("it has no step")
    return to_step(start)


def program_of(world: World, version: int) -> Program:
    program = world.program(version)
    if not isinstance(program, dict) or program.get("schema") != SCHEMA:
        raise ProgramError(f"version {version} is not a program of this release")
    return program


def step_of(program: Program, step: str) -> tuple[Mapping[str, Any], Kind]:
    """Find a step, with its kind. Raises ProgramError."""
    try:
        found = program["steps"][step]
        return found, STEPS[found["kind"]].from_program(found["settings"])
    except (KeyError, TypeError) as error:
        raise ProgramError(f"step {step} is not in it, or of no known kind: {error}") from error
