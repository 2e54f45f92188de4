"""The failure lab: what the platform does wrong when it is told to, so that one sees how an application bears it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from calls.emulator.reading import BadFile, mapping

LONGEST_SECONDS = 10 * 365 * 86_400.0


@dataclass(frozen=True, kw_only=True)
class Faults:
    """Shares of the webhooks, from 0 to 1, unless said otherwise. What is told by no word is never done.

    Only ordinary events are lost, late or swapped: of a question whose reply counts the caller would notice.
    """

    reordered: float = 0.0  # events made at one moment that come the other way round; seen in practice
    duplicated: float = 0.0  # sent twice, each signed anew
    swapped: float = 0.0  # come after the next event of their leg
    lost: float = 0.0  # never sent
    late: float = 0.0  # sent `late_seconds` later
    late_seconds: float = 30.0
    unsigned: float = 0.0
    wrong_signature: float = 0.0  # signed with a secret that is not the application's
    clock_off: float = 0.0  # seconds by which the platform's clock is ahead, in events and signatures; may be negative
    missing_recordings: bool = False  # their files are not there
    too_young: bool = False  # changes of a call by REST are refused in its first second; seen in practice

    def as_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


NONE = Faults()
SHARES = ("reordered", "duplicated", "swapped", "lost", "late", "unsigned", "wrong_signature")
SWITCHES = ("missing_recordings", "too_young")
KNOWN = tuple(field.name for field in dataclasses.fields(Faults))


def read_faults(value: Any, where: str, *, otherwise: Faults = NONE) -> Faults:
    """Read faults by their names. Raises BadFile."""
    given = mapping(value, where, KNOWN)
    found: dict[str, Any] = {name: share(given[name], f"{where}: {name}") for name in SHARES if name in given}
    if "late_seconds" in given:
        found["late_seconds"] = _number(given["late_seconds"], f"{where}: late_seconds", "seconds, 0 or more", 0)
    if "clock_off" in given:
        meant = "seconds, less than 0 where the clock is behind"
        found["clock_off"] = _number(given["clock_off"], f"{where}: clock_off", meant, -LONGEST_SECONDS)
    for name in SWITCHES:
        if name in given and not isinstance(given[name], bool):
            raise BadFile(f"{where}: {name} has to be true or false.")
    found |= {name: given[name] for name in SWITCHES if name in given}
    return dataclasses.replace(otherwise, **found)


def share(value: Any, where: str) -> float:
    """Read a share. Raises BadFile."""
    return _number(value, where, "a share of the webhooks, from 0 to 1", 0, 1)


def words_of(faults: Faults) -> str:
    """Name those that are on, for people."""
    on: Mapping[str, Any] = {name: value for name, value in faults.as_json().items() if value != getattr(NONE, name)}
    return ", ".join(f"{name} {value:g}" for name, value in on.items()) or "none"


def _number(value: Any, where: str, meant: str, least: float, most: float = LONGEST_SECONDS) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise BadFile(f"{where} has to be {meant}.")
    return float(value)
