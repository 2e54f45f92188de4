"""What was said in a recording, as the JSON that `transcription_url` gives.

Its names are those that programs in public read from it; which figures stand there is inferred. Times are milliseconds.
"""

from dataclasses import dataclass
from typing import Any

CONFIDENCE = 0.97  # of each word; a machine that knows what was said is sure of it


@dataclass(frozen=True)
class Sentence:
    """Something said, in seconds from the beginning."""

    text: str
    start: float
    end: float


def transcript(recording_uuid: str, channels: list[list[Sentence]], seconds: float) -> dict[str, Any]:
    """Write it down, a list of sentences for each channel."""
    return {
        "ver": "1.0.0",
        "request_id": recording_uuid,
        "channels": [
            {"transcript": [_sentence(one) for one in sentences], "duration": _milliseconds(seconds)}
            for sentences in channels
        ],
    }


def _sentence(one: Sentence) -> dict[str, Any]:
    """Words are taken to be equally long."""
    words = one.text.split()
    step = (one.end - one.start) / max(len(words), 1)
    return {
        "sentence": one.text,
        "raw_sentence": " ".join(word.strip(".,;:!?").lower() for word in words),
        "duration": _milliseconds(one.end - one.start),
        "timestamp": _milliseconds(one.start),
        "words": [
            {
                "word": word,
                "start_time": _milliseconds(one.start + index * step),
                "end_time": _milliseconds(one.start + (index + 1) * step),
                "confidence": CONFIDENCE,
            }
            for index, word in enumerate(words)
        ],
    }


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
