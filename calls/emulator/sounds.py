"""The sounds that applications have played: fetched, to know how long they are."""

import struct
from typing import TYPE_CHECKING

import aiohttp

from calls.emulator.webhooks import USER_AGENT

if TYPE_CHECKING:
    from calls.emulator.platform import Platform

FETCH_SECONDS = 5.0  # inferred, as are the limits below
MOST_BYTES = 20 * 1024 * 1024
PCM = 1
BITS = 16
# Of MPEG audio layer III: kilobits a second by index, for version 1 and for versions 2 and 2.5; samples a second.
BITRATES = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
LAYER_THREE = 1
MOST_STRAYS = 10_000  # places that look like a frame and are none: with more of them it is no sound


class NoSound(Exception):
    """It cannot be played; the text says why, and what to do."""


async def seconds_of(platform: "Platform", url: str) -> float:
    """Fetch a sound and say how long it plays. One that cannot be fetched or read plays nothing, and is a finding."""
    return await platform.clock.run(_seconds_of(platform, url))


async def _seconds_of(platform: "Platform", url: str) -> float:
    try:
        return length(await _fetch(url))
    except NoSound as fault:
        platform.sender.note(f"GET {url.partition('?')[0]}: {fault}")
        return 0.0


async def _fetch(url: str) -> bytes:
    limits = aiohttp.ClientTimeout(total=FETCH_SECONDS)
    received = bytearray()
    try:
        async with (
            aiohttp.ClientSession(timeout=limits, headers={"User-Agent": USER_AGENT}) as session,
            session.get(url) as response,
        ):
            if response.status != 200:
                raise NoSound(f"status {response.status} instead of a sound, so nothing is played.")
            async for chunk in response.content.iter_any():
                received += chunk
                if len(received) > MOST_BYTES:
                    raise NoSound(f"the sound is longer than {MOST_BYTES:,} bytes, so nothing is played.")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise NoSound(f"no sound came ({str(error) or type(error).__name__}), so nothing is played.") from error
    return bytes(received)


def length(data: bytes) -> float:
    """Give the seconds of a WAV or an MP3. Raises NoSound."""
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return _wav_seconds(data)
    seconds = _mp3_seconds(data)
    if not seconds:
        raise NoSound("it is neither an MP3 nor a WAV, so nothing is played. Serve one of these.")
    return seconds


def _wav_seconds(data: bytes) -> float:
    at, bytes_a_second = 12, 0
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        at += 8
        if name == b"fmt " and at + 16 <= len(data):
            form, _, _, bytes_a_second, _, bits = struct.unpack_from("<HHIIHH", data, at)
            if form != PCM or bits != BITS:
                raise NoSound("the WAV is not 16 bit PCM, so nothing is played. Convert it.")
        elif name == b"data" and bytes_a_second:
            return float(min(size, len(data) - at)) / bytes_a_second
        at += size + size % 2
    raise NoSound("the WAV is not whole, so nothing is played.")


def _mp3_seconds(data: bytes) -> float:
    """Add up its frames. Tags before, between and after them are passed over."""
    at, seconds, strays = _after_tag(data), 0.0, 0
    while strays < MOST_STRAYS and (at := data.find(b"\xff", at)) >= 0 and at + 4 <= len(data):
        size, lasts = _frame(data[at : at + 4])
        if size and _may_follow(data, at + size):
            seconds += lasts
            at += size
        else:
            strays += 1
            at += 1
    return seconds


def _may_follow(data: bytes, at: int) -> bool:
    """Whether a frame may end here: another begins, or a tag, or it is the last."""
    return at >= len(data) - 1 or data[at] == 0xFF or data[at : at + 3] == b"TAG"


def _after_tag(data: bytes) -> int:
    """Where the sound begins after an ID3 tag, whose size is written in seven bits a byte."""
    if data[:3] != b"ID3" or len(data) < 10:
        return 0
    return 10 + (data[6] << 21 | data[7] << 14 | data[8] << 7 | data[9])


def _frame(head: bytes) -> tuple[int, float]:
    """Give the bytes and the seconds of a frame of layer III; 0 where it is none."""
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bitrate, rate, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if head[1] < 0xE0 or version == 1 or layer != LAYER_THREE or bitrate in {0, 15} or rate == 3:
        return 0, 0.0
    samples = 1152 if version == 3 else 576
    hertz = RATES[version][rate]
    kilobits = BITRATES[3 if version == 3 else 2][bitrate]
    return samples // 8 * kilobits * 1000 // hertz + padding, samples / hertz
