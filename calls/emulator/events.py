"""The fields of each webhook, in the order in which they were seen. Pure: a leg and a moment in, fields out.

What no source says is marked "inferred", at the figure that it concerns.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from calls.emulator.billing import figures_of

if TYPE_CHECKING:
    from calls.emulator.legs import Leg

Fields = dict[str, Any]
Side = Literal["user", "platform"]

SPEECH_NOT_ASKED = {"error": "Speech was not enabled"}
SPEECH_OVERRIDDEN = {"error": "Speech overridden by DTMF"}


def stamp(moment: datetime) -> str:
    """Write a time as Vonage does: UTC, milliseconds, Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stamp_of_seconds(moment: datetime) -> str:
    """Write a time as record events do: whole seconds."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def answer(leg: "Leg") -> Fields:
    """What the answer URL is asked with. A Client SDK user stands in `from_user`, and then there is no `from`."""
    fields: Fields = {"to": leg.dialled.shown}
    if leg.from_.type == "app":
        fields |= {"from_user": leg.from_.shown, "endpoint_type": "app"}
    elif leg.from_.shown:
        fields["from"] = leg.from_.shown
    fields |= {"conversation_uuid": leg.conversation.uuid, "uuid": leg.uuid}
    if leg.region_url:
        fields["region_url"] = leg.region_url
    return fields | leg.extras


def status(leg: "Leg", word: str, at: datetime, **more: Any) -> Fields:
    """An event without figures: started, ringing, busy, cancelled … `more` stands before the timestamp, but for
    `sip_code`, which is last.
    """
    sip = {name: more.pop(name) for name in ("sip_code",) if name in more}
    return _head(leg) | _parties(leg) | {"status": word, "direction": leg.direction} | more | _time(at) | sip


def answered(leg: "Leg", at: datetime) -> Fields:
    """`start_time`, `rate` and `network` are there, and empty."""
    return (
        _head(leg)
        | {"start_time": None, "rate": None}
        | _parties(leg)
        | {"status": "answered", "direction": leg.direction, "network": None}
        | _time(at)
    )


def completed(leg: "Leg", at: datetime, *, by: Side | None, sip_code: int | None) -> Fields:
    """The end and its summary. The start is cut down to the second and the end rounded up: both are billed.

    The figures of a leg that was never answered are inferred.
    """
    figures = figures_of(leg, at)
    last: Fields = {"disconnected_by": by} if by else {}
    if sip_code is not None:
        last["sip_code"] = sip_code
    summary = {"end_time": stamp(figures.end), "uuid": leg.uuid, "network": figures.network}
    summary |= {"duration": str(figures.seconds), "start_time": stamp(figures.start) if figures.start else None}
    summary |= {"rate": figures.rate, "price": figures.price}
    parties = {name: value for name, value in _parties(leg).items() if name != "uuid"}
    if leg.from_.type == "app" and leg.to.type == "phone" and leg.direction == "outbound":
        parties["from"] = "Unknown"  # as seen in a log, in this event alone
    return _head(leg) | summary | parties | {"status": "completed", "direction": leg.direction} | _time(at) | last


def disconnected(leg: "Leg", at: datetime) -> Fields:
    """That the application closed the WebSocket of a leg. It has no `direction`."""
    return _head(leg) | _parties(leg) | {"status": "disconnected"} | _time(at)


def detected(leg: "Leg", word: Literal["human", "machine"], at: datetime, sub_state: str = "") -> Fields:
    """What machine detection found. The leg's id stands in `call_uuid`."""
    more = {"sub_state": sub_state} if sub_state else {}
    return (
        {"call_uuid": leg.uuid, "from": leg.from_.shown, "to": leg.to.shown, "status": word}
        | more
        | {"conversation_uuid": leg.conversation.uuid}
        | _time(at)
    )


def heard(leg: "Leg", at: datetime, *, dtmf: Fields, speech: Fields) -> Fields:
    """What an `input` action heard."""
    return {"speech": speech, "dtmf": dtmf} | _parties(leg) | _time(at)


def transferred(leg: "Leg", before: str, after: str, at: datetime) -> Fields:
    """That the leg moved from one conversation to another."""
    moved = {"conversation_uuid_from": before, "conversation_uuid_to": after}
    return moved | {"uuid": leg.uuid, "type": "transfer"} | _time(at)


def notified(conversation_uuid: str, payload: Fields, at: datetime) -> Fields:
    """What a `notify` action sends: it names the conversation, no leg."""
    return {"payload": payload, "conversation_uuid": conversation_uuid} | _time(at)


def failed(conversation_uuid: str, reason: str, at: datetime) -> Fields:
    """What went wrong with the call: it names the conversation, no leg."""
    return {"reason": reason, "conversation_uuid": conversation_uuid} | _time(at)


def recorded(
    conversation_uuid: str, at: datetime, *, began: datetime, ended: datetime, url: str, size: int, recording_uuid: str
) -> Fields:
    """That a recording ended. `size` is in bytes; the id in the URL is another one than `recording_uuid`."""
    return {
        "start_time": stamp_of_seconds(began),
        "recording_url": url,
        "size": size,
        "recording_uuid": recording_uuid,
        "end_time": stamp_of_seconds(ended),
        "conversation_uuid": conversation_uuid,
    } | _time(at)


def transcribed(conversation_uuid: str, *, recording_uuid: str, url: str) -> Fields:
    """That a recording was written down. It tells no time."""
    return {
        "conversation_uuid": conversation_uuid,
        "type": "record",
        "recording_uuid": recording_uuid,
        "status": "transcribed",
        "transcription_url": url,
    }


def _head(leg: "Leg") -> Fields:
    """Legs of Client SDK users come without `headers`."""
    return {} if leg.is_app else {"headers": leg.headers}


def _parties(leg: "Leg") -> Fields:
    """An app user who calls has no `from`, and stands in `to`, as seen in logs."""
    names = (
        {"from": None, "to": leg.from_.shown} if leg.is_app_caller else {"from": leg.from_.shown, "to": leg.to.shown}
    )
    return names | {"uuid": leg.uuid, "conversation_uuid": leg.conversation.uuid}


def _time(at: datetime) -> Fields:
    return {"timestamp": stamp(at)}
