"""The webhooks under a call's chart: what came, side by side where it came at once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from calls.dashboard.by_name import ByName
from calls.dashboard.scale import Scale, width_of
from calls.records.moments import Moment, shape_of
from calls.templatetags.calls_format import latency

GAP = 11.0  # marks nearer than this stand side by side
MOST_TOGETHER = 4
NEAR_MISS_MS = 3_000  # Vonage waits 5 s


@dataclass(frozen=True)
class Mark(ByName):
    """One webhook, or at "more" those for which there is no room."""

    shape: str  # told, asked, ours, unknown, more
    x: float
    event: int
    stem: str = ""  # the way to the lane of the leg it tells of
    word: str = ""  # under it: "84 ms", "4 s late", "+3"
    late_from: float | None = None  # it happened there
    slow: bool = False


def milliseconds_of(payload: object) -> float | None:
    """How long our answer took, as recorded with it."""
    reply = payload.get("reply") if isinstance(payload, dict) else None
    value = reply.get("milliseconds") if isinstance(reply, dict) else None
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e9 else None


def marks_of(
    moments: Iterable[Moment], scale: Scale, rows: Mapping[int, float], y: float, width: float
) -> Iterator[Mark]:
    """Place a mark for each event, where it arrived if it came late. `rows` are the legs' lanes by pk."""
    stand = sorted(((m.arrived if m.late else m.at), index, m) for index, m in enumerate(moments))
    word_end = 0.0
    for group in _groups([(scale.x(at), moment) for at, _, moment in stand if scale.shows(at)]):
        together = group[:MOST_TOGETHER]
        room = GAP * (len(together) - 1) + (30 if len(group) > MOST_TOGETHER else 0)
        first = min(together[0][0], width - room - 8)
        for place, (_, moment) in enumerate(together):
            mark = _mark(moment, round(first + GAP * place, 2), scale, rows, y)
            if mark.word and mark.x - 8 < word_end:
                mark = replace(mark, word="")
            word_end = mark.x + width_of(mark.word) + 6 if mark.word else word_end
            yield mark
        if len(group) > MOST_TOGETHER:
            last = group[MOST_TOGETHER][1].event.pk
            yield Mark("more", first + GAP * MOST_TOGETHER, last, word=f"+{len(group) - MOST_TOGETHER}")


def _groups(placed: Iterable[tuple[float, Moment]]) -> Iterator[list[tuple[float, Moment]]]:
    """Gather what would stand on one another, in order of arrival."""
    group: list[tuple[float, Moment]] = []
    stop = 0.0
    for x, moment in placed:
        if group and x >= stop:
            yield group
            group = []
        group.append((x, moment))
        # Up to MOST_TOGETHER each takes a place; then "+n" takes its room, and more of them no more.
        stop = group[0][0] + GAP * min(len(group), MOST_TOGETHER) + (30 if len(group) > MOST_TOGETHER else 0)
    if group:
        yield group


def _mark(moment: Moment, x: float, scale: Scale, rows: Mapping[int, float], y: float) -> Mark:
    event = moment.event
    lane = rows.get(event.leg_id) if event.leg_id is not None else None
    stem = f"M{x} {y - 7}V{lane + 12}" if lane is not None else ""
    shape = shape_of(event)
    took = milliseconds_of(event.payload) if shape == "asked" else None
    if moment.late:
        return Mark(shape, x, event.pk, stem, f"{moment.late:.0f} s late", scale.x(moment.at))
    slow = took is not None and took > NEAR_MISS_MS
    return Mark(shape, x, event.pk, stem, latency(took) if took is not None else "", slow=slow)
