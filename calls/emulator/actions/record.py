"""`record`: the sound of the call from now on, or until a key, silence or a time ends it."""

import math

from calls.emulator.ears import DTMF, SPEECH, Key, Speech
from calls.emulator.flow import Action, Flow
from calls.emulator.recordings import BEEP_SECONDS, Wish

ENDS = ("endOnSilence", "endOnKey", "timeOut")


async def record(flow: Flow, action: Action) -> None:
    """With an end condition the flow waits for it. Without one it goes on, and the end of the call ends it."""
    leg, platform = flow.leg, flow.platform
    if action.get("beepStart"):
        leg.note("beep", "beep", detail=True)
        await platform.clock.sleep(BEEP_SECONDS)
    recording = platform.recordings.start(leg.conversation, leg.application, Wish.of(action, flow.target(action)))
    if not any(name in action for name in ENDS):
        return
    try:
        await _until_it_ends(flow, action)
    finally:
        leg.ear.listen(())
        recording.stop()


async def _until_it_ends(flow: Flow, action: Action) -> None:
    """Wait for the first of its ends. Silence counts from the beginning, or from the last word (inferred)."""
    leg, clock = flow.leg, flow.platform.clock
    kinds = [DTMF, SPEECH] if "endOnKey" in action else [SPEECH]
    leg.ear.listen(kinds)
    leg.note("listens", "records", detail=True, kinds=kinds)
    now = clock.elapsed()
    last = now + float(action.get("timeOut", math.inf))
    silence = float(action.get("endOnSilence", math.inf))
    quiet_since = now
    while True:
        seconds = min(last, quiet_since + silence) - clock.elapsed()
        match await leg.ear.next(clock, max(seconds, 0.0)):
            case None:
                return
            case Key(key):
                if key == action.get("endOnKey"):
                    return
            case Speech(_, length):
                leg.ear.listen([DTMF] if "endOnKey" in action else [], takes=kinds)  # go on if you like
                quiet_since = max(quiet_since, clock.elapsed() + length)
