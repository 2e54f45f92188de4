"""The pages people open, on ten thousand calls and on a million: how long they take, how many queries, what is seen."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.benchmarks.browsing import SIZES, Seen, see
from tests.benchmarks.pages import SWEEP
from tests.benchmarks.postgres import ask, new_database
from tests.benchmarks.processes import ROOT
from tests.benchmarks.rounds import Options
from tests.benchmarks.table import Line, Report, at_most, print_table, shown

FEW = 10_000
TIMES, TURNS = 30, 3
MOST_QUERIES = 12
MOST_BYTES = 100_000
MOST_SHIFT = 0.01  # 0.1 is called good
SECRET = "of the benchmark alone and longer than any that is guessed"
OTHERS = ("call page", "poll", "reports", "home", "inbox")  # all else is a list
Told = dict[str, dict[str, Any]]  # by the page


def measure(options: Options, report: Report) -> None:
    with seeded(FEW) as small, seeded(options.calls) as log:
        few, many = opened(small, log)
        report_times(options, report, few, many)
        report_sweep(report, swept(log))
        if seen := see(log.url, options.folder / "pages"):
            report_seen(report, seen)


def report_times(options: Options, report: Report, few: Told, many: Told) -> None:
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
            "bytes of the largest page alone, compressed",
            [many[largest]["bytes"]],
            "",
            at_most(MOST_BYTES, ""),
            note=largest,
        ),
        Line(
            f"the list on {options.calls:,} calls, against {FEW:,}",
            [grown["list"]],
            "×",
            at_most(1.5),
        ),
        Line("the list that grows most, likewise", [grown[most_grown]], "×", at_most(1.5), note=most_grown),
    )


def report_sweep(report: Report, told: Mapping[str, Any]) -> None:
    """Any filter and search, with any other: how long the slowest of them takes."""
    spent, where = told["milliseconds"], told["slowest"]
    note = f"of {len(spent)}, their median {median(spent):.0f} ms: {where}"
    report.add(Line("the slowest of all lists, in the median", [spent[-1]], " ms", at_most(150, " ms"), note=note))


def report_seen(report: Report, seen: Mapping[str, Seen]) -> None:
    """What the browser told of each page, and the worst of each kind."""
    table = [["", "kB in all", "paint p50 ms", "most", "slow p50 ms", "most", *(f"shift, {size}" for size in SIZES)]]
    for name, page in seen.items():
        times = [f"{tell(spent):.0f}" for spent in (page.painted, page.painted_slow) for tell in (median, max)]
        shifts = [f"{page.shifts[size]:.4f}" for size in SIZES]
        table.append([name, f"{page.bytes / 1000:.1f}", *times, *shifts])
    print()
    print_table(table, right=True)
    latest = max(seen, key=lambda name: median(seen[name].painted))
    heaviest = max(seen, key=lambda name: seen[name].bytes)
    loosest = max(seen, key=lambda name: max(seen[name].shifts.values()))
    report.add(
        Line("bytes of a page with all its files", [seen[heaviest].bytes], "", at_most(MOST_BYTES, ""), note=heaviest),
        Line("first paint, nothing in the cache", seen[latest].painted, " ms", at_most(1_000, " ms"), note=latest),
        Line(
            "layout shift, news included", [max(seen[loosest].shifts.values())], "", at_most(MOST_SHIFT, ""),
            note=loosest,
        ),
    )  # fmt: skip


def share(page: Mapping[str, Any], at: float) -> float:
    spent = sorted(page["milliseconds"])
    return float(median(spent) if at == 0.5 else spent[min(int(len(spent) * at), len(spent) - 1)])


@dataclass(frozen=True)
class Log:
    """A database with calls, and programs that run on it."""

    url: str

    def run(self, *arguments: str) -> str:
        """Run a program to its end, and give what it said."""
        with self.start(*arguments) as program:
            said, _ = program.communicate()
        assert program.returncode == 0, arguments
        return said

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        environment = {**os.environ, "DATABASE_URL": self.url, "SECRET_KEY": SECRET, "VONAGE_SIGNATURE_SECRET": SECRET}
        environment.pop("DEBUG", None)  # as it is served
        command, pipe = [sys.executable, *arguments], subprocess.PIPE
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, encoding="utf-8")


@contextmanager
def seeded(calls: int) -> Iterator[Log]:
    """Make a database with so many calls, and drop it in the end."""
    with new_database("pages") as url:
        log = Log(url)
        log.run("manage.py", "migrate", "--verbosity", "0")
        seed = ("manage.py", "seed_calls", "--count", str(calls), "--days", "364", "--seed", "1")
        print(log.run(*seed).strip(), flush=True)
        ask(url, "VACUUM ANALYZE")
        size = "SELECT pg_total_relation_size(%s)"
        sizes = {name: ask(url, size, f"calls_{name}")[0][0] / calls for name in ("call", "callsearch")}
        print(", ".join(f"{shown(bytes_)} bytes of {name} a call" for name, bytes_ in sizes.items()), flush=True)
        yield log


def opened(*logs: Log) -> list[Told]:
    """Open all pages of each log. They take turns, since the machine's own speed goes up and down."""
    told: list[Told] = [{} for _ in logs]
    with ExitStack() as stack:
        browsers = [stack.enter_context(log.start("-m", "tests.benchmarks.pages", str(TIMES // TURNS))) for log in logs]
        for name in ask_browser(browsers[0], ""):
            for _ in range(TURNS):
                for browser, pages in zip(browsers, told, strict=True):
                    page = ask_browser(browser, name)
                    assert page["status"] in {200, 204}, (name, page)
                    before = pages.get(name, {}).get("milliseconds", [])
                    pages[name] = page | {"milliseconds": [*before, *page["milliseconds"]]}
        for browser in browsers:
            browser.stdin.close()  # type: ignore[union-attr]
    return told


def swept(log: Log) -> Any:
    """Open a list for each combination of filters."""
    with log.start("-m", "tests.benchmarks.pages", "1") as browser:
        told = ask_browser(browser, SWEEP)
        browser.stdin.close()  # type: ignore[union-attr]
    return told


def ask_browser(browser: "subprocess.Popen[str]", name: str) -> Any:
    assert browser.stdin
    assert browser.stdout
    browser.stdin.write(f"{name}\n")
    browser.stdin.flush()
    return json.loads(browser.stdout.readline())
