"""Lines of time as SVG, drawn here and not in a template: a page of the list has hundreds of stretches."""

from collections.abc import Iterator

from django import template
from django.utils.safestring import SafeString, mark_safe

from calls.records.line import Line, Mark

register = template.Library()

# How a call's line ends, its middle at {x}.
ENDS = {
    "": "",
    "none": '<circle class="line-end-none" cx="{x}" cy="8" r="3.2"/>',
    "cross": '<path class="line-end-cross" d="m{x} 8-3.5-3.5 7 7m0-7-7 7"/>',
    "voice": '<circle class="line-end-voice" cx="{x}" cy="8" r="2.5"/>',
    "now": '<circle class="line-halo" cx="{x}" cy="8" r="6"/><circle class="line-head" cx="{x}" cy="8" r="3"/>',
    "end": '<circle class="line-end" cx="{x}" cy="8" r="2.5"/>',
}


@register.simple_tag
def marks(line: Line, mid: float, thin_y: float, thin: float, thick_y: float, thick: float) -> SafeString:
    """Draw the stretches of a line. `mid` and what follows are places and heights in pixels."""
    parts = (part for mark in line.marks for part in _drawn(mark, mid, (thin_y, thin), (thick_y, thick)))
    return mark_safe("".join(parts))  # noqa: S308 - numbers, and words of our own


@register.simple_tag
def row_line(line: Line, end: str) -> SafeString:
    """Draw a call as a line of time in a row of the list. The words under it say the same."""
    size = f'width="{line.width}" height="16" viewBox="0 0 {line.width} 16"'
    inside = marks(line, mid=8, thin_y=5.5, thin=5, thick_y=3, thick=10) + ENDS[end].format(x=line.end_x)
    return mark_safe(f'<svg class="line" {size} aria-hidden="true">{inside}</svg>')  # noqa: S308 - likewise


def _drawn(mark: Mark, mid: float, thin: tuple[float, float], thick: tuple[float, float]) -> Iterator[str]:
    if mark.kind == "ring":
        ends = round(mark.ends, 1)
        yield f'<line class="line-ring" x1="{mark.x}" x2="{ends}" y1="{mid}" y2="{mid}"{_grows(mark, ends)}/>'
    else:
        (y, height), round_by = (thin, 1.5) if mark.kind == "say" else (thick, 2.5)
        where = f'x="{mark.x}" y="{y}" width="{mark.width}" height="{height}" rx="{round_by}"'
        yield f'<rect class="line-{mark.kind}" {where}{_grows(mark, mark.width)}/>'
    if mark.notches:
        y, height = thick[0] + 2, thick[1] - 4
        yield f'<path class="line-notch" d="{"".join(f"M{x} {y}v{height}" for x in mark.notches)}"/>'
    if mark.tear:
        yield f'<path class="line-tear" d="m{mark.tear} 0-3 4 5 4-4 4 3 4"/>'


def _grows(mark: Mark, to: float) -> str:
    return f' data-grows="{to}"' if mark.open else ""
