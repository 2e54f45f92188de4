"""What a file holds that callers are to hear: MP3 or WAV, how long it is, whether it suits a telephone.

Read from its bytes; its name and what a browser says of it count for nothing.
Source: https://developer.vonage.com/en/voice/voice-api/ncco-reference#stream (MP3, or WAV of 16-bit PCM)
"""

import struct
from dataclasses import dataclass

MPEG, WAV = "audio/mpeg", "audio/wav"
EXTENSIONS = {MPEG: "mp3", WAV: "wav"}
TELEPHONE_RATES = (8_000, 16_000)  # samples a second
CURE = "Save it again as MP3 or WAV with 16 bits: any audio editor does it, so does “ffmpeg -i old.file new.wav”."

OTHERS = {  # what people choose by mistake, by its first bytes
    b"OggS": "an Ogg file",
    b"fLaC": "a FLAC file",
    b"\x1aE\xdf\xa3": "a WebM or Matroska file",
    b"FORM": "an AIFF file",
    b"#!AMR": "an AMR file",
    b"\xff\xf1": "an AAC file",
    b"\xff\xf9": "an AAC file",
    b"\x30\x26\xb2\x75": "a WMA file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a ZIP archive, or an office document",
}
ENCODINGS = {0x02: "ADPCM", 0x03: "floating point", 0x06: "A-law", 0x07: "µ-law", 0x11: "ADPCM", 0x55: "MP3"}
PCM, EXTENSIBLE = 0x0001, 0xFFFE


class NotAudio(ValueError):
    """Callers cannot be played this. The text is a sentence or two: what it is, and what to do."""


@dataclass(frozen=True, slots=True)
class Audio:
    """What is known of a sound."""

    content_type: str  # MPEG or WAV
    seconds: float
    rate: int  # samples a second
    channels: int
    bits: int = 16  # of a sample; an MP3 has none, and counts as 16

    @property
    def extension(self) -> str:
        return EXTENSIONS[self.content_type]

    def warnings(self) -> list[str]:
        """Say how it differs from the sound of a telephone, and the cure."""
        has, wants = [], []
        if self.rate not in TELEPHONE_RATES:
            has.append(f"{self.rate / 1000:g} kHz")
            wants.append("8 or 16 kHz")
        if self.channels > 1:
            has.append("two channels" if self.channels == 2 else f"{self.channels} channels")
            wants.append("mono")
        if self.bits != 16:
            has.append(f"{self.bits} bits")
            wants.append("16 bits")
        if not has:
            return []
        return [
            f"The file has {_and(has)}; telephone sound is {_and(wants)}. Callers may hear it dull, distorted or not "
            f"at all. Save it again as 16 kHz mono: “ffmpeg -i old.{self.extension} -ar 16000 -ac 1 "
            f"{'-c:a pcm_s16le ' if self.content_type == WAV else ''}new.{self.extension}”."
        ]


def read(data: bytes) -> Audio:
    """Read a whole file. Raises NotAudio."""
    if not data:
        raise NotAudio("The file is empty. Choose an MP3 or WAV file.")
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        audio = _read_wav(data)
    else:
        other = _other(data)
        if other:
            raise NotAudio(f"This is {other}, and callers can be played MP3 or WAV only. {CURE}")
        audio = _read_mp3(data)
    if audio.seconds < 0.05:
        raise NotAudio("The file holds no sound. Choose another one.")
    return audio


def _other(data: bytes) -> str:
    if data[4:8] == b"ftyp":
        return "an M4A or MP4 file"
    return next((name for start, name in OTHERS.items() if data.startswith(start)), "")


def _read_wav(data: bytes) -> Audio:
    form, length, at = b"", 0, 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"fmt ":
            form = data[at + 8 : at + 8 + size]
        elif name == b"data":
            length = min(size, len(data) - at - 8)  # who writes into a pipe cannot know the size, and names a huge one
            break
        at += 8 + size + size % 2
    if len(form) < 16:
        raise NotAudio(f"The WAV file is damaged: it does not say how its sound is kept. {CURE}")
    encoding, channels, rate, _, frame, bits = struct.unpack_from("<HHIIHH", form)
    if encoding == EXTENSIBLE and len(form) >= 26:
        encoding = int.from_bytes(form[24:26], "little")
    if encoding != PCM:
        kind = ENCODINGS.get(encoding, f"encoding {encoding}")
        raise NotAudio(f"The WAV file holds {kind}, and callers can be played 16-bit PCM only. {CURE}")
    if not (rate and channels and bits in (8, 16, 24, 32) and frame == channels * bits // 8):
        raise NotAudio(f"The WAV file is damaged: what it says of its sound cannot be. {CURE}")
    return Audio(WAV, length // frame / rate, rate, channels, bits)


# MP3: frames in a row, each with a header of its own. By the header's version: rates, samples and bit rates.
VERSIONS = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
KILOBITS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),  # version 1, which is written as 3
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
}
LAYER_3 = 1
MONO = 3


@dataclass(frozen=True, slots=True)
class _Frame:
    length: int  # bytes, with the header
    samples: int
    rate: int
    channels: int


def _read_mp3(data: bytes) -> Audio:
    """Go from frame to frame. At least half of the file must be frames: sync bits alone stand anywhere by chance."""
    begin = at = _behind_tags(data)
    first, seconds, covered, frames = None, 0.0, 0, 0
    while 0 <= at < len(data):
        frame = _frame(data, at)
        after = _frame(data, at + frame.length) if frame else None
        if frame and (after or at + frame.length >= len(data) or frames) and (not first or frame.rate == first.rate):
            if first is None and _only_tells(data[at : at + frame.length]):
                seconds -= frame.samples / frame.rate
            first = first or frame
            seconds += frame.samples / frame.rate
            covered += frame.length
            frames += 1
            at += frame.length
        else:
            at = data.find(b"\xff", at + 1)
    if first is None or frames < 2 or covered * 2 < len(data) - begin:
        raise NotAudio(f"This is neither an MP3 nor a WAV file, whatever its name says. {CURE}")
    return Audio(MPEG, seconds, first.rate, first.channels)


def _behind_tags(data: bytes) -> int:
    """Skip what stands before the sound: titles, covers. Their size is written in four times seven bits."""
    at = 0
    while data[at : at + 3] == b"ID3" and at + 10 <= len(data):
        size = 0
        for byte in data[at + 6 : at + 10]:
            size = size << 7 | byte & 0x7F
        at += 10 + size + (10 if data[at + 5] & 0x10 else 0)
    return at


def _frame(data: bytes, at: int) -> _Frame | None:
    """Read the header of a frame of layer III; None where there is none."""
    head = int.from_bytes(data[at : at + 4], "big") if at + 4 <= len(data) else 0
    version, layer, speed, place = head >> 19 & 3, head >> 17 & 3, head >> 12 & 15, head >> 10 & 3
    if head >> 21 != 0x7FF or version not in VERSIONS or layer != LAYER_3 or place == 3 or head & 3 == 2:
        return None
    rate, bits = VERSIONS[version][place], KILOBITS[version == 3][speed] * 1000
    if not bits:
        return None
    samples = 1152 if version == 3 else 576
    return _Frame(samples // 8 * bits // rate + (head >> 9 & 1), samples, rate, 1 if head >> 6 & 3 == MONO else 2)


def _only_tells(frame: bytes) -> bool:
    """Tell the frame in which an encoder wrote how many follow: it sounds like nothing."""
    return any(mark in frame[4:48] for mark in (b"Xing", b"Info", b"VBRI"))


def _and(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
