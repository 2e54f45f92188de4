"""Let contenders take turns, round by round: what else the machine does then falls on all of them alike."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks.contenders import CONTENDERS, Running, running
from tests.benchmarks.postgres import backends
from tests.benchmarks.table import print_table, shown
from tests.load.client import Outcome, closed_loop
from tests.load.traffic import Call

CONNECTIONS = (8, 32)  # of closed loops
WARM_UP_CALLS = 150
WARM_UP_SECONDS = 5.0
SETTLE_SECONDS = 0.3  # what is done beside the replies, and a moment later, is of the same turn


@dataclass(frozen=True)
class Options:
    """How long and how often, as the command line says."""

    folder: Path
    rounds: int
    seconds: float
    contenders: Sequence[str]
    connections: Sequence[int]
    full: bool
    stored: int  # events that are there already, in the part "history"
    calls: int  # that are there, in the part "pages"


@dataclass(frozen=True)
class Turn:
    """What one contender did in one round."""

    outcome: Outcome
    server_cpu: float  # seconds
    database_cpu: float

    @property
    def cost(self) -> tuple[float, float, float]:
        """Microseconds of server, database and client for an acknowledged request."""
        requests = max(self.outcome.acknowledged, 1) / 1e6
        return self.server_cpu / requests, self.database_cpu / requests, self.outcome.client_cpu_seconds / requests


Turns = Mapping[str, Sequence[Turn]]  # of each contender, one a round
Load = Callable[[Running], Outcome]


@contextmanager
def all_running(options: Options, part: str, wanted: Sequence[str]) -> Iterator[list[Running]]:
    """Start those of the wanted contenders that were chosen, and warm them up."""
    chosen = [name for name in options.contenders if name in wanted or name.partition("-")[0] in wanted]
    with ExitStack() as stack:
        there = []
        for name in chosen:
            print(f"Starting {name} ({CONTENDERS[name].says}) …", flush=True)
            there.append(stack.enter_context(running(CONTENDERS[name], options.folder / part / name)))
        yield there


def take_turns(there: Sequence[Running], rounds: int, load: Callable[[], Load]) -> Turns:
    """Let each do the same in each round. `load` makes what is to be done anew for every round."""
    turns: dict[str, list[Turn]] = {one.name: [] for one in there}
    for number in range(rounds):
        act = load()
        first = number % len(there) if there else 0
        for one in [*there[first:], *there[:first]]:
            turns[one.name].append(measured(one, act))
    return turns


def measured(one: Running, act: Load) -> Turn:
    server, database = one.server.cpu_seconds(), backends(one.place.url)
    outcome = act(one)
    time.sleep(SETTLE_SECONDS)
    return Turn(outcome, spent(server, one.server.cpu_seconds()), spent(database, backends(one.place.url)))


def spent(before: Mapping[int, float], after: Mapping[int, float]) -> float:
    """CPU seconds of these processes between two looks; of one that ended meanwhile nothing is known."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


def warm_up(there: Sequence[Running], calls: Sequence[Call]) -> None:
    for one in there:
        few = calls[:WARM_UP_CALLS]
        closed_loop(one.port, few, connections=16, seconds=WARM_UP_SECONDS, journal=one.journal)


def ratios(turns: Turns, ours: str, other: str, figure: Callable[[Turn], float]) -> list[float]:
    """Divide ours by another's, round by round; empty where one of them was not there."""
    if ours not in turns or other not in turns:
        return []
    pairs = zip(turns[ours], turns[other], strict=True)
    return [figure(mine) / theirs for mine, other_turn in pairs if (theirs := figure(other_turn))]


def rate(turn: Turn) -> float:
    return turn.outcome.rate


def p99(turn: Turn) -> float:
    return turn.outcome.latency(0.99)


def print_turns(title: str, turns: Turns, *, costs: bool = True) -> None:
    """Print the absolute figures: the median of the rounds; and with `costs` the CPU of an acknowledged request."""
    print(f"\n{title}")
    heading = ["", "per s", "min", "max", "p50 ms", "p99 ms", "failed"]
    heading += ["µs server", "µs database", "µs client"] if costs else []
    table = [heading]
    for name, done in turns.items():
        rates = [turn.outcome.rate for turn in done]
        cells = [median(rates), min(rates), max(rates)]
        cells += [median(turn.outcome.latency(share) for turn in done) * 1000 for share in (0.5, 0.99)]
        cells.append(sum(turn.outcome.failed for turn in done))
        spent = zip(*(turn.cost for turn in done), strict=True)
        cells += [median(microseconds) for microseconds in spent] if costs else []
        table.append([name, *(shown(cell) if cell else "0" for cell in cells)])
    print_table(table, right=True)
