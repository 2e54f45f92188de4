"""Sound files that are made without an encoder: whole, as long as they say, with a tone where somebody spoke.

The frames were heard through the decoders of FFmpeg; what is read here is what a decoder reads first.
"""

import io
import math
import random
import struct
import time
import wave
from array import array
from contextlib import suppress

import pytest

from calls.emulator import audio
from calls.emulator.audio import mp3, ogg
from calls.emulator.audio.tones import FREQUENCIES, Format, Tracks
from calls.emulator.sounds import NoSound, length

pytestmark = pytest.mark.once
SPOKEN: Tracks = [[(1.0, 2.0, "caller"), (3.0, 3.5, "beep")]]
FORMATS: list[tuple[Format, int]] = [("mp3", 1), ("mp3", 2), ("wav", 1), ("wav", 2), ("wav", 32)]
OGGS = [1, 2, 6, 7, 32]


def made(form: Format, channels: int, seconds: float, tracks: Tracks = SPOKEN) -> bytes:
    silent: Tracks = [[] for _ in range(channels - len(tracks))]
    return b"".join(audio.chunks(form, channels, seconds, tracks + silent))


@pytest.mark.parametrize(("form", "channels"), FORMATS)
def test_file_is_as_long_as_the_recording(form: Format, channels: int) -> None:
    data = made(form, channels, 9.0)
    assert len(data) == audio.size(form, channels, 9.0)
    assert abs(length(data) - 9.0) <= mp3.FRAME_SECONDS


def test_mp3_has_the_size_that_was_seen() -> None:
    assert audio.size("mp3", 1, 9.07) == 36288  # of a recording of nine seconds


@pytest.mark.parametrize("channels", OGGS)
def test_ogg_is_of_whole_pages(channels: int) -> None:
    data = made("ogg", channels, 9.0)
    assert len(data) == audio.size("ogg", channels, 9.0)
    pages, position, at = 0, 0, 0
    flags: list[int] = []
    while at < len(data):
        head = struct.unpack_from("<4sBBqIIIB", data, at)
        table = data[at + 27 : at + 27 + head[7]]
        end = at + 27 + head[7] + sum(table)
        whole = data[at:end]
        assert head[0] == b"OggS"
        assert head[5] == pages
        assert head[6] == slow_checksum(whole[:22] + bytes(4) + whole[26:])
        pages, position, at = pages + 1, head[3], end
        flags.append(head[2])
    assert position == 9 * 48_000
    assert flags[0] == ogg.FIRST
    assert flags[-1] == ogg.LAST
    assert not any(flags[1:-1])
    assert data[28:36] == b"OpusHead"
    assert data[37] == channels


def slow_checksum(data: bytes) -> int:
    """The checksum of Ogg, a bit at a time."""
    found = 0
    for byte in data:
        found ^= byte << 24
        for _ in range(8):
            found = (found << 1 ^ 0x04C11DB7 if found & 0x80000000 else found << 1) & 0xFFFFFFFF
    return found


@pytest.mark.parametrize("form", ["mp3", "wav", "ogg"])
def test_recording_of_no_time_is_a_file_all_the_same(form: Format) -> None:
    assert len(made(form, 1, 0.0)) == audio.size(form, 1, 0.0)


def test_wav_has_a_tone_where_somebody_spoke_in_the_channel_of_that_party() -> None:
    with wave.open(io.BytesIO(made("wav", 2, 5.0, [*SPOKEN, [(2.0, 3.0, "platform")]]))) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (2, 2, 16_000)
        samples = array("h", sound.readframes(sound.getnframes()))
    left, right = samples[::2], samples[1::2]
    assert loudness(left, 0.1, 0.9) == 0
    assert loudness(left, 1.1, 1.9) > 1000
    assert loudness(right, 1.1, 1.9) == 0
    assert loudness(right, 2.1, 2.9) > 1000
    assert strength(left, 3.0, 3.5, FREQUENCIES["beep"][0]) > 10 * strength(left, 3.0, 3.5, 400)


def loudness(samples: "array[int]", start: float, end: float) -> float:
    part = samples[int(start * 16_000) : int(end * 16_000)]
    return math.sqrt(sum(one * one for one in part) / len(part))


def strength(samples: "array[int]", start: float, end: float, hertz: float) -> float:
    part = samples[int(start * 16_000) : int(end * 16_000)]
    turns = [2 * math.pi * hertz * index / 16_000 for index in range(len(part))]
    sine = sum(one * math.sin(turn) for one, turn in zip(part, turns, strict=True))
    cosine = sum(one * math.cos(turn) for one, turn in zip(part, turns, strict=True))
    return math.hypot(sine, cosine)


def test_mp3_frames_differ_where_somebody_spoke() -> None:
    data = made("mp3", 1, 5.0)
    frames = [data[at : at + mp3.FRAME_BYTES] for at in range(0, len(data), mp3.FRAME_BYTES)]
    sounds = [any(frame[13:]) for frame in frames]
    assert not any(sounds[:27])
    assert all(sounds[29:55])
    assert not any(sounds[56:83])
    assert all(frame[:4] == b"\xff\xf3\x48\xc4" for frame in frames)


def test_two_hours_are_made_in_pieces() -> None:
    pieces = audio.chunks("wav", 1, 7200.0, [[]])
    assert audio.size("wav", 1, 7200.0) == 44 + 7200 * 32_000
    assert len(next(pieces)) + len(next(pieces)) < 10_000


# Sounds of others, whose length is to be known.


def test_length_of_a_wav_that_has_more_in_it() -> None:
    plain = made("wav", 1, 2.0)
    listed = plain[:12] + b"LIST" + struct.pack("<I", 3) + b"abc\0" + plain[12:]
    assert length(listed) == 2.0


def test_length_of_an_mp3_with_tags() -> None:
    tagged = b"ID3\x04\0\0\0\0\x01\x00" + bytes(128) + made("mp3", 1, 3.6) + b"TAG" + bytes(125)
    assert length(tagged) == pytest.approx(3.6)


def test_length_of_an_mp3_of_music() -> None:
    frame = b"\xff\xfb\x90\x64" + bytes(413)  # 128 kbit/s, 44.1 kHz
    assert length(frame * 100) == pytest.approx(100 * 1152 / 44_100)


@pytest.mark.parametrize(
    "data", [b"", b"<html>no such file</html>", b"RIFF\0\0\0\0WAVE", b"RIFF\0\0\0\0WAVEfmt \x10\0", b"\xff\xfb", b"ID3"]
)
def test_what_is_no_sound_has_no_length(data: bytes) -> None:
    with pytest.raises(NoSound):
        length(data)


def test_wav_that_is_not_16_bit_is_not_played() -> None:
    eight = bytearray(made("wav", 1, 1.0))
    eight[34:36] = struct.pack("<H", 8)
    with pytest.raises(NoSound, match="16 bit"):
        length(bytes(eight))


def test_nothing_that_comes_breaks_the_reading() -> None:
    chance = random.Random(3)
    whole = [made("wav", 1, 0.2), made("mp3", 1, 0.2)]
    for _ in range(2000):
        data = bytearray(chance.choice(whole)[: chance.randrange(600)])
        for _ in range(chance.randrange(6)):
            if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
        with suppress(NoSound):
            assert length(bytes(data)) >= 0


def test_long_rubbish_is_soon_given_up() -> None:
    began = time.monotonic()
    with pytest.raises(NoSound):
        length(b"\xff" * 20_000_000)
    assert time.monotonic() - began < 2
