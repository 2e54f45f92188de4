"""A leg, and what the platform tells about it: the fields of each event, in the order in which they come."""

import math
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import uuid4

Fields = dict[str, Any]
Side = Literal["user", "platform"]

RATE_EUR = Decimal("0.00450000")  # per minute; as seen on inbound legs in Britain
OK, REQUEST_TERMINATED = 200, 487  # SIP codes


def stamp(moment: datetime) -> str:
    """Write a time as Vonage does: UTC, milliseconds, Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def network_of(number: str) -> str | None:
    """Name the caller's network. Which names there are is inferred from the few that were seen."""
    for prefix, network in (("447", "GB-MOBILE"), ("44", "GB-FIXED"), ("1", "US-FIXED")):
        if number.startswith(prefix):
            return network
    return None


@dataclass
class Leg:
    """One party's connection. Numbers as Vonage writes them, E.164 digits without "+"; `from_` may be any text."""

    from_: str
    to: str
    direction: Literal["inbound", "outbound"] = "inbound"
    uuid: str = field(default_factory=lambda: secrets.token_hex(16))  # 32 hex, as on legs from the telephone network
    conversation_uuid: str = field(default_factory=lambda: f"CON-{uuid4()}")
    answered_at: datetime | None = None

    def identity(self) -> Fields:
        """The fields by which the answer request names the call."""
        return {"to": self.to, "from": self.from_, "conversation_uuid": self.conversation_uuid, "uuid": self.uuid}

    def status(self, status: str, at: datetime) -> Fields:
        """An event without figures: started, ringing, cancelled."""
        return {
            "headers": {},
            "from": self.from_,
            "to": self.to,
            "uuid": self.uuid,
            "conversation_uuid": self.conversation_uuid,
            "status": status,
            "direction": self.direction,
            "timestamp": stamp(at),
        }

    def answered(self, at: datetime) -> Fields:
        """Take the call. `start_time`, `rate` and `network` are there, and empty."""
        self.answered_at = at
        return {
            "headers": {},
            "start_time": None,
            "rate": None,
            "from": self.from_,
            "to": self.to,
            "uuid": self.uuid,
            "conversation_uuid": self.conversation_uuid,
            "status": "answered",
            "direction": self.direction,
            "network": None,
            "timestamp": stamp(at),
        }

    def completed(self, at: datetime, *, by: Side) -> Fields:
        """The end and its summary. The start is cut down to the second and the end rounded up: both are billed.

        The figures of a leg that was never answered are inferred.
        """
        start = self.answered_at and self.answered_at.replace(microsecond=0)
        end = datetime.fromtimestamp(math.ceil(at.timestamp()), UTC)
        seconds = int((end - start).total_seconds()) if start else 0
        price = (RATE_EUR * seconds / 60).quantize(Decimal("1e-8"))
        return {
            "headers": {},
            "end_time": stamp(end),
            "uuid": self.uuid,
            "network": network_of(self.from_) if start else None,
            "duration": str(seconds),
            "start_time": stamp(start) if start else None,
            "rate": f"{RATE_EUR:f}" if start else "0.00",
            "price": f"{price:f}" if start else "0",
            "from": self.from_,
            "to": self.to,
            "conversation_uuid": self.conversation_uuid,
            "status": "completed",
            "direction": self.direction,
            "timestamp": stamp(at),
            "disconnected_by": by,
            "sip_code": OK if start else REQUEST_TERMINATED,
        }

    def input(self, at: datetime, *, dtmf: Fields, speech: Fields) -> Fields:
        """What an `input` action heard."""
        return {
            "speech": speech,
            "dtmf": dtmf,
            "from": self.from_,
            "to": self.to,
            "uuid": self.uuid,
            "conversation_uuid": self.conversation_uuid,
            "timestamp": stamp(at),
        }

    def notify(self, at: datetime, payload: Fields) -> Fields:
        """What a `notify` action sends: it names the conversation, no leg."""
        return {"payload": payload, "conversation_uuid": self.conversation_uuid, "timestamp": stamp(at)}

    def error(self, at: datetime, reason: str) -> Fields:
        """What went wrong with the call: it names the conversation, no leg."""
        return {"reason": reason, "conversation_uuid": self.conversation_uuid, "timestamp": stamp(at)}
