"""Copies of a model call: its rows as the call log made them, with other names and other times.

Nothing here knows what the columns mean. The models' events are folded by the call log itself, in a transaction that is
taken back; in the rows that this made each key, name and time becomes a place to be filled. So a copy is what folding
its own events would give, whatever the columns are. Where a message is, people decide: see `messages.py`.
"""

import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models, transaction

from calls.control import voicemail
from calls.management.seeding import shapes
from calls.management.seeding.messages import PLACED_BY_PEOPLE, placed_by_people
from calls.management.seeding.when import spelt
from calls.models import (
    Call,
    CallEvent,
    CallSearch,
    Conversation,
    Counted,
    Kind,
    Leg,
    Recording,
    RecordingState,
    Voicemail,
)
from calls.models.recordings import NO_SOUND
from calls.records import search
from calls.records.batch import write_batch
from calls.records.counting import counts_of
from calls.records.heads import heads
from calls.records.quarters import SECONDS
from calls.vonage.events import DELIVERIES, Event, canonical_text, digest_of, millisecond_of

# In the order in which they refer to each other.
TABLES: tuple[type[models.Model], ...] = (
    Call, Leg, Conversation, CallEvent, CallSearch, Recording, Voicemail, Counted,
)  # fmt: skip
TIMES = re.compile(r"2026-03-02T1\d:\d\d:\d\d")  # of a model, in a payload
ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})  # in COPY's text format
NULL = "\\N"
PLACED = {CallEvent: {"digest"}, Counted: {"quarter"}, Voicemail: PLACED_BY_PEOPLE}


@dataclass(frozen=True)
class Told:
    """What the digest of an event is made of."""

    text: str  # "" where it is made by chance
    after: int | None  # milliseconds after the start, by Vonage's clock; None where it tells no time


