"""Sound files as the platform makes them: a hum where somebody spoke, silence elsewhere.

MP3 and Ogg are silent throughout: there is no encoder here, only frames that are known to decode to silence.
"""

import io
import math
import struct
import wave
from array import array
from collections.abc import Sequence
from functools import cache

CONTENT_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav", "ogg": "audio/ogg"}
RATE = 16_000  # samples a second
LONGEST_SECONDS = 600.0  # of sound that is really made; a longer recording is told with its whole length
HUM_HERTZ, LOUDNESS = 220, 6_000

MP3_FRAME_SECONDS = 0.036  # 576 samples
MP3_PADDING_FRAMES = 2  # as seen: 9 s are 36,288 bytes
# MPEG-2 layer III, 32 kbit/s, 16 kHz, mono; side information and data of nought are silence.
MP3_FRAME = bytes([0xFF, 0xF3, 0x48, 0xC0]) + bytes(140)

OPUS_PACKET = bytes([0xF8, 0xFF, 0xFE])  # 20 ms of silence
OPUS_PACKET_SECONDS, OPUS_SAMPLES = 0.02, 960  # at 48 kHz, which Ogg counts in whatever the rate
PACKETS_ON_A_PAGE = 50
FIRST_PAGE, LAST_PAGE = 2, 4  # flags

Spoken = Sequence[tuple[float, float]]  # from, to: seconds


def make(kind: str, seconds: float, *, channels: int = 1, spoken: Spoken = ()) -> bytes:
    """Make a file of this length: "mp3", "wav" or "ogg"."""
    seconds = min(max(seconds, 0.0), LONGEST_SECONDS)
    if kind == "wav":
        return _wav(seconds, channels, spoken)
    return _ogg(seconds, channels) if kind == "ogg" else _mp3(seconds)


def _wav(seconds: float, channels: int, spoken: Spoken) -> bytes:
    samples = array("h", bytes(2 * int(seconds * RATE)))
    for start, end in spoken:
        for index in range(int(start * RATE), min(int(end * RATE), len(samples))):
            samples[index] = int(LOUDNESS * math.sin(2 * math.pi * HUM_HERTZ * index / RATE))
    if channels > 1:  # the first caller's is the first channel; nobody hums in the others
        wide = array("h", bytes(2 * len(samples) * channels))
        wide[::channels] = samples
        samples = wide
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(samples.tobytes())
    return file.getvalue()


def _mp3(seconds: float) -> bytes:
    return MP3_FRAME * (math.ceil(round(seconds / MP3_FRAME_SECONDS, 6)) + MP3_PADDING_FRAMES)


def _ogg(seconds: float, channels: int) -> bytes:
    """Opus in Ogg (RFC 7845)."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, min(channels, 2), 0, RATE, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 5) + b"local" + struct.pack("<I", 0)
    pages = [_page([head], 0, 0, FIRST_PAGE), _page([tags], 0, 1, 0)]
    count = max(math.ceil(seconds / OPUS_PACKET_SECONDS), 1)
    for start in range(0, count, PACKETS_ON_A_PAGE):
        end = min(start + PACKETS_ON_A_PAGE, count)
        flags = LAST_PAGE if end == count else 0
        pages.append(_page([OPUS_PACKET] * (end - start), end * OPUS_SAMPLES, len(pages), flags))
    return b"".join(pages)


def _page(packets: list[bytes], position: int, number: int, flags: int) -> bytes:
    sizes = bytes(len(packet) for packet in packets)
    head = b"OggS" + struct.pack("<BBqIIIB", 0, flags, position, 1, number, 0, len(sizes))
    page = bytearray(head + sizes + b"".join(packets))
    page[22:26] = struct.pack("<I", _checksum(bytes(page)))
    return bytes(page)


@cache
def _table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = ((value << 1) ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        table.append(value)
    return tuple(table)


def _checksum(page: bytes) -> int:
    value, table = 0, _table()
    for byte in page:
        value = ((value << 8) & 0xFFFFFFFF) ^ table[(value >> 24) ^ byte]
    return value
