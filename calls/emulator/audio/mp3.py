"""MP3: 16 kHz, 32 kbit/s, which is MPEG-2 layer III in frames of 144 bytes and 36 ms.

A frame is written as the few numbers that a steady tone is to this format: which of the 576 frequencies sound, and
how loud. Nothing refers to another frame, so frames can be joined at will.
"""

from collections.abc import Iterator
from functools import cache

from calls.emulator.audio.tones import FREQUENCIES, Tone, Tracks, steps

RATE = 16_000
SAMPLES = 576  # in a frame
FRAME_BYTES = 144
FRAME_SECONDS = SAMPLES / RATE
HEADERS = {1: b"\xff\xf3\x48\xc4", 2: b"\xff\xf3\x48\x04"}  # mono, stereo
SIDE_BITS = {1: 1, 2: 2}  # that mean nothing, after the first eight
LOUD = 199  # the gain of a tone; each four less halve it
BIN_HERTZ = RATE / 2 / SAMPLES
# Two neighbours at a time, each 0 or 1: the first code table of the format. A sign follows each 1.
PAIRS = {(0, 0): "1", (0, 1): "001", (1, 0): "01", (1, 1): "000"}


def size(channels: int, seconds: float) -> int:
    return _frames(seconds) * FRAME_BYTES


def chunks(channels: int, seconds: float, tracks: Tracks) -> Iterator[bytes]:
    for index, tones in enumerate(steps(tracks, FRAME_SECONDS, _frames(seconds))):
        yield frame(tones, bool(index % 2))


@cache
def frame(tones: tuple[Tone, ...], odd: bool) -> bytes:
    """One frame. The signs turn from frame to frame, as those of a steady tone do."""
    channels = len(tones)
    data = [_lines(tone, odd) for tone in tones]
    side = "0" * (8 + SIDE_BITS[channels])
    for tone, (bits, pairs) in zip(tones, data, strict=True):
        side += f"{len(bits):012b}{pairs:09b}{LOUD if tone != 'silence' else 0:08b}{0:09b}0"
        side += f"{1 if pairs else 0:05b}" * 3 + "0000" + "000" + "0" + "0"
    whole = side + "".join(bits for bits, _ in data)
    whole += "0" * (8 * (FRAME_BYTES - 4) - len(whole))
    return HEADERS[channels] + int(whole, 2).to_bytes(FRAME_BYTES - 4, "big")


def _lines(tone: Tone, odd: bool) -> tuple[str, int]:
    """Give the frequencies as bits, and how many pairs they are."""
    bins = {int(hertz / BIN_HERTZ) for hertz in FREQUENCIES[tone]}
    if not bins:
        return "", 0
    pairs = max(bins) // 2 + 1
    bits = []
    for pair in range(pairs):
        values = (int(2 * pair in bins), int(2 * pair + 1 in bins))
        bits.append(PAIRS[values] + ("1" if odd else "0") * sum(values))
    return "".join(bits), pairs


def _frames(seconds: float) -> int:
    return round(max(seconds, 0.0) / FRAME_SECONDS)
