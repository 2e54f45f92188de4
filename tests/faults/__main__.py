"""Do to the call server what the world does, and say in figures whether its promises hold: `make faults`.

Each fault has a host, a database and a load of its own. Postgres is a cluster that is made for it and thrown away.
`--only WORD` takes those whose names have the word; `--seconds 5` makes the outages shorter. Exits with 1 where a
promise was broken. Disks are filled as root alone, in a mount that no other process sees.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

from tests.faults.cluster import own_cluster
from tests.faults.disk import can_mount, unseen
from tests.faults.figures import Figures, table
from tests.faults.places import Database, Places
from tests.faults.scenarios import FAULTS, Fault
from tests.faults.stage import staged

LAST_LINES = 12  # of the log of a server that did not start


def play(fault: Fault, database: Database, places: Places, seconds: float) -> Figures:
    """Let it happen, and judge what came of it."""
    figures = Figures()
    try:
        with staged(places, database, seconds=seconds, disks=fault.disks) as stage:
            figures = stage.figures
            fault.act(stage)
            stage.judge()
    except Exception as error:  # the other faults are to be tried as well
        last_words = "\n".join(str(error).splitlines()[-LAST_LINES:])
        figures.wrongs.append(f"it came to no end: {type(error).__name__} {last_words}")
    return figures


def play_all(chosen: list[Fault], longest: float) -> tuple[list[list[str]], bool]:
    """One after the other. Gives the rows of the table, and whether every promise was kept."""
    rows, kept = [], True
    with own_cluster() as cluster, tempfile.TemporaryDirectory(prefix="faults-") as folder:
        places = Places(Path(folder), cluster)
        for fault, database in [(one, database) for one in chosen for database in one.databases]:
            say(f"{fault.name}, {database}: {fault.about}")
            figures = play(fault, database, places, min(fault.seconds, longest))
            broken = figures.broken(fault.limits)
            say(*(f"    {reason}" for reason in broken or ["holds"]))
            rows.append(figures.row(fault.name, database, fault.limits))
            kept = kept and not broken
    return rows, kept


def say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make faults", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", action="append", metavar="WORD", help="only faults whose names have this word")
    parser.add_argument("--seconds", type=float, default=60, help="no outage lasts longer than this")
    parser.add_argument("--list", action="store_true", help="say which faults there are")
    options = parser.parse_args(arguments)
    chosen = [one for one in FAULTS.values() if any(word in one.name for word in options.only or [""])]
    if options.list or not chosen:
        say(*(f"{one.name:<28}{one.about}" for one in FAULTS.values()))
        return 0 if options.list else 2
    unseen("tests.faults", arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    skipped = [one.name for one in chosen if one.disks and not can_mount()]
    begun = time.monotonic()
    rows, kept = play_all([one for one in chosen if one.name not in skipped], options.seconds)
    say("", table(rows), "", f"{len(rows)} in {time.monotonic() - begun:.0f} s.")
    if skipped:
        say(f"Not tried, since a disk can be filled as root alone: {', '.join(skipped)}.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
