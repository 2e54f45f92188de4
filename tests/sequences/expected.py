"""What each sequence must end in: calls, legs and numbers of events.

Written by hand from what Vonage documents and from the words of the README, never by our own fold. Times are
those of the payloads of the event that decides (`started_at`: the earliest; `answered_at`: `answered`;
`ended_at`: the first one that ends the leg). Money and durations are those of `completed`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

CALLER, OURS, PERSON = "447700900123", "442079460010", "447700900456"
INBOUND_LEG = "8b4f0d3c1e5a4b7c9d2e6f8a0b1c2d3e"
SECOND_LEG = "63f61863-4a51-4f6b-86e1-46edebcf9356"
OUTBOUND_LEG = "aaf4d2a0-6d6a-4a0b-9d0e-3f1c2b7e5d44"
APP_LEG = "0f6c8a34-2b1d-4d43-9a6e-71c5d2e8f901"
INBOUND_CONVERSATION = "CON-f972836a-550f-45fa-956c-12a2ab5b7d22"
OUTBOUND_CONVERSATION = "CON-4f3d8a52-9d0c-4b57-8a0e-0f5b8a2f1c11"
LATER_CONVERSATION = "CON-0b7c2f5e-3a61-4c1d-8f0a-7d5e9b1a2c33"


@dataclass(frozen=True)
class ExpectedLeg:
    """One leg, as the API names its fields."""

    uuid: str
    direction: str
    from_number: str
    to_number: str
    status: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    duration_seconds: int | None
    rate_eur: Decimal | None
    price_eur: Decimal | None
    network: str | None


@dataclass(frozen=True)
class ExpectedCall:
    """One call with its legs, in the order of their start, and how many events of each kind it has."""

    conversation_uuid: str
    direction: str
    from_number: str
    to_number: str
    outcome: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    duration_seconds: int | None
    price_eur: Decimal | None
    legs: tuple[ExpectedLeg, ...]
    events: dict[str, int]


def at(clock: str) -> datetime:
    """Read "00:07.712" as minutes and seconds after ten o'clock, when all these calls begin."""
    return datetime.fromisoformat(f"2026-03-02T10:{clock}").replace(tzinfo=UTC)


def eur(amount: str) -> Decimal:
    return Decimal(amount)


def inbound_leg(
    answered: str | None,
    ended: str | None,
    seconds: int | None,
    price: str | None,
    *,
    started: str = "00:00.000",
    status: str = "completed",
    rate: str | None = "0.0045",
    network: str | None = "GB-MOBILE",
) -> ExpectedLeg:
    """Give the caller's leg. Only what differs from sequence to sequence is named."""
    return ExpectedLeg(
        uuid=INBOUND_LEG,
        direction="inbound",
        from_number=CALLER,
        to_number=OURS,
        status=status,
        started_at=at(started),
        answered_at=at(answered) if answered else None,
        ended_at=at(ended) if ended else None,
        duration_seconds=seconds,
        rate_eur=eur(rate) if rate else None,
        price_eur=eur(price) if price else None,
        network=network,
    )


def outbound_leg(
    uuid: str,
    started: str,
    answered: str | None,
    ended: str,
    seconds: int | None,
    rate: str | None,
    price: str | None,
    *,
    status: str = "completed",
    network: str | None = None,
) -> ExpectedLeg:
    """Give a leg that Vonage rings for us: a call of ours, or the person whom a caller is put through to."""
    return ExpectedLeg(
        uuid=uuid,
        direction="outbound",
        from_number=OURS,
        to_number=PERSON,
        status=status,
        started_at=at(started),
        answered_at=at(answered) if answered else None,
        ended_at=at(ended),
        duration_seconds=seconds,
        rate_eur=eur(rate) if rate else None,
        price_eur=eur(price) if price else None,
        network=network,
    )


