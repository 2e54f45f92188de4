"""Lines of time as SVG, drawn here and not in a template: a page of the list has hundreds of stretches."""

from collections.abc import Iterator

from django import template
from django.utils.safestring import SafeString, mark_safe

from calls.records.line import Line, Mark

register = template.Library()


@register.simple_tag
def marks(line: Line, mid: float, thin_y: float, thin: float, thick_y: float, thick: float) -> SafeString:
    """Draw the stretches of a line. `mid` and what follows are places and heights in pixels."""
    parts = (part for mark in line.marks for part in _drawn(mark, mid, (thin_y, thin), (thick_y, thick)))
    return mark_safe("".join(parts))  # noqa: S308 - numbers, and words of our own


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
