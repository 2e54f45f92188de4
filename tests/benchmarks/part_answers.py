"""`/answer` against FastAPI with a dict: closed loops at 8 and 32 connections; and what a menu's reply costs beside an
answer, with 10 numbers and with 10,000.
"""

import json
import subprocess
import sys
from functools import partial

from tests.benchmarks.contenders import SECRET, Running
from tests.benchmarks.rounds import Load, Options, all_running, print_turns, rate, ratios, take_turns, warm_up
from tests.benchmarks.table import Line, Report, at_least, at_most
from tests.load.client import Outcome, closed_loop
from tests.load.traffic import answer_calls

FEW, MANY = 10, 10_000  # numbers
MOST_A_SECOND = 8_000  # for which questions are signed in advance; who is faster ends earlier


def measure(options: Options, report: Report) -> None:
    measure_memory(report)
    seconds = options.seconds / 2
    with all_running(options, "answers", ("ours", "granian", "fastapi")) as there:
        warm_up(there, answer_calls(150, SECRET))
        fastest = [1_000.0]
        for connections in options.connections:
            turns = take_turns(there, options.rounds, partial(new_load, connections, seconds, fastest))
            print_turns(f"Answers, {connections} connections, {options.rounds} rounds of {seconds:g} s", turns)
            for name, least, aim in (("ours", 0.25, 1), ("granian", 0.6, 2)):
                figures = ratios(turns, name, "fastapi", rate)
                what = f"/answer of {name}, against fastapi, at {connections}"
                report.add(Line(what, figures, "×", at_least(least), at_least(aim)))


def measure_memory(report: Report) -> None:
    """In the process itself, without HTTP and database, so that little else is in the figures."""
    few, many = from_memory(FEW), from_memory(MANY)
    for what in ("answer", "reply"):
        note = f"{FEW} numbers: {few[what]:.0f} µs, {MANY:,}: {many[what]:.0f} µs"
        line = f"{what} from memory, {MANY:,} numbers against {FEW}"
        report.add(Line(line, [many[what] / few[what]], "×", at_most(1.5, "×"), note=note))
    line = f"reply to a key against an answer, {MANY:,} numbers"
    report.add(Line(line, [many["reply"] / many["answer"]], "×", at_most(2, "×")))


def from_memory(numbers: int) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.from_memory", str(numbers)]
    found: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return found


def new_load(connections: int, seconds: float, fastest: list[float]) -> Load:
    """Sign the questions of a round: the same for everyone, and enough for the fastest so far to become faster."""
    calls = answer_calls(int(min(max(fastest) * 1.5, MOST_A_SECOND) * seconds), SECRET)

    def load(one: Running) -> Outcome:
        outcome = closed_loop(one.port, calls, connections=connections, seconds=seconds)
        fastest.append(outcome.rate)
        return outcome

    return load