def inbound_call(
    outcome: str,
    answered: str | None,
    ended: str | None,
    seconds: int | None,
    price: str | None,
    *legs: ExpectedLeg,
    started: str = "00:00.000",
    conversation_uuid: str = INBOUND_CONVERSATION,
    **events: int,
) -> ExpectedCall:
    return ExpectedCall(
        conversation_uuid=conversation_uuid,
        direction="inbound",
        from_number=CALLER,
        to_number=OURS,
        outcome=outcome,
        started_at=at(started),
        answered_at=at(answered) if answered else None,
        ended_at=at(ended) if ended else None,
        duration_seconds=seconds,
        price_eur=eur(price) if price else None,
        legs=legs,
        events=events,
    )


def outbound_call(
    outcome: str,
    started: str,
    answered: str | None,
    ended: str,
    seconds: int | None,
    price: str | None,
    *legs: ExpectedLeg,
    **events: int,
) -> ExpectedCall:
    return ExpectedCall(
        conversation_uuid=OUTBOUND_CONVERSATION,
        direction="outbound",
        from_number=OURS,
        to_number=PERSON,
        outcome=outcome,
        started_at=at(started),
        answered_at=at(answered) if answered else None,
        ended_at=at(ended),
        duration_seconds=seconds,
        price_eur=eur(price) if price else None,
        legs=legs,
        events=events,
    )


ANSWERED_AT = "00:00.600"  # of the caller's leg, in the sequences that forward it

