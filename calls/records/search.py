"""What calls are found by: their rows in CallSearch, made from legs and events once these are there."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from calls.models import Call, CallEvent, CallSearch, Kind, Leg
from calls.records.follow import follow
from calls.records.moments import keys_of
from calls.records.tables import on_postgres
from calls.vonage.events import text_of

CALLS_AT_ONCE = 500
LONGEST = 2_000  # characters of a call's text
LONGEST_SAID = 500  # of one thing said
MOST_SAID = 20


def catch_up(seconds: float) -> bool:
    """Write what is found of calls that something was told of since the last time. True: there is more."""
    return follow("search", seconds, _see)


def _see(after: int, upto: int) -> None:
    events = CallEvent.objects.filter(pk__gt=after, pk__lte=upto, call__isnull=False)
    calls = sorted(set(events.order_by().values_list("call_id", flat=True)))
    for at in range(0, len(calls), CALLS_AT_ONCE):
        write([call for call in calls[at : at + CALLS_AT_ONCE] if call])


def write(calls: Collection[int]) -> None:
    """Write the rows of these calls anew; one that says what it said is not touched."""
    texts = texts_of(calls)
    before = dict(CallSearch.objects.filter(call__in=texts).values_list("call_id", "text"))
    there = set(Call.objects.filter(pk__in=texts).values_list("pk", flat=True))  # a call may be deleted meanwhile
    rows = [CallSearch(call_id=pk, text=text) for pk, text in texts.items() if pk in there and before.get(pk) != text]
    CallSearch.objects.bulk_create(rows, update_conflicts=True, unique_fields=["call"], update_fields=["text"])


def texts_of(calls: Collection[int]) -> dict[int, str]:
    """Give what each of these calls is found by. Two queries."""
    found: dict[int, list[str]] = defaultdict(list)
    legs = Leg.objects.filter(call__in=calls).oldest_first()
    for call, *parties in legs.values_list("call_id", "from_number", "to_number"):
        found[call or 0] += parties
    events = CallEvent.objects.filter(call__in=calls, kind__in=[Kind.INPUT, Kind.TRANSCRIPTION])
    for call, payload in events.oldest_first().values_list("call_id", "payload"):
        found[call or 0] += said_in(payload)
    return {call: text_from(parts) for call, parts in found.items()}


def text_from(parts: Collection[str]) -> str:
    """Make one text of the parts, each once: a part on a line, so that nothing is found across two of them."""
    clean = (" ".join(part.replace("\0", " ").split()).lower() for part in parts)
    return "\n".join(dict.fromkeys(part for part in clean if part))[:LONGEST]


def said_in(payload: Any) -> Iterator[str]:
    """Give what a caller pressed and said, as an event tells it."""
    if not isinstance(payload, dict):
        return
    yield keys_of(payload)
    speech = payload.get("speech")
    results = speech.get("results") if isinstance(speech, dict) else None
    for result in (results if isinstance(results, list) else [])[:MOST_SAID]:
        if isinstance(result, dict):
            yield text_of(result.get("text"), LONGEST_SAID)


def has_trigrams() -> bool:
    """Whether any part of a text is found through an index."""
    return on_postgres()
