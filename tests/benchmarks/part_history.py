"""Five million events that are there already: how fast further ones are kept, against a log of ten thousand.

The tables are filled by SQL from some calls that came in by the door, with other identities and earlier times,
whatever their columns are.
"""

import time
from functools import partial

from tests.benchmarks.contenders import CONTENDERS, SECRET, Running, running
from tests.benchmarks.part_events import new_load
from tests.benchmarks.postgres import ask
from tests.benchmarks.rounds import Load, Options, Turn, print_turns, rate, take_turns
from tests.benchmarks.table import Line, Report, at_least
from tests.load.client import closed_loop
from tests.load.traffic import event_calls

FEW = 10_000
MODEL_CALLS = 250
MODEL_EVENTS = 4 * MODEL_CALLS
COPIES_AT_ONCE = 500
TABLES = ("calls_call", "calls_conversation", "calls_leg", "calls_callevent")
KEYS = ("id", "call_id", "leg_id", "conversation_id")
IDENTITIES = ("uuid", "origin_uuid", "conversation_uuid")
COLUMNS = """
SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s
"""


def measure(options: Options, report: Report) -> None:
    ours = CONTENDERS["ours"]
    folder = options.folder / "history"
    with running(ours, folder / "few") as few, running(ours, folder / "many") as many:
        first = {one.server.port: fill(one, events) for one, events in ((few, FEW), (many, options.stored))}
        fastest = [800.0]
        turns: dict[str, list[Turn]] = {"few": [], "many": []}
        for _ in range(options.rounds):  # both have the name "ours", so each takes its turn by itself
            load = new_load(32, options.seconds, fastest)
            for name, one in (("few", few), ("many", many)):
                turns[name] += take_turns([one], 1, partial(same, load))["ours"]
        print_turns(f"Events, 32 connections, on {FEW:,} and {options.stored:,} stored events", turns)
        figures = [rate(much) / rate(little) for little, much in zip(turns["few"], turns["many"], strict=True)]
        what = f"events with {options.stored:,} stored, against {FEW:,}"
        report.add(Line(what, figures, "×", at_least(0.85)))
        for name, one in (("few", few), ("many", many)):
            # What was copied is nobody's delivery.
            new = f"SELECT payload FROM calls_callevent WHERE id > {first[one.server.port]}"  # noqa: S608
            verdict = one.judge(new)
            report.judged(f"ours on {name}", verdict, verdict.faults)


def same(load: Load) -> Load:
    return load


def fill(one: Running, events: int) -> int:
    """Make so many events out of those of a few calls; give the last id."""
    begun = time.monotonic()
    closed_loop(one.port, event_calls(MODEL_CALLS, SECRET), connections=8, seconds=60)
    url, copies = one.place.url, events // MODEL_EVENTS - 1
    for at in range(0, copies, COPIES_AT_ONCE):
        for table in TABLES:
            ask(url, copy_of(url, table, at + 1, min(at + COPIES_AT_ONCE, copies), copies))
    for table in TABLES:
        ask(url, f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")  # noqa: S608
    ask(url, "VACUUM ANALYZE")
    [(count, last)] = ask(url, "SELECT count(*), max(id) FROM calls_callevent")
    print(f"Filled with {count:,} events in {time.monotonic() - begun:.0f} s", flush=True)
    return int(last)


def copy_of(url: str, table: str, first: int, last: int, copies: int) -> str:
    """Write the statement that copies the model rows of a table some times, each copy under other names."""
    columns, values = [], []
    for name, kind in ask(url, COLUMNS, table):
        columns.append(f'"{name}"')
        if name in KEYS:
            values.append(f'"{name}" + n * 1000000::bigint')
        elif name in IDENTITIES:
            values.append(
                f"CASE \"{name}\" WHEN '' THEN '' ELSE overlay(\"{name}\" placing lpad(n::text, 8, '0') from 5) END"
            )
        elif kind == "uuid":
            values.append(f'md5("{name}"::text || n)::uuid')
        elif kind == "timestamp with time zone":
            values.append(f"\"{name}\" - ({copies} + 1 - n) * interval '10 minutes'")
        else:
            values.append(f'"{name}"')
    copied = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"
    return f"{copied} FROM {table}, generate_series({first}, {last}) AS n WHERE id < 1000000 ORDER BY n, id"