EXPECTED: dict[str, ExpectedCall] = {
    "01_inbound_talk": inbound_call(
        "answered",
        "00:00.600",
        "00:07.712",
        8,
        "0.0006",
        inbound_leg("00:00.600", "00:07.712", 8, "0.0006"),
        status=4,
        answer=1,
    ),
    "02_menu_key": inbound_call(
        "answered",
        "00:00.590",
        "00:07.930",
        8,
        "0.0006",
        inbound_leg("00:00.590", "00:07.930", 8, "0.0006"),
        status=4,
        answer=1,
        input=1,
    ),
    "03_menu_no_key": inbound_call(
        "answered",
        "00:00.590",
        "00:20.020",
        21,
        "0.001575",
        inbound_leg("00:00.590", "00:20.020", 21, "0.001575"),
        status=4,
        answer=1,
        input=2,
    ),
    # No end is told: the call is on, and nothing is known of its price.
    "04_speech": inbound_call(
        "in progress",
        "00:00.590",
        None,
        None,
        None,
        inbound_leg("00:00.590", None, None, None, status="answered", rate=None, network=None),
        status=3,
        answer=1,
        input=2,
    ),
    "05_voicemail": inbound_call(
        "voicemail",
        "00:00.580",
        "00:16.804",
        17,
        "0.001275",
        inbound_leg("00:00.580", "00:16.804", 17, "0.001275"),
        status=4,
        answer=1,
        record=1,
    ),
    # The call ends with its last leg, 60 ms after the caller's; its price is 0.00315 + 0.012485.
    "06_forward_answered": inbound_call(
        "answered",
        ANSWERED_AT,
        "00:41.174",
        42,
        "0.015635",
        inbound_leg(ANSWERED_AT, "00:41.114", 42, "0.00315"),
        outbound_leg(SECOND_LEG, "00:02.410", "00:09.245", "00:41.174", 33, "0.0227", "0.012485", network="23410"),
        status=8,
        answer=1,
    ),
    "07_forward_busy": inbound_call(
        "busy",
        ANSWERED_AT,
        "00:08.101",
        9,
        "0.000675",
        inbound_leg(ANSWERED_AT, "00:08.101", 9, "0.000675"),
        outbound_leg(SECOND_LEG, "00:02.410", None, "00:03.951", 0, "0", "0", status="busy"),
        status=7,
        answer=1,
    ),
    "08_forward_timeout": inbound_call(
        "missed",
        ANSWERED_AT,
        "00:26.820",
        27,
        "0.002025",
        inbound_leg(ANSWERED_AT, "00:26.820", 27, "0.002025"),
        outbound_leg(SECOND_LEG, "00:02.410", None, "00:22.440", 0, "0", "0", status="timeout"),
        status=8,
        answer=1,
    ),
    "09_forward_caller_leaves": inbound_call(
        "cancelled",
        ANSWERED_AT,
        "00:07.060",
        8,
        "0.0006",
        inbound_leg(ANSWERED_AT, "00:07.042", 8, "0.0006"),
        outbound_leg(SECOND_LEG, "00:02.410", None, "00:07.060", 0, "0", "0", status="cancelled"),
        status=8,
        answer=1,
    ),
    "10_inbound_cancelled": inbound_call(
        "cancelled",
        None,
        "00:00.320",
        0,
        "0",
        inbound_leg(None, "00:00.320", 0, "0", status="cancelled", rate="0", network=None),
        status=4,
        answer=1,
    ),
    "11_outbound_answered": outbound_call(
        "answered",
        "00:00.140",
        "00:06.390",
        "00:11.203",
        6,
        "0.00227",
        outbound_leg(OUTBOUND_LEG, "00:00.140", "00:06.390", "00:11.203", 6, "0.0227", "0.00227", network="23410"),
        status=4,
        answer=1,
    ),
    "12_outbound_busy": outbound_call(
        "busy",
        "00:00.140",
        None,
        "00:03.200",
        0,
        "0",
        outbound_leg(OUTBOUND_LEG, "00:00.140", None, "00:03.200", 0, "0", "0", status="busy"),
        status=3,
    ),
    # No `completed` follows `rejected`, so no duration and no price are told.
    "13_outbound_rejected": outbound_call(
        "rejected",
        "00:00.140",
        None,
        "00:00.900",
        None,
        None,
        outbound_leg(OUTBOUND_LEG, "00:00.140", None, "00:00.900", None, None, None, status="rejected"),
        status=2,
    ),
    "14_outbound_unanswered": outbound_call(
        "missed",
        "00:00.140",
        None,
        "00:31.400",
        0,
        "0",
        outbound_leg(OUTBOUND_LEG, "00:00.140", None, "00:31.400", 0, "0", "0", status="unanswered"),
        status=4,
    ),
    "15_outbound_failed": outbound_call(
        "failed",
        "00:00.140",
        None,
        "00:00.800",
        0,
        "0",
        outbound_leg(OUTBOUND_LEG, "00:00.140", None, "00:00.800", 0, "0", "0", status="failed"),
        status=3,
    ),
    "16_outbound_timeout": outbound_call(
        "missed",
        "00:00.140",
        None,
        "01:01.900",
        0,
        "0",
        outbound_leg(OUTBOUND_LEG, "00:00.140", None, "01:01.900", 0, "0", "0", status="timeout"),
        status=4,
    ),
    "17_outbound_cancelled": outbound_call(
        "cancelled",
        "00:00.140",
        None,
        "00:05.300",
        0,
        "0",
        outbound_leg(OUTBOUND_LEG, "00:00.140", None, "00:05.300", 0, "0", "0", status="cancelled"),
        status=4,
    ),
    "18_detection_human": outbound_call(
        "answered",
        "00:00.140",
        "00:06.390",
        "00:24.040",
        19,
        "0.00718833",
        outbound_leg(OUTBOUND_LEG, "00:00.140", "00:06.390", "00:24.040", 19, "0.0227", "0.00718833", network="23410"),
        status=5,
        answer=1,
    ),
    "19_detection_hangup": outbound_call(
        "answered",
        "00:00.140",
        "00:06.390",
        "00:10.900",
        5,
        "0.00189167",
        outbound_leg(OUTBOUND_LEG, "00:00.140", "00:06.390", "00:10.900", 5, "0.0227", "0.00189167", network="23410"),
        status=5,
    ),
    "20_detection_beep": outbound_call(
        "answered",
        "00:00.140",
        "00:06.390",
        "00:22.810",
        17,
        "0.00643167",
        outbound_leg(OUTBOUND_LEG, "00:00.140", "00:06.390", "00:22.810", 17, "0.0227", "0.00643167", network="23410"),
        status=6,
        answer=1,
    ),
    "21_fallback": inbound_call(
        "answered",
        "00:00.750",
        "00:04.810",
        5,
        "0.000375",
        inbound_leg("00:00.750", "00:04.810", 5, "0.000375"),
        status=4,
        answer=2,
        fallback=1,
    ),
    "22_bad_ncco": inbound_call(
        "answered",
        "00:00.620",
        "00:01.610",
        2,
        "0.00015",
        inbound_leg("00:00.620", "00:01.610", 2, "0.00015"),
        status=4,
        answer=1,
        error=1,
    ),
    # One call, though its leg ends in another conversation than it was born in.
    "23_moved_by_rest": inbound_call(
        "answered",
        "00:00.600",
        "00:16.320",
        17,
        "0.001275",
        inbound_leg("00:00.600", "00:16.320", 17, "0.001275"),
        conversation_uuid=LATER_CONVERSATION,
        status=4,
        answer=2,
        transfer=1,
    ),
    # No event tells who calls on the app's leg: the answer request's `from_user` does. `to` is what the
    # events say, the user again. The second leg's `from` is what was said first, not the later "Unknown".
    "24_app_user": ExpectedCall(
        conversation_uuid=INBOUND_CONVERSATION,
        direction="inbound",
        from_number="Alice",
        to_number="Alice",
        outcome="answered",
        started_at=at("00:00.000"),
        answered_at=at("00:00.600"),
        ended_at=at("00:17.574"),
        duration_seconds=18,
        price_eur=eur("0.00833333"),
        legs=(
            ExpectedLeg(
                uuid=APP_LEG,
                direction="inbound",
                from_number="Alice",
                to_number="Alice",
                status="completed",
                started_at=at("00:00.000"),
                answered_at=at("00:00.600"),
                ended_at=at("00:17.514"),
                duration_seconds=18,
                rate_eur=eur("0"),
                price_eur=eur("0"),
                network=None,
            ),
            ExpectedLeg(
                uuid=SECOND_LEG,
                direction="outbound",
                from_number="Alice",
                to_number=PERSON,
                status="completed",
                started_at=at("00:01.150"),
                answered_at=at("00:13.025"),
                ended_at=at("00:17.574"),
                duration_seconds=5,
                rate_eur=eur("0.1"),
                price_eur=eur("0.00833333"),
                network="23433",
            ),
        ),
        events={"status": 7, "answer": 1},
    ),
}

