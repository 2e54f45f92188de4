"""The chart of a call's page: its lanes named, and drawn as the page is looked at."""

from collections.abc import Mapping

from calls.dashboard.call_view import WIDER, View
from calls.dashboard.waterfall import MOST_LANES, Name, Waterfall, waterfall
from calls.records.cast import Cast
from calls.records.timeline import Lane, Timeline
from calls.templatetags.calls_format import duration

ENDS = {"busy": "engaged", "cancelled": "gave up", "failed": "failed", "rejected": "refused"}


def chart_of(line: Timeline, legs: int, cast: Cast, roles: Mapping[int, str], heard: str, view: View) -> Waterfall:
    names = {
        lane.leg.pk: _name(lane, cast, roles[lane.leg.pk], heard, first=lane is line.lanes[0]) for lane in line.lanes
    }
    return waterfall(
        line,
        names,
        fold=not view.unfold,
        first=15.0 if view.zoom == "15" else None,
        times=WIDER.get(view.zoom, 1.0),
        legs=legs,
        most_lanes=legs if view.all_legs else MOST_LANES,
    )


def _name(lane: Lane, cast: Cast, role: str, heard: str, *, first: bool) -> Name:
    """What the chart says beside a lane and on its bars; of several texts the longest that fits."""
    seconds = {bar.kind: bar.seconds for bar in lane.bars}
    recorded = "message" if cast.message else "recording"
    labels = {
        "dial": ["dials"],
        "ring": [*([f"rings, {duration(rung)}"] if (rung := seconds.get("ring", 0)) >= 1 else []), "rings"],
        "hears": ["hears ringing", "rings"],
        "say": [*([f"hears {heard}"] if first and heard else []), "hears us speak", "hears us"],
        "wait": ["we wait for a key", "waits"],
        "talk": [f"talking, {duration(seconds.get('talk'))}", "talking", "talks"],
        "rec": [f"{recorded}, {duration(seconds.get('rec'))}", recorded],
    }
    leg = cast.leg(lane.leg.pk)
    shape = lane.end.shape if lane.end else ""
    end = ENDS.get(lane.leg.status.lower(), "did not pick up") if shape in {"ring", "cross"} else ""
    return Name(cast.on(leg), role, end, labels)
