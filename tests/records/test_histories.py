"""Whatever a history is, in whatever order and how often it comes: the rows are those of the plain reading of it."""

import os
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls.models import Call, CallEvent, Conversation, Leg
from calls.records.batch import write_batch
from tests.records.histories import Tale, deliveries, histories, meet, ring
from tests.records.plain_fold import Row, Rows, key_of, read_plainly

EXAMPLES = 40  # of each tale, in each part
PARTS = 25 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 1
CALL_COLUMNS = (
    "conversation_uuid",
    "direction",
    "from_number",
    "to_number",
    "outcome",
    "started_at",
    "answered_at",
    "ended_at",
    "duration_seconds",
    "price_eur",
)
LEG_COLUMNS = (
    "uuid",
    "born_in",
    "conversation_uuid",
    "direction",
    "from_number",
    "to_number",
    "status",
    "detail",
    "sip_code",
    "disconnected_by",
    "machine",
    "started_at",
    "answered_at",
    "ended_at",
    "duration_seconds",
    "rate_eur",
    "price_eur",
    "network",
)


def stored() -> Rows:
    """Read all that stands in the tables, with names in place of keys."""
    legs = Leg.objects.select_related("call")
    events = CallEvent.objects.select_related("call", "leg")
    found = Conversation.objects.select_related("call").exclude(call=None)
    return Rows(
        calls={call.origin_uuid: columns(call, CALL_COLUMNS) for call in Call.objects.all()},
        legs={leg.uuid: columns(leg, LEG_COLUMNS) for leg in legs},
        events={
            key_of(event.door, event.payload, event.received_at): {
                "call": event.call and event.call.origin_uuid,
                "leg": event.leg and event.leg.uuid,
                "kind": event.kind,
                "status": event.status,
                "occurred_at": event.occurred_at,
                "times_received": event.times_received,
            }
            for event in events
        },
        conversations={row.uuid: row.call.origin_uuid for row in found if row.call} | births(),
    )


def births() -> dict[str, str]:
    """A conversation that a call was born in names it."""
    origins = Call.objects.exclude(origin_uuid__startswith="leg:").values_list("origin_uuid", flat=True)
    return {uuid: uuid for uuid in origins}


def columns(row: Any, names: tuple[str, ...]) -> Row:
    return {name: getattr(row, name) for name in names}


@pytest.mark.django_db
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("tale", [ring, meet])
@settings(
    max_examples=EXAMPLES,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_order_and_any_repeats_end_in_the_same_rows(tale: Tale, part: int, data: st.DataObject) -> None:
    history = data.draw(histories(tale))
    batches = data.draw(deliveries(history))
    with transaction.atomic():
        for batch in batches:
            write_batch(batch)
        rows, expected = stored(), read_plainly([event for batch in batches for event in batch])
        transaction.set_rollback(True)
    assert rows.legs == expected.legs
    assert rows.calls == expected.calls
    assert rows.conversations == expected.conversations
    assert rows.events == expected.events
