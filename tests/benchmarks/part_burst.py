"""A burst: 120 calls begin each second, whatever the server does, each with its question and four events.

A call's eight seconds are hurried through in a quarter of one, so that as many calls end as begin.
"""

from dataclasses import replace

from tests.benchmarks.contenders import SECRET, Running
from tests.benchmarks.part_events import judge_all
from tests.benchmarks.rounds import (
    Load,
    Options,
    Turn,
    Turns,
    all_running,
    p99,
    print_turns,
    ratios,
    take_turns,
    warm_up,
)
from tests.benchmarks.table import Line, Report, at_most
from tests.load.client import Outcome, open_loop
from tests.load.traffic import event_calls

CALLS_A_SECOND = 120
HURRY = 32.0
TIMEOUT_SECONDS = 5.0  # as long as Vonage waits for an answer


def measure(options: Options, report: Report) -> None:
    seconds = options.seconds * 2  # a p99 wants many
    rounds = (options.rounds + 1) // 2
    with all_running(options, "burst", ("ours", "granian", "fastapi")) as there:
        warm_up(there, list(event_calls(150, SECRET, answer=True)))
        turns = take_turns(there, rounds, lambda: new_load(seconds))
        for kind, targets in (("answers", (at_most(1.2), at_most(0.5))), ("events", (at_most(0.9), at_most(0.4)))):
            alone = only(turns, events=kind == "events")
            title = f"{kind.capitalize()} in a burst of {CALLS_A_SECOND} calls/s, {rounds} rounds of {seconds:g} s"
            print_turns(title, alone, costs=False)
            for name, judged in (("ours", targets), ("granian", (None, None))):
                figures = ratios(alone, name, "fastapi", p99)
                report.add(Line(f"p99 of {kind} of {name} in a burst, against fastapi", figures, "×", *judged))
        judge_all(report, there)


def new_load(seconds: float) -> Load:
    calls = list(event_calls(int(CALLS_A_SECOND * seconds), SECRET, answer=True, hurry=HURRY))

    def load(one: Running) -> Outcome:
        return open_loop(
            one.port,
            calls,
            calls_per_second=CALLS_A_SECOND,
            seconds=seconds + 1,
            journal=one.journal,
            timeout=TIMEOUT_SECONDS,
        )

    return load


def only(turns: Turns, *, events: bool) -> Turns:
    """Keep what concerns events, or answers."""
    return {name: [part_of(turn, events=events) for turn in done] for name, done in turns.items()}


def part_of(turn: Turn, *, events: bool) -> Turn:
    replies = [reply for reply in turn.outcome.replies if bool(reply.identity) == events]
    return replace(turn, outcome=replace(turn.outcome, replies=replies))
