"""Machine detection: whether a person answered, or voicemail."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from calls.emulator import events
from calls.vonage.ncco import Ncco

if TYPE_CHECKING:
    from calls.emulator.legs import Leg

LISTENS_SECONDS = 4.44  # from `answered` to knowing; 4 to 5 are documented
BEEP_TIMEOUT_SECONDS = 45.0


@dataclass(frozen=True)
class Detection:
    """How a call is listened to. `mode`: "plain" is the older `machine_detection`."""

    mode: Literal["plain", "default", "detect", "detect_beep"]
    hangs_up: bool
    beep_seconds: float = BEEP_TIMEOUT_SECONDS

    @property
    def is_before_the_ncco(self) -> bool:
        return self.mode in {"detect", "detect_beep"}

    @classmethod
    def of(cls, plain: str, advanced: dict[str, Any]) -> "Detection | None":
        """Read the options of a call or of a `connect`: the advanced ones go before the plain word."""
        if advanced:
            beep = float(advanced.get("beep_timeout", BEEP_TIMEOUT_SECONDS))
            return cls(advanced.get("mode", "default"), advanced.get("behavior") == "hangup", beep)
        return cls("plain", plain == "hangup") if plain else None


async def detect(leg: "Leg", how: Detection, obey: Callable[[Ncco], None]) -> None:
    """Listen to who answered and tell it. In mode `default` the reply may be an NCCO, which is given to `obey`."""
    clock = leg.platform.clock
    await clock.sleep(LISTENS_SECONDS)
    is_machine = leg.person.answer == "machine"
    await _tell(leg, how, "machine" if is_machine else "human", "", obey)
    if not is_machine:
        return
    leg.status = "machine"  # as the REST API calls it
    if how.hangs_up:
        leg.hang_up("platform")
    elif how.mode in {"default", "detect_beep"}:
        beeps = leg.person.beeps
        comes = beeps <= how.beep_seconds
        await clock.sleep(min(beeps, how.beep_seconds))
        await _tell(leg, how, "machine", "beep_start" if comes else "beep_timeout", obey)


async def _tell(
    leg: "Leg", how: Detection, word: Literal["human", "machine"], sub_state: str, obey: Callable[[Ncco], None]
) -> None:
    leg.note("note", f"Call status: {word}{f' ({sub_state})' if sub_state else ''}", detected=word, sub_state=sub_state)
    fields = events.detected(leg, word, leg.platform.clock.now(), sub_state)
    if how.mode != "default":
        leg.tell(fields)
    elif (ncco := await leg.ask(fields, leg.events_to)) is not None:
        obey(ncco)
