"""Which opening hours the callers of a flow are led to, through other flows as well. Reads what is live."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from calls.flows.compile import PASSING
from calls.flows.diff import in_order
from calls.flows.program import Program
from calls.flows.ways import flows_after, reached, ways
from calls.models import CallFlow, FlowVersion, StepKind

Programs = dict[int, Program]  # live ones, by flow


@dataclass(frozen=True)
class Asked:
    """Opening hours, and the flow that asks them. `all_come`: every caller is led there, whatever they do."""

    hours: int
    flow: int
    all_come: bool = False


def live_programs(flows: Collection[int], moment: datetime) -> Programs:
    """Read what is live of these flows, and of those that they lead to. Two queries for each step away."""
    found: Programs = {}
    ahead = set(flows)
    while ahead:
        rows = CallFlow.objects.with_live(moment).filter(pk__in=ahead).only("pk")
        versions = {row.live_id: row.pk for row in rows}  # type: ignore[attr-defined]
        programs = FlowVersion.objects.filter(pk__in=versions).values_list("pk", "program")
        new = {versions[pk]: program for pk, program in programs if isinstance(program, dict)}
        found |= new
        ahead = {flow for program in new.values() for flow in flows_after(program)} - found.keys()
    return found


def hours_reached(flow: int, programs: Mapping[int, Program]) -> list[Asked]:
    """List the opening hours that callers of a flow may come to, each once, first those to which all come."""
    found = list(_where_all_come(flow, programs))
    ahead, seen = [flow], set[int]()
    while ahead:
        here = ahead.pop(0)
        program = programs.get(here)
        if here in seen or program is None:
            continue
        seen.add(here)
        come_to = reached(program)
        for key, step in in_order(program):
            hours = _hours_of(step)
            if key in come_to and hours and all(one.hours != hours for one in found):
                found.append(Asked(hours, here))
        ahead += flows_after(program)
    return found


def _where_all_come(flow: int, programs: Mapping[int, Program]) -> Iterator[Asked]:
    """Follow the one way that there is, to the first step that asks."""
    seen = set[tuple[int, str]]()
    here = str(programs.get(flow, {}).get("start", ""))
    while (flow, here) not in seen:
        seen.add((flow, here))
        step = (programs.get(flow, {}).get("steps") or {}).get(here)
        if not step:
            return
        if hours := _hours_of(step):
            yield Asked(hours, flow, all_come=True)
        if step.get("kind") not in PASSING:
            return
        target = ways(step)[0].target
        flow = target.get("flow", flow)
        here = str(programs.get(flow, {}).get("start", "") if "flow" in target else target.get("step", ""))


def _hours_of(step: Mapping[str, object]) -> int | None:
    settings = step.get("settings")
    hours = settings.get("hours") if step.get("kind") == StepKind.HOURS and isinstance(settings, dict) else None
    return hours if isinstance(hours, int) else None
