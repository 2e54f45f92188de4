"""Who is told each key that is pressed on a leg: by an asynchronous `input`, or because the REST API asked for it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from calls.emulator import events
from calls.emulator.application import Target
from calls.emulator.ears import DTMF
from calls.vonage.ncco import Ncco

if TYPE_CHECKING:
    import asyncio

    from calls.emulator.legs import Leg

Obey = Callable[[Ncco], None]


class Keys:
    """`targets` says where keys are told. Where there is an `obey`, the reply may be an NCCO, which is given to it."""

    def __init__(self, leg: "Leg") -> None:
        self.leg = leg
        self.targets: dict[Target, Obey | None] = {}

    def tell_to(self, target: Target, obey: Obey | None = None) -> None:
        """Tell each key to this target from now on."""
        self.targets[target] = obey
        self.leg.ear.pass_on("keys", [DTMF])

    def tell_no_more_to(self, target: Target | None) -> None:
        """Tell this target no more keys."""
        if target:
            self.targets.pop(target, None)
        self.leg.ear.pass_on("keys", [DTMF] if self.targets else [])

    def pressed(self, key: str) -> None:
        """Tell a key to all who want it."""
        for target in self.targets:
            self.tell(key, target)

    def tell(self, key: str, target: Target) -> None:
        """Tell a key at once, though the leg may end this very moment. The reply counts while there is a leg."""
        leg, obey = self.leg, self.targets.get(target)
        dtmf = {"digits": key, "timed_out": False}
        fields = events.heard(leg, leg.platform.clock.now(), dtmf=dtmf, speech=events.SPEECH_NOT_ASKED)
        if obey is None:
            leg.tell(fields, target)
            return

        def replied(asked: "asyncio.Task[Ncco | None]") -> None:
            if asked.cancelled() or asked.exception() or leg.is_over:
                return
            if (ncco := asked.result()) is not None:
                obey(ncco)

        leg.begin_to_ask(fields, target).add_done_callback(replied)
