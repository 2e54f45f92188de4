"""What a caller heard and did, read from the events of their call, for the sentence that tells it."""

from collections.abc import Iterable, Mapping

from calls.records.heard import cut, spoken
from calls.records.moments import EventRow, is_message, keys_of, served_actions
from calls.records.sentence import Deeds
from calls.vonage.events import parse_time, text_of


def first_text(answers: Iterable[EventRow]) -> str:
    """The first text that a caller was to hear, in quotes."""
    actions = (action for event in answers for action in served_actions(event))
    return next((spoken(action) for action in actions if action.get("action") == "talk"), "")


def deeds_of(events: Iterable[EventRow], heard: str, *, message: bool) -> Deeds:
    keys: list[str] = []
    said = ""
    lasted = None
    for event in events:
        payload = event.payload if isinstance(event.payload, dict) else {}
        if event.kind == "input":
            keys += [pressed] if (pressed := keys_of(payload)) and len(keys) < 3 else []
            said = said or _best_speech(payload)
        elif message and is_message(event):
            times = [parse_time(payload.get(name)) for name in ("start_time", "end_time")]
            if times[0] and times[1] and times[1] >= times[0]:
                lasted = times[1] - times[0]
    return Deeds(heard, tuple(keys), said, lasted)


def _best_speech(payload: Mapping[str, object]) -> str:
    speech = payload.get("speech")
    results = speech.get("results") if isinstance(speech, dict) else None
    best = results[0] if isinstance(results, list) and results else None
    text = text_of(best.get("text")) if isinstance(best, dict) else ""
    return f"“{cut(text, 60)}”" if text else ""
