"""What a leg costs, and what network it is said to be on."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from calls.emulator.legs import Leg

INBOUND_RATE, OUTBOUND_RATE = Decimal("0.00450000"), Decimal("0.02270000")  # EUR per minute; as seen in Britain
APP_RATE, APP_NETWORK = Decimal("0.10000000"), "23433"  # of a telephone that a Client SDK user calls, as in a log
FREE = "0.00"
CENT_OF_A_CENT = Decimal("1e-8")


@dataclass(frozen=True)
class Figures:
    """What a leg costs, so far or in the end. `rate` and `price` are EUR, as text."""

    start: datetime | None
    end: datetime
    seconds: int
    rate: str
    price: str
    network: str | None


def figures_of(leg: "Leg", at: datetime) -> Figures:
    """Give what a leg costs when it ends then."""
    if leg.answered_at is None:
        return Figures(None, _whole_seconds(at, at)[1], 0, FREE, "0", None)
    start, end = _whole_seconds(leg.answered_at, at)
    seconds = int((end - start).total_seconds())
    network = _network_of(leg)
    if leg.party.type != "phone":
        return Figures(start, end, seconds, FREE, "0", network)
    rate = _rate_of(leg)
    price = (rate * seconds / 60).quantize(CENT_OF_A_CENT)
    return Figures(start, end, seconds, f"{rate:f}", f"{price:f}", network)


def _network_of(leg: "Leg") -> str | None:
    """Name the network of the party. Which names there are is inferred from the few that were seen."""
    if leg.party.type != "phone":
        return None
    if leg.direction == "outbound":
        if leg.from_.type == "app":
            return APP_NETWORK
        return "23410" if leg.party.shown.startswith("44") else "US-FIXED"
    for prefix, network in (("447", "GB-MOBILE"), ("44", "GB-FIXED"), ("1", "US-FIXED")):
        if leg.party.shown.startswith(prefix):
            return network
    return None


def _rate_of(leg: "Leg") -> Decimal:
    """Give the price of a minute in EUR. What it depends on is inferred."""
    if leg.direction == "inbound":
        return INBOUND_RATE
    return APP_RATE if leg.from_.type == "app" else OUTBOUND_RATE


def _whole_seconds(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """Cut the start down to the second, and round the end up."""
    return start.replace(microsecond=0), datetime.fromtimestamp(math.ceil(end.timestamp()), UTC)
