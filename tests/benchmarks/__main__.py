"""`make bench`: how fast ours is, against others on the same machine and Postgres.

Exits with 1 where an acknowledged event is not kept exactly once, whatever the speed.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path

import psycopg2

from tests.benchmarks import part_answers, part_burst, part_emulator, part_events, part_history, part_pages, part_store
from tests.benchmarks.contenders import CONTENDERS, USUAL
from tests.benchmarks.postgres import durability
from tests.benchmarks.rounds import CONNECTIONS, Options
from tests.benchmarks.table import Report
from tests.machine import POSTGRES_URL, address

Part = Callable[[Options, Report], None]

PARTS: dict[str, Part] = {
    "events": part_events.measure,
    "answers": part_answers.measure,
    "burst": part_burst.measure,
    "store": part_store.measure,
    "sqlite": part_store.measure_sqlite,
    "emulator": part_emulator.measure,
    "history": part_history.measure,
    "pages": part_pages.measure,
}
LONG = ("history", "pages")  # left out unless named, or BENCH=full


def names_in(known: Collection[str]) -> Callable[[str], list[str]]:
    """Read a list of names with commas."""

    def read(text: str) -> list[str]:
        names = [name for name in text.split(",") if name]
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"{unknown[0]} is none of {', '.join(known)}")
        return names

    return read


def main(arguments: list[str]) -> int:
    full = os.environ.get("BENCH") == "full"
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    usual = [name for name in PARTS if full or name not in LONG]
    parser.add_argument("--only", type=names_in(PARTS), default=usual, help=", ".join(PARTS))
    parser.add_argument("--contenders", type=names_in(CONTENDERS), default=list(USUAL), help=", ".join(CONTENDERS))
    parser.add_argument("--rounds", type=int, default=8, help="8")
    parser.add_argument("--seconds", type=float, default=2.5, help="of each turn of each contender: 2.5")
    parser.add_argument("--connections", type=int, choices=CONNECTIONS, help="of events and answers: both, unless told")
    parser.add_argument("--stored", type=int, default=5_000_000, help="events that “history” begins with")
    parser.add_argument("--calls", type=int, default=1_000_000, help="calls that “pages” is measured with")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended
    begun, report = time.monotonic(), Report()
    try:
        print(f"{durability()}; {os.cpu_count()} cores; load {os.getloadavg()[0]:.1f} before we began")
    except psycopg2.Error as error:
        print(f"Nothing was measured: TEST_POSTGRES_URL, {address(POSTGRES_URL)}, does not answer ({error}).")
        return 1
    with tempfile.TemporaryDirectory(prefix="callserver-bench-") as folder:
        settled = Options(
            folder=Path(folder),
            rounds=options.rounds,
            seconds=options.seconds,
            contenders=options.contenders,
            connections=[options.connections] if options.connections else CONNECTIONS,
            full=full,
            stored=options.stored,
            calls=options.calls,
        )
        for name in options.only:
            print(f"\n== {name} ==", flush=True)
            PARTS[name](settled, report)
    report.show()
    print(f"\nMeasured in {time.monotonic() - begun:.0f} s.")
    return 1 if report.faults else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
