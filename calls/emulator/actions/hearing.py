"""`input`: keys and words."""

from typing import Any

from calls.emulator import events
from calls.emulator.ears import DTMF, SPEECH, Key, Speech
from calls.emulator.events import SPEECH_NOT_ASKED, SPEECH_OVERRIDDEN, Fields
from calls.emulator.flow import Action, Flow
from calls.vonage.ncco import Ncco

DIGITS_SECONDS, MOST_DIGITS = 3, 4  # defaults of `dtmf`
START_SECONDS, SILENCE_SECONDS, LONGEST_SPEECH_SECONDS = 10, 2.0, 60  # defaults of `speech`
CONFIDENCE = ("0.9405097", "0.70543784")  # as text, best first; which are given is inferred
NO_DIGITS: Fields = {"digits": None, "timed_out": False}


async def listen(flow: Flow, action: Action) -> Ncco | None:
    """Wait for keys or words, tell what was heard, and ask what to do then."""
    kinds = action.get("type", [DTMF])
    if action.get("mode") == "asynchronous":  # from here to the end of the call each key is told by itself
        target = flow.target(action)
        if target not in flow.leg.key_targets:
            flow.leg.key_targets.append(target)
        return None
    leg = flow.leg
    leg.ear.listen(kinds)
    leg.note("listens", f"listens for {' or '.join(kinds)}", detail=True, kinds=list(kinds))
    try:
        dtmf, speech = await _hear(flow, action, kinds)
    finally:
        leg.ear.listen(())
    return await flow.ask(action, events.heard(leg, flow.platform.clock.now(), dtmf=dtmf, speech=speech))


async def _hear(flow: Flow, action: Action, kinds: list[str]) -> tuple[Fields, Fields]:
    """What comes first wins. Where both are awaited, silence is told as that of speech (inferred)."""
    options = action.get("speech") or {}
    wait = options.get("startTimeout", START_SECONDS) if SPEECH in kinds else _digits(action, "timeOut", DIGITS_SECONDS)
    first = await flow.leg.ear.next(flow.platform.clock, float(wait))
    match first:
        case Key(key):
            speech = SPEECH_OVERRIDDEN if SPEECH in kinds else SPEECH_NOT_ASKED
            return await _keys(flow, action, key), speech
        case Speech(text, seconds):
            return NO_DIGITS, await _words(flow, options, text, seconds)
    flow.leg.note("note", "input: nothing said" if SPEECH in kinds else "input: no key pressed")
    if SPEECH in kinds:
        return NO_DIGITS, {"timeout_reason": "start_timeout", "results": []}
    return {"digits": "", "timed_out": True}, SPEECH_NOT_ASKED


async def _keys(flow: Flow, action: Action, first: str) -> Fields:
    """Gather keys until there are enough, `#` submits them, or none comes any more: the time counts from the last."""
    most = int(_digits(action, "maxDigits", MOST_DIGITS))
    seconds = float(_digits(action, "timeOut", DIGITS_SECONDS))
    submits = bool(_digits(action, "submitOnHash", False))
    digits, timed_out, sound = "", False, Key(first)
    flow.leg.ear.listen([DTMF])
    while True:
        if submits and sound.key == "#":
            break
        digits += sound.key
        if len(digits) >= most:
            break
        following = await flow.leg.ear.next(flow.platform.clock, seconds)
        if not isinstance(following, Key):
            timed_out = True
            break
        sound = following
    flow.leg.note("note", f"input: {digits or 'no key'}", digits=digits)
    return {"digits": digits, "timed_out": timed_out}


async def _words(flow: Flow, options: Fields, text: str, seconds: float) -> Fields:
    """Listen to the end of what is said: until silence, or as long as is listened at most."""
    silence = float(options.get("endOnSilence", SILENCE_SECONDS))
    longest = float(options.get("maxDuration", LONGEST_SPEECH_SECONDS))
    flow.leg.ear.listen([])
    reason = "end_on_silence_timeout" if seconds + silence <= longest else "max_duration"
    await flow.platform.clock.sleep(min(seconds + silence, longest))
    flow.leg.note("note", f"input: “{text}”", text=text)
    return {"timeout_reason": reason, "results": [{"confidence": CONFIDENCE[0], "text": text}]}


def _digits(action: Action, name: str, default: Any) -> Any:
    """Give an option of `dtmf`. In 2018 they were options of the action itself, and are still read there."""
    return (action.get("dtmf") or {}).get(name, action.get(name, default))
