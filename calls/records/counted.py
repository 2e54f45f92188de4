"""What is counted of one call: read from the call, its legs and the answers that we gave. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from calls.models import Call, Counted, Ending
from calls.models.reports import MSISDN_LENGTH
from calls.records.endings import ending_of
from calls.records.quarters import quarter_of
from calls.records.spread import letter_of

TALK_EDGES = (30, 60, 120, 300, 600, 1_800)  # seconds; who changes them has all calls counted anew
SLOW_MS = 3_000  # an answer that takes longer nearly missed the platform's limit of 5 s
PER_MS = 10  # latencies are kept in tenths
MOST = 2**31 - 1  # of a column
DECIMALS = 8  # of a price, which is kept as a whole number of these
Answer = tuple[Any, Any]  # version and milliseconds, as the payload has them


@dataclass(frozen=True)
class LegTimes:
    """What is read of a leg."""

    COLUMNS: ClassVar = ("call_id", "answered_at", "ended_at", "detail", "sip_code")  # that of the call comes first

    answered_at: datetime | None
    ended_at: datetime | None
    detail: str
    sip_code: int | None


def counted(call: Call, legs: Sequence[LegTimes], answers: Sequence[Answer], before: Counted | None) -> Counted:
    """Say what is counted of a call that has begun. Legs and answers come oldest first.

    What was answered in a sealed call is told no more: then what was counted `before` stays.
    """
    assert call.started_at is not None  # noqa: S101 - who asks has looked
    outbound = call.direction == "outbound"
    last = legs[-1] if legs else LegTimes(None, None, "", None)
    ending = ending_of(call.outcome, call.direction, len(legs), last.detail, last.sip_code)
    row = Counted(
        call=call.pk,
        quarter=quarter_of(call.started_at),
        outbound=outbound,
        number=_number(call.from_number if outbound else call.to_number),
        ending=int(ending),
        price=int((call.price_eur or 0) * 10**DECIMALS),
        version=0,
    )
    if ending == Ending.PICKED_UP:
        _talk(row, call.started_at, legs if outbound else legs[1:])
    if call.sealed and before:
        row.version, row.latencies = before.version, before.latencies
        row.late_answers, row.latest_answer = before.late_answers, before.latest_answer
    else:
        _answers(row, answers)
    return row


def _number(party: str) -> str:
    """Give a number of ours as the table of numbers has it, "" for what cannot be one."""
    digits = party.removeprefix("+")
    return digits if digits.isascii() and digits.isdigit() and len(digits) <= MSISDN_LENGTH else ""


def _talk(row: Counted, started_at: datetime, people: Sequence[LegTimes]) -> None:
    """Count how long it took until a person picked up, and how long it lasted from there."""
    picked_up = min((leg.answered_at for leg in people if leg.answered_at), default=None)
    if picked_up is None:
        return
    row.waited = letter_of(int((picked_up - started_at).total_seconds()))
    ended = max((leg.ended_at for leg in people if leg.answered_at and leg.ended_at), default=None)
    if ended is not None:
        row.talked_seconds = min(max(int((ended - picked_up).total_seconds()), 0), MOST)
        row.talked = letter_of(sum(row.talked_seconds >= edge for edge in TALK_EDGES))


def _answers(row: Counted, answers: Sequence[Answer]) -> None:
    """Count by which version it was answered first, and how fast each time."""
    versions = [version for version, _ in answers if isinstance(version, int) and not isinstance(version, bool)]
    row.version = versions[0] if versions else 0
    times = [ms for _, ms in answers if isinstance(ms, int | float) and not isinstance(ms, bool) and ms >= 0]
    tenths = [min(round(ms * PER_MS), MOST) for ms in times]
    row.latencies = "".join(sorted(map(letter_of, tenths)))
    row.late_answers = sum(ms > SLOW_MS for ms in times)
    row.latest_answer = max(tenths, default=0)
