"""The pages people open, on ten thousand calls and on a million: how long they take, and how many queries."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from statistics import median
from typing import Any

from tests.benchmarks.postgres import ask, new_database
from tests.benchmarks.processes import ROOT
from tests.benchmarks.rounds import Options
from tests.benchmarks.table import Line, Report, at_most, print_table, shown

FEW = 10_000
TIMES = 30
MOST_QUERIES = 12
MOST_BYTES = 100_000
SECRET = "of the benchmark alone and longer than any that is guessed"
OTHERS = ("call page", "poll", "reports", "home", "inbox")  # all else is a list
Told = dict[str, dict[str, Any]]  # by the page


def measure(options: Options, report: Report) -> None:
    few, many = (opened(calls) for calls in (FEW, options.calls))
    heading = ["", "queries", "kB", f"p50 ms, {FEW:,}", "p95 ms", f"p50 ms, {options.calls:,}", "p95 ms"]
    table = [heading]
    for name, page in many.items():
        cells = [f"{share(one, at):.1f}" for one in (few[name], page) for at in (0.5, 0.95)]
        table.append([name, str(page["queries"]), f"{page['bytes'] / 1000:.1f}", *cells])
    print()
    print_table(table, right=True)
    lists = [name for name in many if not name.startswith(OTHERS)]
    slowest = max(lists, key=lambda name: share(many[name], 0.95))
    reports = max((name for name in many if name.startswith("reports")), key=lambda name: share(many[name], 0.95))
    grown = {name: share(many[name], 0.5) / share(few[name], 0.5) for name in lists if name in few}
    most_grown, largest = max(grown, key=lambda name: grown[name]), max(many, key=lambda name: many[name]["bytes"])
    report.add(
        Line("p95 of the slowest list", [share(many[slowest], 0.95)], " ms", at_most(150, " ms"), note=slowest),
        Line("most queries of a list", [max(many[name]["queries"] for name in lists)], "", at_most(MOST_QUERIES, "")),
        Line("a poll with nothing new", [share(many["poll, nothing new"], 0.95)], " ms", at_most(10, " ms")),
        Line("its queries", [many["poll, nothing new"]["queries"]], "", at_most(1, "")),
        Line("p95 of a call's page", [share(many["call page"], 0.95)], " ms", at_most(100, " ms")),
        Line("p95 of the slowest reports", [share(many[reports], 0.95)], " ms", at_most(300, " ms"), note=reports),
        Line(
            "bytes of the largest page, compressed", [many[largest]["bytes"]], "", at_most(MOST_BYTES, ""), note=largest
        ),
        Line(
            f"the list on {options.calls:,} calls, against {FEW:,}",
            [grown["list"]],
            "×",
            at_most(1.5),
        ),
        Line("the list that grows most, likewise", [grown[most_grown]], "×", at_most(1.5), note=most_grown),
    )


def share(page: Mapping[str, Any], at: float) -> float:
    spent = sorted(page["milliseconds"])
    return float(median(spent) if at == 0.5 else spent[min(int(len(spent) * at), len(spent) - 1)])


def opened(calls: int) -> Told:
    """Make a database with so many calls, and open the pages there."""
    with new_database("pages") as url:
        environment = {**os.environ, "DATABASE_URL": url, "SECRET_KEY": SECRET, "VONAGE_SIGNATURE_SECRET": SECRET}
        environment.pop("DEBUG", None)  # as it is served

        def run(*arguments: str) -> str:
            command = [sys.executable, *arguments]
            done = subprocess.run(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True, encoding="utf-8"
            )
            return done.stdout

        run("manage.py", "migrate", "--verbosity", "0")
        print(run("manage.py", "seed_calls", "--count", str(calls), "--days", "364", "--seed", "1").strip(), flush=True)
        ask(url, "VACUUM ANALYZE")
        size = "SELECT pg_total_relation_size(%s)"
        sizes = {name: ask(url, size, f"calls_{name}")[0][0] / calls for name in ("call", "callsearch")}
        print(", ".join(f"{shown(bytes_)} bytes of {name} a call" for name, bytes_ in sizes.items()), flush=True)
        lines = run("-m", "tests.benchmarks.pages", str(TIMES)).splitlines()
        told = {page.pop("page"): page for page in map(json.loads, lines)}
        assert all(page["status"] in {200, 204} for page in told.values()), told
        return told
