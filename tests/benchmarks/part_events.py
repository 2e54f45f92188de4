"""Durable events a second, and what one costs: closed loops at 8 and 32 connections."""

from collections.abc import Sequence
from functools import partial

from tests.benchmarks.contenders import SECRET, Running
from tests.benchmarks.rounds import Load, Options, Turns, all_running, print_turns, rate, ratios, take_turns, warm_up
from tests.benchmarks.table import Line, Report, Target, at_least, at_most
from tests.load.client import Outcome, closed_loop
from tests.load.traffic import Call, event_calls

MOST_EVENTS_A_SECOND = 4_000  # for which traffic is signed in advance; who is faster ends earlier
EVENTS_A_CALL = 4
# Of ours against django, of ours against fastapi, and (with the aim) of granian against fastapi.
LEAST: dict[int, tuple[Target, Target, tuple[Target | None, Target | None]]] = {
    8: (at_least(4), at_least(0.6), (None, None)),
    32: (at_least(5), at_least(0.7), (at_least(1.2), at_least(3))),
}


def measure(options: Options, report: Report) -> None:
    with all_running(options, "events", ("ours", "granian", "django", "fastapi")) as there:
        warm_up(there, list(event_calls(150, SECRET)))
        fastest = [800.0]
        for connections in options.connections:
            turns = take_turns(there, options.rounds, partial(new_load, connections, options.seconds, fastest))
            print_turns(f"Events, {connections} connections, {options.rounds} rounds of {options.seconds:g} s", turns)
            add_lines(report, turns, connections)
        judge_all(report, there)


def new_load(connections: int, seconds: float, fastest: list[float]) -> Load:
    """Sign the traffic of a round: the same for everyone, and enough for the fastest so far to become faster."""
    events = min(max(fastest) * 1.5, MOST_EVENTS_A_SECOND) * seconds
    calls: Sequence[Call] = list(event_calls(int(events / EVENTS_A_CALL), SECRET))

    def load(one: Running) -> Outcome:
        outcome = closed_loop(one.port, calls, connections=connections, seconds=seconds, journal=one.journal)
        fastest.append(outcome.rate)
        return outcome

    return load


def judge_all(report: Report, there: Sequence[Running]) -> None:
    for one in there:
        verdict = one.judge()
        report.judged(one.name, verdict, verdict.faults)


def add_lines(report: Report, turns: Turns, connections: int) -> None:
    at = f"at {connections}"
    django, fastapi, granian = LEAST[connections]
    report.add(
        Line(f"events, against django, {at}", ratios(turns, "ours", "django", rate), "×", django, at_least(10)),
        Line(f"events, against fastapi, {at}", ratios(turns, "ours", "fastapi", rate), "×", fastapi, at_least(1.4)),
        Line(f"events of granian, against fastapi, {at}", ratios(turns, "granian", "fastapi", rate), "×", *granian),
    )
    if connections == 32:
        for name, targets in (("ours", (at_most(1.2), at_most(0.3))), ("granian", (None, None))):
            figures = ratios(turns, name, "fastapi", lambda turn: sum(turn.cost[:2]))
            report.add(Line(f"CPU per event of {name}, against fastapi, {at}", figures, "×", *targets))
