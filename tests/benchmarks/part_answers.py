"""`/answer` against FastAPI with a dict: closed loops at 8 and 32 connections."""

from functools import partial

from tests.benchmarks.contenders import SECRET, Running
from tests.benchmarks.rounds import Load, Options, all_running, print_turns, rate, ratios, take_turns, warm_up
from tests.benchmarks.table import Line, Report, at_least
from tests.load.client import Outcome, closed_loop
from tests.load.traffic import answer_calls


def measure(options: Options, report: Report) -> None:
    seconds = options.seconds / 2
    with all_running(options, "answers", ("ours", "granian", "fastapi")) as there:
        warm_up(there, answer_calls(150, SECRET))
        for connections in options.connections:
            turns = take_turns(there, options.rounds, partial(new_load, connections, seconds))
            print_turns(f"Answers, {connections} connections, {options.rounds} rounds of {seconds:g} s", turns)
            for name, least, aim in (("ours", 0.25, 1), ("granian", 0.6, 2)):
                figures = ratios(turns, name, "fastapi", rate)
                what = f"/answer of {name}, against fastapi, at {connections}"
                report.add(Line(what, figures, "×", at_least(least), at_least(aim)))


def new_load(connections: int, seconds: float) -> Load:
    calls = answer_calls(100_000, SECRET)

    def load(one: Running) -> Outcome:
        return closed_loop(one.port, calls, connections=connections, seconds=seconds)

    return load
