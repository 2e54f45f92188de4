"""What ours takes: bytes per event on Postgres, memory of its processes; and SQLite with 16 writers."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from tests.benchmarks.contenders import CONTENDERS, SECRET, Running, place_of, running
from tests.benchmarks.postgres import ask
from tests.benchmarks.rounds import Options
from tests.benchmarks.table import Line, Report, at_least, at_most, print_table, shown
from tests.load.client import closed_loop
from tests.load.traffic import answer_calls, as_time_goes, event_calls

OURS = CONTENDERS["ours"]
EVENTS = 20_000
EVENTS_IN_FULL = 200_000
CALLS_PER_SECOND = 1.0  # that begin, by what is told: about 120 people talk at any time
MOST_SECONDS = 45.0  # of the short run: with a slow server there are fewer events then
LOG = "('calls_call', 'calls_leg', 'calls_callevent', 'calls_conversation', 'calls_visit')"
SIZE = f"SELECT sum(pg_total_relation_size(relid)) FROM pg_stat_user_tables WHERE relname IN {LOG}"  # noqa: S608
PARTS_OF_SIZE = f"""
SELECT relname, pg_table_size(relid) FROM pg_stat_user_tables WHERE relname IN {LOG}
UNION ALL
SELECT relname || ', ' || indexrelname, pg_relation_size(indexrelid) FROM pg_stat_user_indexes WHERE relname IN {LOG}
ORDER BY 2 DESC
"""  # noqa: S608


def measure(options: Options, report: Report) -> None:
    """Fill a new database with events; look at memory before and after, and at the tables then."""
    events = EVENTS_IN_FULL if options.full else EVENTS
    seconds = MOST_SECONDS * (20 if options.full else 1)
    # Workers that are replaced after 50,000 requests, as shipped, would hide what grows.
    with running(OURS, options.folder / "store", arguments=("--max-requests", "0")) as one:
        closed_loop(one.port, answer_calls(20, SECRET), connections=16, seconds=5)
        closed_loop(one.port, event_calls(50, SECRET), connections=16, seconds=5, journal=one.journal)
        idle = one.server.memory()
        closed_loop(one.port, event_calls(450, SECRET), connections=32, seconds=20, journal=one.journal)
        begun = one.server.memory()
        fill(one, events, seconds)
        grown = one.server.memory()
        report_size(report, one)
        report_memory(report, idle, (grown[0] - begun[0], grown[1] - begun[1]), kept(one))
        verdict = one.judge()
        report.judged("ours, filled", verdict, verdict.faults)


def fill(one: Running, events: int, seconds: float) -> None:
    """Add so many events in the order of hours, with a VACUUM whenever the log grew by a fifth.

    That is when autovacuum comes, where events take the time that calls take: here it would look once or never.
    """
    until = time.monotonic() + seconds
    told = as_time_goes((events - kept(one)) // 4, SECRET, calls_per_second=CALLS_PER_SECOND)
    while (there := kept(one)) < events and (left := until - time.monotonic()) > 0:
        if not (some := list(islice(told, max(400, there // 5)))):
            break
        closed_loop(one.port, some, connections=32, seconds=left, journal=one.journal)
        ask(one.place.url, "VACUUM")


def report_memory(report: Report, idle: tuple[float, float], growth: tuple[float, float], events: int) -> None:
    """What counts is the sum of what is resident. PSS counts shared pages once."""
    note = f"PSS {idle[1]:.0f} MB"
    report.add(Line("memory of master and 2 workers, idle", [idle[0]], " MB", at_most(250, " MB"), note=note))
    note = f"PSS {growth[1]:+.1f} MB"
    report.add(Line(f"its growth after {events:,} events", [growth[0]], " MB", at_most(20, " MB"), note=note))


def kept(one: Running) -> int:
    return int(ask(one.place.url, "SELECT count(*) FROM calls_callevent WHERE door = 'event'")[0][0])


def report_size(report: Report, one: Running) -> None:
    ask(one.place.url, "VACUUM ANALYZE")
    [(total,)] = ask(one.place.url, SIZE)
    [(count,)] = ask(one.place.url, "SELECT count(*) FROM calls_callevent")
    print(f"\nBytes per event, of {count:,} events and their calls")
    print_table([(name, shown(int(size) / count)) for name, size in ask(one.place.url, PARTS_OF_SIZE)], right=True)
    report.add(Line("bytes per event on Postgres", [int(total) / count], "", at_most(750, ""), at_most(650, "")))


def measure_sqlite(options: Options, report: Report) -> None:
    """Sixteen connections on the database of a small office."""
    with on_sqlite(options.folder / "sqlite") as one:
        closed_loop(one.port, event_calls(50, SECRET), connections=16, seconds=5, journal=one.journal)
        rates, locked, refused = [], 0, 0
        for _ in range(min(options.rounds, 3)):
            calls = list(event_calls(2_000, SECRET))
            outcome = closed_loop(one.port, calls, connections=16, seconds=options.seconds, journal=one.journal)
            rates.append(outcome.rate)
            refused += outcome.failed
            p99 = outcome.latency(0.99) * 1000
            print(f"SQLite, 16 writers: {outcome.rate:.0f} events/s, p99 {p99:.0f} ms", flush=True)
        locked = one.server.log.read_text(errors="replace").count("locked")
        report.add(
            Line("SQLite, 16 writers: events a second", rates, "/s", at_least(120, "/s")),
            Line("SQLite, 16 writers: “locked” or refused", [locked + refused], "", at_most(0, "")),
        )
        verdict = one.judge()
        report.judged("ours on SQLite", verdict, verdict.faults)


@contextmanager
def on_sqlite(folder: Path) -> Iterator[Running]:
    folder.mkdir(parents=True)
    url = f"sqlite:///{folder}/callserver.sqlite3"
    OURS.prepare(place_of(OURS, folder, url))
    with running(OURS, folder / "run", url=url) as one:
        yield one
