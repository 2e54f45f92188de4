"""Sound files of every sort, made for tests: real ones, and what people take for one."""

import io
import struct
import wave
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from calls.emulator import audio
from calls.models import Sound
from calls.models.sounds import Upload


def wav(seconds: float = 1.0, *, rate: int = 8_000, channels: int = 1, bits: int = 16, seed: int = 0) -> bytes:
    """Make a WAV file. Files with other seeds are other sounds."""
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setparams((channels, bits // 8, rate, 0, "NONE", ""))
        written.writeframes(bytes([seed]) * (round(seconds * rate) * channels * bits // 8))
    return file.getvalue()


def encoded_wav(encoding: int, *, extensible: bool = False, bits: int = 16) -> bytes:
    """Make a WAV file of 8,000 bytes of sound in another encoding than PCM: 6 is A-law, 3 is floating point."""
    tag = 0xFFFE if extensible else encoding
    form = struct.pack("<HHIIHH", tag, 1, 8_000, 8_000 * bits // 8, bits // 8, bits)
    if extensible:
        form += struct.pack("<HHIH14s", 22, bits, 0, encoding, bytes(14))
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", 8_000) + bytes(8_000)
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def mp3(seconds: float = 2.0) -> bytes:
    """Make an MP3 of 16 kHz, mono."""
    return b"".join(audio.chunks("mp3", 1, seconds, [[(0.0, seconds, "caller")]]))


def mp3_frames(header: bytes, length: int, count: int) -> bytes:
    """Make silent frames of any other kind of MP3."""
    return (header + bytes(length - 4)) * count


def make_sound(name: str = "Welcome", data: bytes | None = None, **options: Any) -> Sound:
    """Keep a sound as the admin does."""
    upload = Upload.of(SimpleUploadedFile("sound.wav", wav() if data is None else data))
    return Sound.objects.keep(upload, name=name, **options)[0]
