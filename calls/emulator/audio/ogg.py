"""Ogg with Opus in it, in packets of 40 bytes and 20 ms: 16 kbit/s for each channel. The codec is inferred.

The packets of the tones were encoded once; they are data here. A packet more or less is no matter to a decoder.
"""

import struct
import zlib
from base64 import b64decode
from collections.abc import Iterator
from functools import cache

from calls.emulator.audio.tones import Tone, Tracks, steps

CLOCK = 48_000  # Opus counts by it, whatever the sound was
RATE = 16_000
PACKET_SECONDS = 0.02
PACKET_BYTES = 40
MOST_PACKETS_A_PAGE = 50  # one second
PAGE_BYTES = 27  # of a page's head, before its table
SEGMENT_BYTES = 255
SERIAL = 1
SKIP = 312  # samples at the beginning that are not heard, as encoders have it
FIRST, LAST = 2, 4  # flags of a page
PACKETS: dict[Tone, bytes] = {
    "silence": b"\xf8\xff\xfe".ljust(PACKET_BYTES, b"\0"),
    "caller": b64decode("mNimfSv9Uu4I6gWFJ9NL7zgi2byaNtG8VPIV1m1c1/TZkQry9eauQQ=="),
    "callee": b64decode("mMM2WdIAgdGPYlHhlMOaJYXhFkUkZ7ObqtTneyMmt+G+bL75p0FzcQ=="),
    "platform": b64decode("mMDX8ueV2BuGC/85mWUVbqxoKBPXWAKJXEt1FrEkn+kSIML49H3rQQ=="),
    "beep": b64decode("+KkgFQIhXZ0NiMnPYP14qMqB4z3KZSlG6Nze87aOqokOoNpl5Ykj8Q=="),
    "key": b64decode("+K13SrPkWiaLVF2hZOK6fBqQB/GGsRrvzc6mBTzgE0YCtzjs7bBDEA=="),
}
MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def size(channels: int, seconds: float) -> int:
    packets, most = _packets(seconds), _packets_a_page(channels)
    heads = sum(PAGE_BYTES + _with_table(len(head)) for head in _heads(channels))
    pages = -(-packets // most)
    return heads + pages * PAGE_BYTES + packets * _with_table(_packet_bytes(channels))


def chunks(channels: int, seconds: float, tracks: Tracks) -> Iterator[bytes]:
    left, most = _packets(seconds), _packets_a_page(channels)
    for index, head in enumerate(_heads(channels)):
        yield page([head], index, 0, FIRST if index == 0 else LAST if index and not left else 0)
    sounds = steps(tracks, PACKET_SECONDS, left)
    number, done = 2, 0
    while left:
        packets = [packet(next(sounds)) for _ in range(min(most, left))]
        left -= len(packets)
        done += len(packets)
        yield page(packets, number, done * round(CLOCK * PACKET_SECONDS), 0 if left else LAST)
        number += 1


def page(packets: list[bytes], number: int, position: int, flags: int) -> bytes:
    """One page. `position` is that of its last sample."""
    table = b"".join(
        bytes([SEGMENT_BYTES]) * (len(one) // SEGMENT_BYTES) + bytes([len(one) % SEGMENT_BYTES]) for one in packets
    )
    head = struct.pack("<4sBBqIII", b"OggS", 0, flags, position, SERIAL, number, 0) + bytes([len(table)]) + table
    whole = head + b"".join(packets)
    return whole[:22] + struct.pack("<I", checksum(whole)) + whole[26:]


def checksum(data: bytes) -> int:
    """Give the CRC of a page. It is that of ZIP, with all bits in the opposite order and other ends."""
    mirrored = zlib.crc32(data.translate(MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


@cache
def packet(tones: tuple[Tone, ...]) -> bytes:
    """20 ms of these tones, a channel each. All but the last say how long they are."""
    *others, last = (PACKETS[tone] for tone in tones)
    return b"".join(one[:1] + bytes([PACKET_BYTES - 1]) + one[1:] for one in others) + last


def _heads(channels: int) -> tuple[bytes, bytes]:
    """What the sound is, and who made it. Each channel is by itself: family 255, but for one alone."""
    family = 255 if channels > 1 else 0
    mapping = bytes([channels, 0, *range(channels)]) if family else b""
    first = struct.pack("<8sBBHIhB", b"OpusHead", 1, channels, SKIP, RATE, 0, family) + mapping
    vendor = b"local Vonage"
    return first, struct.pack("<8sI", b"OpusTags", len(vendor)) + vendor + struct.pack("<I", 0)


def _packets_a_page(channels: int) -> int:
    """A page has 255 segments at most."""
    return min(MOST_PACKETS_A_PAGE, SEGMENT_BYTES // (_packet_bytes(channels) // SEGMENT_BYTES + 1))


def _packet_bytes(channels: int) -> int:
    return channels * PACKET_BYTES + channels - 1


def _with_table(packet_bytes: int) -> int:
    return packet_bytes // SEGMENT_BYTES + 1 + packet_bytes


def _packets(seconds: float) -> int:
    return round(max(seconds, 0.0) / PACKET_SECONDS)
