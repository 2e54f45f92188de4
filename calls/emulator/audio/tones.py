"""What can be heard in a recording, and when."""

from collections.abc import Iterator
from typing import Literal

Format = Literal["mp3", "wav", "ogg"]
Tone = Literal["silence", "caller", "callee", "platform", "beep", "key"]
Tracks = list[list[tuple[float, float, Tone]]]  # for each channel: from, to (seconds), what

# Hertz, loudest first: a hum for each voice, and the key "1". All are multiples of 50, so that 20 ms join smoothly.
FREQUENCIES: dict[Tone, tuple[int, ...]] = {
    "silence": (),
    "caller": (150, 300, 450, 900),
    "callee": (200, 400, 600, 1200),
    "platform": (250, 500, 750, 1500),
    "beep": (1000,),
    "key": (700, 1200),
}


def steps(tracks: Tracks, step: float, count: int) -> Iterator[tuple[Tone, ...]]:
    """Give for each step of time what sounds in its middle, in each channel: what began last."""
    sorted_tracks = [sorted(track) for track in tracks]
    nexts = [0] * len(tracks)
    on: list[list[tuple[float, float, Tone]]] = [[] for _ in tracks]
    for index in range(count):
        middle = (index + 0.5) * step
        now: list[Tone] = []
        for channel, track in enumerate(sorted_tracks):
            while nexts[channel] < len(track) and track[nexts[channel]][0] <= middle:
                on[channel].append(track[nexts[channel]])
                nexts[channel] += 1
            while on[channel] and on[channel][-1][1] <= middle:
                on[channel].pop()
            now.append(on[channel][-1][2] if on[channel] else "silence")
        yield tuple(now)
