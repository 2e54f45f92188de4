"""`record`: with an end condition it is waited for, without one it goes on beside what follows."""

import math

from calls.emulator.ears import DTMF, SPEECH, Key
from calls.emulator.flow import Action, Flow
from calls.emulator.recordings import Recording

ENDS = ("endOnSilence", "endOnKey", "timeOut")
BEEP_SECONDS = 0.5  # inferred


async def record(flow: Flow, action: Action) -> None:
    """Record the conversation. The reply to its event is ignored."""
    leg = flow.leg
    if action.get("beepStart"):
        leg.note("beep", "beep", detail=True)
        await flow.platform.clock.sleep(BEEP_SECONDS)
    recording = Recording(leg, action, flow.target(action))
    leg.ended.add_done_callback(lambda ended: recording.stop(leg))
    if not any(name in action for name in ENDS):
        return
    try:
        await _until_the_end(flow, action)
    finally:
        leg.ear.listen(())
        recording.stop(leg)


async def _until_the_end(flow: Flow, action: Action) -> None:
    """Wait for the key, the silence, or the longest time, whichever comes first."""
    ear, clock = flow.leg.ear, flow.platform.clock
    began = clock.elapsed()
    ends_at = began + action.get("timeOut", math.inf)
    silence, key = action.get("endOnSilence", math.inf), action.get("endOnKey")
    ear.listen([SPEECH, DTMF] if key else [SPEECH])
    while True:
        left = min(ends_at, max(began, flow.leg.speaks_until) + silence) - clock.elapsed()
        sound = await ear.next(clock, left) if left > 0 else None
        if sound is None and left <= 0:
            return
        if isinstance(sound, Key) and sound.key == key:
            return
