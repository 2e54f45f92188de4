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
Told = dict[str, dict[str, Any]]  # by the page


def measure(options: Options, report: Report) -> None:
    few, many = (opened(calls) for calls in (FEW, options.calls))
    heading = ["", "queries", f"p50 ms, {FEW:,}", "p95 ms", f"p50 ms, {options.calls:,}", "p95 ms"]
    table = [heading]
    for name, page in many.items():
        cells = [f"{share(one, at):.1f}" for one in (few[name], page) for at in (0.5, 0.95)]
        table.append([name, str(page["queries"]), *cells])
    print()
    print_table(table, right=True)
    lists = [name for name in many if not name.startswith(("call page", "poll"))]
    slowest = max(lists, key=lambda name: share(many[name], 0.95))
    report.add(
        Line("p95 of the slowest list", [share(many[slowest], 0.95)], " ms", at_most(150, " ms"), note=slowest),
        Line("most queries of a list", [max(many[name]["queries"] for name in lists)], "", at_most(MOST_QUERIES, "")),
        Line("a poll with nothing new", [share(many["poll, nothing new"], 0.95)], " ms", at_most(10, " ms")),
        Line(
            f"the list on {options.calls:,} calls, against {FEW:,}",
            [share(many["list"], 0.5) / share(few["list"], 0.5)],
            "×",
            at_most(1.5),
        ),
    )


def share(page: Mapping[str, Any], at: float) -> float:
    spent = sorted(page["milliseconds"])
    return float(median(spent) if at == 0.5 else spent[min(int(len(spent) * at), len(spent) - 1)])


def opened(calls: int) -> Told:
    """Make a database with so many calls, and open the pages there."""
    with new_database("pages") as url:
        environment = {**os.environ, "DATABASE_URL": url, "SECRET_KEY": "of the benchmark", "DEBUG": "1"}
        environment["VONAGE_SIGNATURE_SECRET"] = environment["SECRET_KEY"]

        def run(*arguments: str) -> str:
            command = [sys.executable, *arguments]
            done = subprocess.run(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True, encoding="utf-8"
            )
            return done.stdout

        run("manage.py", "migrate", "--verbosity", "0")
        print(run("manage.py", "seed_calls", "--count", str(calls), "--days", "150", "--seed", "1").strip(), flush=True)
        ask(url, "VACUUM ANALYZE")
        size = "SELECT pg_total_relation_size(%s)"
        sizes = {name: ask(url, size, f"calls_{name}")[0][0] / calls for name in ("call", "callsearch")}
        print(", ".join(f"{shown(bytes_)} bytes of {name} a call" for name, bytes_ in sizes.items()), flush=True)
        lines = run("-m", "tests.benchmarks.pages", str(TIMES)).splitlines()
        told = {page.pop("page"): page for page in map(json.loads, lines)}
        assert all(page["status"] in {200, 204} for page in told.values()), told
        return told
