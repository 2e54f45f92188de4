"""What is done to a call that goes on: each act is an event of the call, with who did it."""

from http import HTTPStatus
from typing import Any

from django.conf import settings

from calls.control.account import account
from calls.control.log import record
from calls.control.refusals import Refused
from calls.control.said import by_flow, by_voice
from calls.models import Call, Kind, Leg, Outcome, User
from calls.vonage.events import text_of


def hang_up(call: Call, *, by: User) -> None:
    """End the call: its first leg, which takes those that were put through along. Raises Refused."""
    _change(call, {"action": "hangup"}, "hung up", by)


def mute(call: Call, *, by: User, on: bool = True) -> None:
    """Let others no longer hear the caller, or hear them again. Raises Refused."""
    _change(call, {"action": "mute" if on else "unmute"}, "muted the caller" if on else "unmuted the caller", by)


def transfer(call: Call, flow: str, *, by: User) -> None:
    """Move the caller to what a flow says, in place of what they hear now. Raises Refused."""
    ours = call.from_number if call.direction == "outbound" else call.to_number
    theirs = call.to_number if call.direction == "outbound" else call.from_number
    version, said = by_flow(flow, ours=ours, theirs=theirs)
    body = {"action": "transfer", "destination": {"type": "ncco", "ncco": said}}
    _change(call, body, f"moved the caller to “{flow}”", by, version=version.pk, ncco=said)


def speak(call: Call, text: str, *, by: User) -> None:
    """Have a sentence read into the call. Raises Refused."""
    (talk,) = by_voice(text)
    body = {name: talk[name] for name in ("text", "language", "style")}
    _change(call, body, f"spoke into the call: “{text}”", by, part="talk")


def _change(call: Call, body: dict[str, Any], words: str, by: User, *, part: str = "", **told: Any) -> None:
    """Tell the platform, and keep that it was told. Raises Refused."""
    from calls.vonage.client import VonageError, change  # late: it brings the SDK

    leg = _leg_of(call)
    try:
        change(account(region_of(call)), leg.uuid, body, part=part)
    except VonageError as error:
        over = error.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}
        reason = "The call is over, or cannot be changed just now." if over else str(error)
        raise Refused(reason, HTTPStatus.CONFLICT if over else HTTPStatus.BAD_GATEWAY) from error
    payload = {"action": words, "by": by.get_username(), "uuid": leg.uuid, "conversation_uuid": leg.conversation_uuid}
    record(payload | told)


def _leg_of(call: Call) -> Leg:
    """Give the leg that is acted on: the first one, while the call goes on. Raises Refused."""
    leg = call.legs.oldest_first().first()
    if leg is None or call.outcome != Outcome.IN_PROGRESS:
        raise Refused("The call is over.", HTTPStatus.CONFLICT)
    return leg


def region_of(call: Call) -> str:
    """Where the platform says that this call is to be controlled; "" where it said nothing."""
    answers = call.events.filter(kind=Kind.ANSWER).order_by("-pk").values_list("payload", flat=True)[:1]
    return next((text_of(payload.get("region_url")) for payload in answers), "")


def is_possible() -> str:
    """Say in a sentence why calls cannot be acted on or placed; "" where they can."""
    return account(settings.VONAGE_API_URL).problem
