"""Copies of a model call: its rows as the call log made them, with other names and other times.

Nothing here knows what the columns mean. A model's events are folded by the call log itself, in a transaction that is
taken back; in the rows that this made each key, name and time becomes a place to be filled. So a copy is what folding
its own events would give, whatever the columns are.
"""

import hashlib
import json
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, models, transaction

from calls.management.seeding import shapes
from calls.models import Call, CallEvent, CallSearch, Conversation, Leg, Recording, RecordingState
from calls.records import search
from calls.records.batch import write_batch
from calls.vonage.events import DELIVERIES, Event, canonical_text

# In the order in which they refer to each other.
TABLES: tuple[type[models.Model], ...] = (Call, Leg, Conversation, CallEvent, CallSearch, Recording)
NAMES = {
    shapes.CALLER: "caller",
    shapes.OURS: "ours",
    shapes.PERSON: "person",
    shapes.LEGS[0]: "leg0",
    shapes.LEGS[1]: "leg1",
    shapes.ROOM: "room",
    shapes.FILE: "file",
}
PLACES = re.compile("|".join(NAMES))
TIMES = re.compile(r"2026-03-02T1\d:\d\d:\d\d")  # of a model, in a payload
NO_SOUND = "There is no sound: the call was made by seed_calls."
ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})  # in COPY's text format
DIGEST = "digest"


@dataclass(frozen=True)
class Line:
    """A row with places to be filled. Keys of its table are set aside one for each row."""

    table: str
    text: str
    told: str = ""  # the event's content as its digest is made of it; "" where the digest is made by chance
    has_digest: bool = False


@dataclass(frozen=True)
class Pattern:
    """A model call whose rows can be filled."""

    weight: float
    lasts: timedelta
    lines: list[Line]
    keys: list[str]  # the tables of the rows that have keys, in order: each place "key<n>"
    offsets: list[int]  # seconds after the start of which the time is written

    def fill(
        self, names: dict[str, str], start: datetime, keys: Iterable[int], chance: random.Random
    ) -> Iterator[tuple[str, str]]:
        """Give the rows of a copy, each with its table, in COPY's text format."""
        values: dict[str, object] = {**names, **{f"key{number}": key for number, key in enumerate(keys)}}
        for offset in self.offsets:
            moment = (start + timedelta(seconds=offset)).isoformat()[:19]
            values[f"iso{offset}"], values[f"at{offset}"] = moment, moment.replace("T", " ")
        for line in self.lines:
            if line.has_digest:
                values[DIGEST] = (
                    hashlib.sha256((line.told % values).encode()).hexdigest()[:32]
                    if line.told
                    else f"{chance.getrandbits(128):032x}"
                )
            yield line.table, line.text % values


def patterns(chance: random.Random) -> list[Pattern]:
    """Let the call log read the models, and make patterns of what it made. Leaves nothing in the database."""
    made = []
    with transaction.atomic():
        for model in shapes.models(chance):
            with transaction.atomic():
                write_batch(model.events)
                made.append(_pattern(model))
                transaction.set_rollback(True)
    return made


def columns_of(table: type[models.Model]) -> list[str]:
    return [str(field.column) for field in table._meta.concrete_fields]


def _pattern(model: shapes.Model) -> Pattern:
    call = Call.objects.of_leg(shapes.LEGS[0]).get()
    search.write([call.pk])
    events = list(CallEvent.objects.filter(call=call).order_by("received_at", "pk"))
    for event in events:
        if event.kind == "record":
            _without_sound(event)
    legs = list(Leg.objects.filter(call=call).order_by("uuid"))
    others = [*Conversation.objects.filter(call=call), *events, *CallSearch.objects.filter(call=call)]
    rows: list[models.Model] = [call, *legs, *others, *Recording.objects.filter(event__call=call)]
    keys = [(type(row), row.pk) for row in rows if row._meta.pk and not row._meta.pk.is_relation]
    offsets: set[int] = set()
    lines = [_line(row, keys, offsets) for row in rows]
    tables = [table._meta.db_table for table, _ in keys]
    return Pattern(model.weight, timedelta(seconds=model.lasts + 2), lines, tables, sorted(offsets))


def _without_sound(event: CallEvent) -> None:
    """Nobody is to look for it, and whoever lists recordings has something to list."""
    payload = event.payload
    Recording.objects.create(
        event=event,
        url=payload["recording_url"],
        recording_uuid=payload["recording_uuid"],
        started_at=datetime.fromisoformat(payload["start_time"]),
        ended_at=datetime.fromisoformat(payload["end_time"]),
        next_at=event.received_at,
        state=RecordingState.FAILED,
        problem=NO_SOUND,
    )


def _line(row: models.Model, keys: list[tuple[type[models.Model], Any]], offsets: set[int]) -> Line:
    cells = []
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        target = field.related_model if field.is_relation else type(row) if field.primary_key else None
        if field.name == DIGEST:
            cells.append(f"%({DIGEST})s")
        elif value is None:
            cells.append("\\N")
        elif target and (target, value) in keys:
            cells.append(f"%(key{keys.index((target, value))})s")
        elif isinstance(value, datetime):
            cells.append(_moment(value, offsets))
        else:
            cells.append(_places(_spelt(field, value).translate(ESCAPED), offsets))
    told = ""
    if isinstance(row, CallEvent) and row.door in DELIVERIES:
        told = _places(canonical_text(Event(payload=row.payload, received_at=row.received_at, door=row.door)), offsets)
    has_digest = any(field.name == DIGEST for field in row._meta.concrete_fields)
    return Line(row._meta.db_table, "\t".join(cells) + "\n", told, has_digest)


def _spelt(field: "models.Field[Any, Any]", value: Any) -> str:
    if isinstance(field, models.JSONField):
        return json.dumps(value)
    if isinstance(field, models.BinaryField):
        return f"\\x{bytes(value).hex()}"
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:f}" if isinstance(field, models.DecimalField) else str(value)


def _moment(moment: datetime, offsets: set[int]) -> str:
    """A time as both databases take it, in UTC. SQLite compares texts: it gets them as Django writes them."""
    seconds, rest = divmod((moment.astimezone(UTC) - shapes.BEGIN) // timedelta(microseconds=1), 1_000_000)
    offsets.add(seconds)
    fraction = f".{rest:06}" if rest else ""
    return f"%(at{seconds})s{fraction}{'+00' if connection.vendor == 'postgresql' else ''}"


def _places(text: str, offsets: set[int]) -> str:
    """Put places where names and times of the model stand."""
    text = PLACES.sub(lambda found: f"%({NAMES[found[0]]})s", text.replace("%", "%%"))

    def place(found: re.Match[str]) -> str:
        seconds = (datetime.fromisoformat(found[0]).replace(tzinfo=UTC) - shapes.BEGIN) // timedelta(seconds=1)
        offsets.add(seconds)
        return f"%(iso{seconds})s"

    return TIMES.sub(place, text)
