"""Making actions: each builder leaves out what is Vonage's default anyway, and checks nothing (`check` does)."""

from typing import Any


def talk(
    text: str,
    *,
    language: str,
    style: int,
    premium: bool = False,
    level: float = 0,
    loop: int = 1,
    barge_in: bool = False,
) -> dict[str, Any]:
    """Say `text`, plain or SSML. Language and style are always sent, so that the voice does not hang on a default.

    `level` is the volume, -1 to 1; `loop` how often, 0 for ever; `barge_in` lets a key cut it off, and needs
    an `input` after it.
    """
    action: dict[str, Any] = {"action": "talk", "text": text, "language": language, "style": style}
    options = {"premium": (premium, False), "level": (level, 0), "loop": (loop, 1), "bargeIn": (barge_in, False)}
    return action | {name: value for name, (value, default) in options.items() if value != default}


def stream(url: str, *, level: float = 0, loop: int = 1, barge_in: bool = False) -> dict[str, Any]:
    """Play the sound at `url`, an MP3 or a WAV of 16 bits. The options are those of `talk`."""
    action: dict[str, Any] = {"action": "stream", "streamUrl": [url]}
    options = {"level": (level, 0), "loop": (loop, 1), "bargeIn": (barge_in, False)}
    return action | {name: value for name, (value, default) in options.items() if value != default}
