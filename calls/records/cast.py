"""Who takes part in a call, and by which names they are told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from calls.vonage import numbers


class LegRow(Protocol):
    """What is read of a leg: the model has it."""

    pk: int
    direction: str
    from_number: str
    to_number: str
    status: str
    detail: str
    disconnected_by: str
    machine: str
    started_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    duration_seconds: int | None
    rate_eur: Decimal | None
    price_eur: Decimal | None


@dataclass(frozen=True)
class Part:
    """A piece of a sentence. `style`: strong (a name, a time), key (on a keypad), quiet."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class Cast:
    """Who takes part in a call: its legs, in order of start, and the names that we have for numbers."""

    legs: Sequence[LegRow]
    labels: Mapping[str, str]
    message: bool = False  # the call left one

    def name(self, party: str) -> str:
        return self.labels.get(party) or numbers.shown(party)

    def on(self, leg: LegRow | None) -> str:
        """Who is at the far end of a leg."""
        return self.name(leg.to_number if leg.direction == "outbound" else leg.from_number) if leg else "Vonage"

    def leg(self, pk: int | None) -> LegRow | None:
        return next((leg for leg in self.legs if leg.pk == pk), None)

    def is_caller(self, leg: LegRow | None) -> bool:
        """Whether it is the leg of somebody who called us."""
        return leg is not None and leg is self.legs[0] and leg.direction != "outbound"

    @property
    def caller(self) -> str:
        return self.on(self.legs[0]) if self.legs else "Vonage"
