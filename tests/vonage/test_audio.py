"""What a file holds is read from its bytes: its kind, its length, whether it suits a telephone."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.vonage.audio import MPEG, WAV, Audio, NotAudio, read
from tests.sounds import encoded_wav, mp3, mp3_frames, wav

pytestmark = pytest.mark.once

STEREO_44 = b"\xff\xfb\x90\x44"  # version 1, 128 kbit/s, 44.1 kHz, joint stereo: frames of 417 bytes
MONO_8 = b"\xff\xe3\x18\xc4"  # version 2.5, 8 kbit/s, 8 kHz, mono: frames of 72 bytes


@pytest.mark.parametrize(
    ("data", "audio"),
    [
        (wav(3.5), Audio(WAV, 3.5, 8_000, 1)),
        (wav(2.0, rate=44_100, channels=2), Audio(WAV, 2.0, 44_100, 2)),
        (wav(1.0, bits=8), Audio(WAV, 1.0, 8_000, 1, 8)),
        (wav(1.0, bits=24, rate=48_000), Audio(WAV, 1.0, 48_000, 1, 24)),
        (encoded_wav(1, extensible=True), Audio(WAV, 0.5, 8_000, 1)),
        (mp3(3.6), Audio(MPEG, 3.6, 16_000, 1)),
        (mp3_frames(STEREO_44, 417, 100), Audio(MPEG, 100 * 1152 / 44_100, 44_100, 2)),
        (mp3_frames(MONO_8, 72, 50), Audio(MPEG, 50 * 576 / 8_000, 8_000, 1)),
    ],
)
def test_kind_length_rate_and_channels(data: bytes, audio: Audio) -> None:
    found = read(data)
    assert found.seconds == pytest.approx(audio.seconds)
    assert found == Audio(audio.content_type, found.seconds, audio.rate, audio.channels, audio.bits)


def test_titles_and_covers_stand_before_and_behind_the_sound() -> None:
    cover = b"ID3\x04\x00\x00\x00\x00\x04\x00" + b"\xff\xfb" * 256  # 4 << 7 bytes that look like frames
    assert read(cover + mp3(3.6) + b"TAG" + bytes(125)).seconds == pytest.approx(3.6)


def test_the_frame_that_only_tells_how_many_follow_is_no_sound() -> None:
    telling = STEREO_44 + bytes(32) + b"Xing" + bytes(417 - 40)
    assert read(telling + mp3_frames(STEREO_44, 417, 100)).seconds == pytest.approx(100 * 1152 / 44_100)


def test_a_wav_that_was_written_into_a_pipe_has_the_length_that_is_there() -> None:
    data = bytearray(wav(2.0))
    data[40:44] = b"\xff\xff\xff\xff"
    assert read(bytes(data)).seconds == pytest.approx(2.0)


def test_chunks_that_mean_nothing_here_are_passed_over() -> None:
    data = wav(2.0)
    note = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    assert read(data[:36] + note + data[36:]).seconds == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "The file is empty."),
        (b"hello, this is a text" * 100, "This is neither an MP3 nor a WAV file, whatever its name says."),
        (b"OggS" + bytes(5_000), "This is an Ogg file, and callers can be played MP3 or WAV only."),
        (b"\0\0\0 ftypM4A " + bytes(100), "This is an M4A or MP4 file"),
        (b"\x89PNG\r\n\x1a\n", "This is a picture"),
        (b"<!doctype html><title>404</title>", "This is neither an MP3 nor a WAV file"),
        (b"\xff\xfb\x90\x44" * 200, "This is neither an MP3 nor a WAV file"),
        (b"\xff\xfb\x90\x44" + bytes(413), "This is neither an MP3 nor a WAV file"),  # one frame is nothing
        (bytes(20_000) + mp3(1.0), "This is neither an MP3 nor a WAV file"),
        (wav(1.0)[:30], "does not say how its sound is kept"),
        (wav(0.0), "The file holds no sound."),
        (encoded_wav(6, bits=8), "The WAV file holds A-law, and callers can be played 16-bit PCM only."),
        (encoded_wav(3, bits=32), "holds floating point"),
        (encoded_wav(7, bits=8, extensible=True), "holds µ-law"),
        (encoded_wav(0x1234), "holds encoding 4660"),
        (encoded_wav(1, bits=12), "what it says of its sound cannot be"),
        (b"RIFF\0\0\0\0WAVE", "does not say how its sound is kept"),
    ],
)
def test_what_callers_cannot_be_played_is_refused_with_a_sentence(data: bytes, reason: str) -> None:
    with pytest.raises(NotAudio, match=r"\.$") as refused:
        read(data)
    assert reason in str(refused.value)


@given(st.binary(max_size=3_000), st.sampled_from([b"", b"RIFF\0\0\0\0WAVEfmt ", b"ID3\x04\x00\x10", STEREO_44 * 3]))
def test_whatever_it_is_it_is_read_or_refused(data: bytes, start: bytes) -> None:
    with suppress(NotAudio):
        assert read(start + data).seconds > 0


@pytest.mark.parametrize(
    ("audio", "words"),
    [
        (Audio(WAV, 1, 8_000, 1), []),
        (Audio(MPEG, 1, 16_000, 1), []),
        (Audio(MPEG, 1, 44_100, 2), ["44.1 kHz and two channels", "8 or 16 kHz and mono", "-ar 16000 -ac 1 new.mp3"]),
        (Audio(WAV, 1, 8_000, 1, 8), ["has 8 bits; telephone sound is 16 bits", "-c:a pcm_s16le new.wav"]),
        (Audio(WAV, 1, 96_000, 6, 24), ["96 kHz, 6 channels and 24 bits"]),
    ],
)
def test_what_does_not_suit_a_telephone_is_said_with_the_cure(audio: Audio, words: list[str]) -> None:
    warnings = " ".join(audio.warnings())
    assert [word for word in words if word not in warnings] == []
    assert bool(warnings) is bool(words)
