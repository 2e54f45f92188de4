"""`talk` and `stream`: what callers are made to hear."""

import math
from typing import Any

from calls.emulator.flow import Action, Flow
from calls.emulator.sounds import seconds_of
from calls.emulator.speech import seconds_to_say
from calls.emulator.trace import Kind


async def talk(flow: Flow, action: Action) -> None:
    """Read the text, `loop` times, 0 being for ever."""
    text = action["text"]
    seconds = seconds_to_say(text)
    voice = {name: action[name] for name in ("language", "style", "premium", "voiceName", "level") if name in action}
    await _prompt(flow, action, "says", f"talk ({seconds:.1f} s): {text}", seconds, text=text, **voice)


async def stream(flow: Flow, action: Action) -> None:
    """Play a sound. A URL that cannot be fetched plays nothing."""
    url = action["streamUrl"][0]
    _listen_ahead(flow, action)
    seconds = await seconds_of(flow.platform, url)
    if seconds:
        await _prompt(flow, action, "plays", f"stream ({seconds:.1f} s): {url}", seconds, url=url)


async def _prompt(flow: Flow, action: Action, kind: Kind, words: str, seconds: float, **data: Any) -> None:
    """Let it be heard. With `bargeIn`, and an `input` ahead, the sound that this waits for cuts it off: the rest of
    such prompts is skipped, and the input takes what was heard.

    Inferred: an `input` that follows counts its timeout from the end of the prompt.
    """
    ear = flow.leg.ear
    ahead = _listen_ahead(flow, action)
    if ahead and ear.has_heard:
        return
    loop = action.get("loop", 1)
    flow.leg.note(kind, words, detail=True, seconds=round(seconds, 1), loop=loop, **data)
    whole = seconds * loop if loop else math.inf
    if not ahead:
        await flow.platform.clock.sleep(whole)
    elif await ear.heard_within(flow.platform.clock, whole):
        flow.leg.note("cut", "cut off", detail=True)


def _listen_ahead(flow: Flow, action: Action) -> bool:
    """Listen already for what an `input` ahead waits for, where the prompt may be interrupted. Says whether it may."""
    ahead = flow.input_ahead() if action.get("bargeIn") else None
    if ahead:
        flow.leg.ear.listen(ahead.get("type", ["dtmf"]))
    return ahead is not None