# The same three when their opening was lost: all that came is what stands after it. A call that is first
# heard of late began, as far as we know, with its earliest event.
WITHOUT_OPENING: dict[str, ExpectedCall] = {
    "19_detection_hangup": outbound_call(
        "answered",
        "00:06.390",
        "00:06.390",
        "00:10.900",
        5,
        "0.00189167",
        outbound_leg(OUTBOUND_LEG, "00:06.390", "00:06.390", "00:10.900", 5, "0.0227", "0.00189167", network="23410"),
        status=3,
    ),
    "20_detection_beep": outbound_call(
        "answered",
        "00:06.390",
        "00:06.390",
        "00:22.810",
        17,
        "0.00643167",
        outbound_leg(OUTBOUND_LEG, "00:06.390", "00:06.390", "00:22.810", 17, "0.0227", "0.00643167", network="23410"),
        status=4,
        answer=1,
    ),
    # No `answered` came: `start_time` of `completed` tells, though it lies before the earliest event.
    "23_moved_by_rest": inbound_call(
        "answered",
        "00:00.000",
        "00:16.320",
        17,
        "0.001275",
        inbound_leg("00:00.000", "00:16.320", 17, "0.001275", started="00:12.101"),
        started="00:12.101",
        conversation_uuid=LATER_CONVERSATION,
        status=1,
        answer=1,
        transfer=1,
    ),
}