@dataclass(frozen=True)
class Pattern:
    """A model call whose rows can be filled."""

    weight: float
    lasts: timedelta
    texts: Mapping[str, str]  # the rows of each table, in COPY's text format, with places
    keys: Sequence[str]  # the tables of the rows that have keys, in order: each place "key<n>"
    told: Sequence[Told]
    offsets: Sequence[int]  # seconds after the start of which the time is written: each place "at<n>"
    with_blank: Sequence[int]  # those that SQLite wants as Django writes them: each place "on<n>"

    def fill(
        self, names: Mapping[str, str], start: datetime, until: datetime, keys: Sequence[int], chance: random.Random
    ) -> Iterator[tuple[str, str]]:
        """Give the rows of a copy that began at `start` and is looked at in `until`, by table."""
        second = int(start.timestamp())
        values: dict[str, object] = {**names, "quarter": second // SECONDS}
        for number, key in enumerate(keys):
            values[f"key{number}"] = key
        for offset in self.offsets:
            values[f"at{offset}"] = spelt(second + offset)
        for offset in self.with_blank:
            values[f"on{offset}"] = spelt(second + offset).replace("T", " ")
        for number, told in enumerate(self.told):
            at = 0 if told.after is None else second * 1_000 + told.after
            digest = digest_of(told.text % values, at) if told.text else chance.randbytes(16)
            values[f"digest{number}"] = digest.hex()
        if Voicemail._meta.db_table in self.texts:
            values |= placed_by_people(start + self.lasts, until, chance)
        for table, text in self.texts.items():
            yield table, text % values


def patterns(chance: random.Random) -> list[Pattern]:
    """Let the call log read the models, and make patterns of what it made.

    Leaves nothing in the database but the heads that all copies name: a few, and the same each time.
    """
    made = list(shapes.models(chance))
    with transaction.atomic():
        write_batch([event for model in made for event in model.events])
        rows = _rows_of(made)
        transaction.set_rollback(True)
    heads.clear()  # what it has just kept was taken back
    heads.keep(event for model in made for event in model.events)
    return [_Maker(model).pattern(rows[model.room]) for model in made]


def columns_of(table: type[models.Model]) -> list[str]:
    return [str(field.column) for field in table._meta.concrete_fields]


def _rows_of(made: Sequence[shapes.Model]) -> dict[str, list[models.Model]]:
    """Read what the call log made of each model, and let those who follow it make what they would."""
    calls = {call.pk: call for call in Call.objects.filter(origin_uuid__in=[model.room for model in made])}
    search.write(list(calls))
    events = list(CallEvent.objects.filter(call__in=calls).order_by("received_at", "pk"))
    Recording.objects.bulk_create(_without_sound(event) for event in events if event.kind == Kind.RECORD)
    keys = [event.pk for event in events]
    voicemail.make(min(keys) - 1, max(keys))
    found: tuple[tuple[Iterable[Any], Callable[[Any], int]], ...] = (
        (list(calls.values()), lambda row: row.pk),
        (Leg.objects.filter(call__in=calls).order_by("uuid"), lambda row: row.call_id),
        (Conversation.objects.filter(call__in=calls), lambda row: row.call_id),
        (events, lambda row: row.call_id),
        (CallSearch.objects.filter(call__in=calls), lambda row: row.call_id),
        (Recording.objects.filter(event__call__in=calls).select_related("event"), lambda row: row.event.call_id),
        (Voicemail.objects.filter(recording__event__call__in=calls).told(), lambda row: row.call.pk),
        (list(counts_of(calls, {})), lambda row: row.call),
    )
    rows: dict[str, list[models.Model]] = defaultdict(list)
    for some, call_of in found:
        for row in some:
            rows[calls[call_of(row)].origin_uuid].append(row)
    return rows


def _without_sound(event: CallEvent) -> Recording:
    """Nobody is to look for it, and whoever lists recordings has something to list."""
    payload = event.payload
    return Recording(
        event=event,
        url=payload["recording_url"],
        recording_uuid=payload["recording_uuid"],
        started_at=datetime.fromisoformat(payload["start_time"]),
        ended_at=datetime.fromisoformat(payload["end_time"]),
        next_at=event.received_at,
        state=RecordingState.FAILED,
        problem=NO_SOUND,
    )


class _Maker:
    """Makes a pattern of a model's rows."""

    def __init__(self, model: shapes.Model) -> None:
        self.model = model
        self.names = {shapes.CALLER: "caller", shapes.OURS: "ours", shapes.PERSON: "person", model.room: "room"}
        self.names |= {model.legs[0]: "leg0", model.legs[1]: "leg1", model.file: "file"}
        self.named = re.compile("|".join(self.names))
        self.keys: dict[tuple[Any, Any], int] = {}
        self.offsets: set[int] = set()
        self.with_blank: set[int] = set()
        self.told: list[Told] = []

    def pattern(self, rows: Sequence[models.Model]) -> Pattern:
        for row in rows:
            if row._meta.pk and not row._meta.pk.is_relation and not isinstance(row, Counted):
                self.keys[type(row), row.pk] = len(self.keys)
        texts: dict[str, str] = defaultdict(str)
        for row in rows:
            texts[row._meta.db_table] += self._line(row)
        tables = [table._meta.db_table for table, _ in self.keys]
        lasts = timedelta(seconds=self.model.lasts + 2)
        offsets = sorted(self.offsets), sorted(self.with_blank)
        return Pattern(self.model.weight, lasts, dict(texts), tables, self.told, *offsets)

    def _line(self, row: models.Model) -> str:
        cells = [self._cell(row, field, getattr(row, field.attname)) for field in row._meta.concrete_fields]
        return "\t".join(cells) + "\n"

    def _cell(self, row: models.Model, field: "models.Field[Any, Any]", value: Any) -> str:
        if field.name == "digest" and isinstance(row, CallEvent):
            return self._digest(row)
        if field.name in PLACED.get(type(row), ()):
            return f"%({field.name})s"
        if value is None:
            return NULL
        target = field.related_model if field.is_relation else type(row) if field.primary_key else None
        place = self.keys.get((Call if target is Counted else target, value)) if target else None
        if place is not None:
            return f"%(key{place})s"
        if isinstance(value, datetime):
            return self._moment(value)
        return self._placed(_as_text(field, value).translate(ESCAPED))

    def _digest(self, event: CallEvent) -> str:
        again = Event(payload=event.payload, received_at=event.received_at, door=event.door)
        text = self._placed(canonical_text(again)) if event.door in DELIVERIES else ""
        after = millisecond_of(again.told_time) - millisecond_of(shapes.BEGIN) if again.told_time else None
        self.told.append(Told(text, after))
        return f"%(digest{len(self.told) - 1})s"

    def _moment(self, moment: datetime) -> str:
        """A time as the database takes it, in UTC. SQLite compares texts: it gets them as Django writes them."""
        seconds, rest = divmod((moment - shapes.BEGIN) // timedelta(microseconds=1), 1_000_000)
        fraction = f".{rest:06}" if rest else ""
        if connection.vendor == "postgresql":
            self.offsets.add(seconds)
            return f"%(at{seconds})s{fraction}Z"
        self.with_blank.add(seconds)
        return f"%(on{seconds})s{fraction}"

    def _placed(self, text: str) -> str:
        """Put places where names and times of the model stand."""
        text = self.named.sub(lambda found: f"%({self.names[found[0]]})s", text.replace("%", "%%"))

        def place(found: re.Match[str]) -> str:
            seconds = (datetime.fromisoformat(f"{found[0]}Z") - shapes.BEGIN) // timedelta(seconds=1)
            self.offsets.add(seconds)
            return f"%(at{seconds})s"

        return TIMES.sub(place, text)


def _as_text(field: "models.Field[Any, Any]", value: Any) -> str:
    if isinstance(field, models.JSONField):
        return json.dumps(value)
    if isinstance(field, models.BinaryField):
        return f"\\x{bytes(value).hex()}"
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:f}" if isinstance(field, models.DecimalField) else str(value)
