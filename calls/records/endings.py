"""What came of a call, in one word of `Ending`: the list, the call's page and the reports mean the same by it. Pure."""

from calls.models import Ending, Outcome

INBOUND: dict[str, Ending] = {
    Outcome.MISSED: Ending.UNANSWERED,
    Outcome.BUSY: Ending.BUSY,
    Outcome.CANCELLED: Ending.GAVE_UP,
    Outcome.VOICEMAIL: Ending.MESSAGE,
    Outcome.BLOCKED: Ending.BLOCKED,
    Outcome.END_UNKNOWN: Ending.END_UNKNOWN,
    Outcome.IN_PROGRESS: Ending.IN_PROGRESS,
    Outcome.FAILED: Ending.FAILED,
}
OUTBOUND = INBOUND | {Outcome.CANCELLED: Ending.CANCELLED}

ASKED = (Ending.PICKED_UP, Ending.MESSAGE, Ending.UNANSWERED, Ending.BUSY, Ending.GAVE_UP, Ending.DECLINED)
MISSED = (Ending.UNANSWERED, Ending.BUSY, Ending.GAVE_UP, Ending.DECLINED)
OTHER = (Ending.CANCELLED, Ending.BLOCKED, Ending.END_UNKNOWN, Ending.IN_PROGRESS)


def ending_of(outcome: str, direction: str, legs: int, detail: str = "", sip_code: int | None = None) -> Ending:
    """Say what came of a call. `detail` and `sip_code` are those of its last leg: why nobody was reached."""
    outbound = direction == "outbound"
    if outcome == Outcome.ANSWERED:
        return Ending.PICKED_UP if outbound or legs > 1 else Ending.NOTICE
    if outcome == Outcome.REJECTED:
        declined = detail.lower() == "declined" if detail else not (sip_code and sip_code >= 400)
        return Ending.DECLINED if declined else Ending.FAILED
    return (OUTBOUND if outbound else INBOUND).get(outcome, Ending.FAILED)
