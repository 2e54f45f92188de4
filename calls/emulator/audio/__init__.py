"""Sound files, made without an encoder: silence, and tones in place of voices.

Each form has a size that follows from its length alone, so a recording need not be made to know how long it is.
"""

from collections.abc import Callable, Iterator

from calls.emulator.audio import mp3, ogg, wav
from calls.emulator.audio.tones import Format, Tone, Tracks

CONTENT_TYPES: dict[Format, str] = {"mp3": "audio/mpeg", "wav": "audio/wav", "ogg": "audio/ogg"}
_SIZES: dict[Format, Callable[[int, float], int]] = {"mp3": mp3.size, "wav": wav.size, "ogg": ogg.size}
_CHUNKS: dict[Format, Callable[[int, float, Tracks], Iterator[bytes]]] = {
    "mp3": mp3.chunks,
    "wav": wav.chunks,
    "ogg": ogg.chunks,
}

__all__ = ["CONTENT_TYPES", "Format", "Tone", "Tracks", "chunks", "size"]


def size(form: Format, channels: int, seconds: float) -> int:
    """Give the bytes of a file of so many seconds."""
    return _SIZES[form](channels, seconds)


def chunks(form: Format, channels: int, seconds: float, tracks: Tracks) -> Iterator[bytes]:
    """Give the file piece by piece. `tracks` has for each channel what sounds when."""
    return _CHUNKS[form](channels, seconds, tracks)
