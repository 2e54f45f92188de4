"""Whether the call log holds what it acknowledged: nothing lost, invented or doubled, and every call true.

As a program it judges the database of DATABASE_URL: `python -m tests.load.oracle JOURNAL …` prints the verdict, and
exits with 1 where anything is wrong. It compares with a reading of its own (tests/records/plain_fold.py).
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.load.journal import Account, read_journals
from tests.load.traffic import Payload, identity_of

SHOWN = 5  # examples of each fault
CALLS_AT_ONCE = 500


@dataclass
class Verdict:
    """What is wrong, by identities of events and of calls; empty lists where all is well."""

    events: int = 0  # how many are stored
    calls: int = 0  # how many calls were compared with the plain reading
    lost: list[str] = field(default_factory=list)  # acknowledged, and not stored
    invented: list[str] = field(default_factory=list)  # stored, and never sent so
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # calls that differ from the reading of their events

    @property
    def faults(self) -> dict[str, list[str]]:
        named = {"lost": self.lost, "invented": self.invented, "doubled": self.doubled, "wrong": self.wrong}
        return {name: found for name, found in named.items() if found}

    def __str__(self) -> str:
        """Say it in a line: "20000 events stored exactly once, 5000 calls true"."""
        if not self.faults:
            calls = f", {self.calls} calls true" if self.calls else ""
            return f"{self.events} events stored exactly once{calls}"
        return "; ".join(f"{len(found)} {name}: {', '.join(found[:SHOWN])}" for name, found in self.faults.items())


def judge_events(account: Account, payloads: Iterable[Payload]) -> Verdict:
    """Compare what was sent and acknowledged with the payloads of all stored events, in whatever database."""
    stored = Counter(identity_of(payload) for payload in payloads)
    return Verdict(
        events=stored.total(),
        lost=sorted(account.acknowledged - stored.keys()),
        invented=sorted(stored.keys() - account.sent),
        doubled=sorted(identity for identity, times in stored.items() if times > 1),
    )


def judge(account: Account, most_calls: int | None = None) -> Verdict:
    """Judge the call log of Django's default database. Our own acts and answers count for calls alone.

    All events are compared; of the calls so many, from all over the table, or all.
    """
    from calls.models import CallEvent

    payloads = CallEvent.objects.filter(door="event").values_list("payload", flat=True).iterator()
    verdict = judge_events(account, payloads)
    verdict.calls, verdict.wrong = judge_calls(most_calls)
    return verdict


def judge_calls(most: int | None = None) -> tuple[int, list[str]]:
    """Read the events of calls plainly; give how many calls these are, and which rows say something else."""
    from calls.models import Call, CallEvent

    count, wrong = 0, []
    calls = Call.objects.order_by("?")[:most] if most else Call.objects.order_by("pk")
    calls = calls.prefetch_related("legs", "events", "events__leg")
    for call in calls.iterator(chunk_size=CALLS_AT_ONCE):
        count += 1
        if reason := difference(call):
            wrong.append(f"{call.origin_uuid} ({reason})")
    for event in CallEvent.objects.filter(call=None).order_by("pk"):
        if event.payload.get("uuid"):
            wrong.append(f"{event.payload['uuid']} (its event {event.pk} has no call)")
    return count, wrong


def difference(call: Any) -> str:
    """Say where the rows of a call differ from the plain reading of its events; "" where they don't."""
    from calls.vonage.events import Event
    from tests.records.plain_fold import key_of, read_plainly

    events = {key_of(row.door, row.payload, row.received_at): row for row in call.events.all()}
    told = [Event(door=row.door, payload=row.payload, received_at=row.received_at) for row in events.values()]
    expected = read_plainly(told)
    if set(expected.calls) != {call.origin_uuid}:
        return f"its events make {len(expected.calls)} calls"
    legs = {leg.uuid: leg for leg in call.legs.all()}
    if legs.keys() != expected.legs.keys():
        return "its legs are others"
    compared = [(call, expected.calls[call.origin_uuid])]
    compared += [(leg, expected.legs[uuid]) for uuid, leg in legs.items()]
    for row, reading in compared:
        for column, value in reading.items():
            if getattr(row, column) != value:
                return f"{column} is {getattr(row, column)!r}, not {value!r}"
    for key, row in events.items():
        if (row.leg and row.leg.uuid) != expected.events[key]["leg"]:
            return f"event {row.pk} stands at another leg"
    return ""


def main(arguments: list[str]) -> int:
    """Judge, and print the verdict: a line for people, or JSON for programs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("journals", nargs="+", type=Path)
    parser.add_argument("--calls", type=int, metavar="N", help="compare N calls at most, instead of all")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    import django

    django.setup()
    verdict = judge(read_journals(*options.journals), options.calls)
    sys.stdout.write(f"{json.dumps(asdict(verdict)) if options.json else verdict}\n")
    return 1 if verdict.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
