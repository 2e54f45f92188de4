"""`input`: keys and words."""

from typing import Any

from calls.emulator import events
from calls.emulator.ears import DTMF, SPEECH, Key, Speech
from calls.emulator.events import SPEECH_NOT_ASKED, SPEECH_OVERRIDDEN, Fields
from calls.emulator.flow import Action, Flow
from calls.emulator.legs import Leg
from calls.emulator.recordings import Wish
from calls.vonage.ncco import Ncco

DIGITS_SECONDS, MOST_DIGITS = 3, 4  # defaults of `dtmf`
START_SECONDS, SILENCE_SECONDS, LONGEST_SPEECH_SECONDS = 10, 2.0, 60  # defaults of `speech`
CONFIDENCE = ("0.9405097", "0.70543784", "0.5")  # as text, best first; which are given is inferred
NOT_UNDERSTOOD = {"error": "ERR1: Failed to analyze audio"}
NO_DIGITS: Fields = {"digits": None, "timed_out": False}


async def listen(flow: Flow, action: Action) -> Ncco | None:
    """Wait for keys or words, tell what was heard, and ask what to do then."""
    kinds = action.get("type", [DTMF])
    if action.get("mode") == "asynchronous":
        _tell_each_key(flow, action)
        return None
    leg = _who_is_heard(flow, action)
    leg.ear.listen(kinds)
    leg.note("listens", f"listens for {' or '.join(kinds)}", detail=True, kinds=list(kinds))
    wants_sound = SPEECH in kinds and bool((action.get("speech") or {}).get("saveAudio"))
    wish = Wish(format="wav")  # inferred
    sound = leg.platform.recordings.start(leg.conversation, leg.application, wish) if wants_sound else None
    try:
        dtmf, speech = await _hear(leg, action, kinds)
    finally:
        leg.ear.listen(())
        if sound:
            sound.stop()
    if sound and "timeout_reason" in speech:
        speech = speech | {"recording_url": sound.url}
    return await flow.ask(action, events.heard(leg, flow.platform.clock.now(), dtmf=dtmf, speech=speech))


def _tell_each_key(flow: Flow, action: Action) -> None:
    """From here to the end of the call each key is told by itself, as an input of its own: so an NCCO in the reply
    replaces what runs then (inferred). A key that has cut a prompt off was pressed for it, too.
    """
    keys, ear, target = flow.leg.keys, flow.leg.ear, flow.target(action)
    was_told = target in keys.targets
    keys.tell_to(target, flow.obey)
    flow.leg.note("listens", "tells each key", detail=True, kinds=[DTMF])
    for key in ear.take_keys():
        if not was_told:
            keys.tell(key, target)


def _who_is_heard(flow: Flow, action: Action) -> Leg:
    """The leg that `speech` names, as long as it is in the call; else the one whose NCCO this is (inferred)."""
    named = next(iter((action.get("speech") or {}).get("uuid", [])), "")
    other = flow.platform.legs.get(named)
    return other if other and not other.is_over and other in flow.leg.conversation.legs else flow.leg


async def _hear(leg: Leg, action: Action, kinds: list[str]) -> tuple[Fields, Fields]:
    """What comes first wins. Where both are awaited, silence is told as that of speech (inferred)."""
    options = action.get("speech") or {}
    wait = options.get("startTimeout", START_SECONDS) if SPEECH in kinds else _digits(action, "timeOut", DIGITS_SECONDS)
    sound: Key | Speech | None = await leg.ear.next(leg.platform.clock, float(wait))
    speech: Fields = {}
    if isinstance(sound, Speech):
        speech, sound = await _words(leg, options, sound, kinds)
    if isinstance(sound, Key):
        overridden = SPEECH_OVERRIDDEN if SPEECH in kinds else SPEECH_NOT_ASKED
        return await _keys(leg, action, sound.key), overridden
    if speech:
        return NO_DIGITS, speech
    leg.note("note", "input: nothing said" if SPEECH in kinds else "input: no key pressed")
    if SPEECH in kinds:
        return NO_DIGITS, {"timeout_reason": "start_timeout", "results": []}
    return {"digits": "", "timed_out": True}, SPEECH_NOT_ASKED


async def _keys(leg: Leg, action: Action, first: str) -> Fields:
    """Gather keys until there are enough, `#` submits them, or none comes any more: the time counts from the last."""
    most = int(_digits(action, "maxDigits", MOST_DIGITS))
    seconds = float(_digits(action, "timeOut", DIGITS_SECONDS))
    submits = bool(_digits(action, "submitOnHash", False))
    digits, timed_out, sound = "", False, Key(first)
    leg.ear.listen([DTMF])
    while True:
        if submits and sound.key == "#":
            break
        digits += sound.key
        if len(digits) >= most:
            break
        following = await leg.ear.next(leg.platform.clock, seconds)
        if not isinstance(following, Key):
            timed_out = True
            break
        sound = following
    leg.note("note", f"input: {digits or 'no key'}", digits=digits)
    return {"digits": digits, "timed_out": timed_out}


async def _words(leg: Leg, options: Fields, first: Speech, kinds: list[str]) -> tuple[Fields, Key | None]:
    """Listen to the end of what is said: until silence, or as long as is listened at most. A key meanwhile wins, where
    keys are asked for, too.
    """
    clock, ear = leg.platform.clock, leg.ear
    silence = float(options.get("endOnSilence", SILENCE_SECONDS))
    ends_at = clock.elapsed() + float(options.get("maxDuration", LONGEST_SPEECH_SECONDS))
    quiet_at, said, also = clock.elapsed() + first.seconds, [first.text], first.also
    ear.listen((), takes=kinds)
    while True:
        following = await ear.next(clock, max(min(quiet_at + silence, ends_at) - clock.elapsed(), 0.0))
        if isinstance(following, Key):
            return {}, following
        if following is None:
            break
        quiet_at = max(quiet_at, clock.elapsed() + following.seconds)
        said.append(following.text)
        also = ()
    reason = "end_on_silence_timeout" if quiet_at + silence <= ends_at else "max_duration"
    text = " ".join(words for words in said if words)
    leg.note("note", f"input: “{text}”", text=text)
    if not any(character.isalnum() for character in text):  # inferred: what else the platform would not understand
        return {"timeout_reason": reason} | NOT_UNDERSTOOD, None
    results = [
        {"confidence": confidence, "text": words} for confidence, words in zip(CONFIDENCE, (text, *also), strict=False)
    ]
    return {"timeout_reason": reason, "results": results}, None


def _digits(action: Action, name: str, default: Any) -> Any:
    """Give an option of `dtmf`. In 2018 they were options of the action itself, and are still read there."""
    return (action.get("dtmf") or {}).get(name, action.get(name, default))
