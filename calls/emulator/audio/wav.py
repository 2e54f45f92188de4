"""WAV: 16 bit, 16 kHz, uncompressed."""

import math
import struct
from array import array
from collections.abc import Iterator
from functools import cache

from calls.emulator.audio.tones import FREQUENCIES, Tone, Tracks, steps

RATE = 16_000  # samples a second
BLOCK = RATE // 50  # samples in 20 ms
HEADER_BYTES = 44
LOUDNESS = 9_000  # of 32,767
MOST_BYTES = 0xFFFFFFFF


def size(channels: int, seconds: float) -> int:
    return HEADER_BYTES + _blocks(seconds) * BLOCK * channels * 2


def chunks(channels: int, seconds: float, tracks: Tracks) -> Iterator[bytes]:
    blocks = _blocks(seconds)
    yield header(channels, blocks * BLOCK * channels * 2)
    for tones in steps(tracks, BLOCK / RATE, blocks):
        yield block(tones)


def header(channels: int, data_bytes: int, rate: int = RATE) -> bytes:
    """What stands before the samples. It can tell of 4 GB at most."""
    frame = channels * 2
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate, rate * frame, frame, 16)
    whole = min(HEADER_BYTES - 8 + data_bytes, MOST_BYTES)
    return (
        struct.pack("<4sI4s", b"RIFF", whole, b"WAVE")
        + form
        + struct.pack("<4sI", b"data", min(data_bytes, MOST_BYTES))
    )


@cache
def block(tones: tuple[Tone, ...]) -> bytes:
    """20 ms of these tones, a channel each."""
    samples = array("h", bytes(2 * BLOCK * len(tones)))
    for channel, tone in enumerate(tones):
        samples[channel :: len(tones)] = _samples(tone)
    if struct.pack("=H", 1) != struct.pack("<H", 1):
        samples.byteswap()
    return samples.tobytes()


@cache
def _samples(tone: Tone) -> "array[int]":
    waves = FREQUENCIES[tone]
    return array(
        "h",
        (
            round(
                sum(
                    LOUDNESS / (1 + rank) * math.sin(2 * math.pi * wave * index / RATE)
                    for rank, wave in enumerate(waves)
                )
            )
            for index in range(BLOCK)
        ),
    )


def _blocks(seconds: float) -> int:
    return round(max(seconds, 0.0) * RATE / BLOCK)
