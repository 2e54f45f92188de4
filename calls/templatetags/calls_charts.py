"""The charts of the reports, and the rows of their tables, drawn here and not in templates: a year has thousands."""

from collections.abc import Iterable, Iterator
from html import escape
from typing import TYPE_CHECKING

from django import template
from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:  # the page is a door's own
    from calls.dashboard.charts import Block, Label, WeekMap
    from calls.dashboard.report_tables import Cell, Table

register = template.Library()


@register.simple_tag
def bar_blocks(blocks: "Iterable[Block]") -> SafeString:
    """Draw the parts of bars."""
    return mark_safe("".join(map(_block, blocks)))  # noqa: S308 - numbers, and words of our own


def _block(block: "Block") -> str:
    where = f'x="{block.x}" y="{block.y}" width="{block.width}" height="{block.height}" rx="1.5"'
    return f'<rect class="bar-{block.kind}" {where}/>'


@register.simple_tag
def bar_labels(labels: "Iterable[Label]") -> SafeString:
    """Write what stands above and below bars, in the middle of each."""
    return mark_safe("".join(map(_label, labels)))  # noqa: S308 - escaped


def _label(label: "Label") -> str:
    kind, where = "chart-text chart-strong" if label.strong else "chart-text", f'x="{label.x:.1f}" y="{label.y:.1f}"'
    return f'<text class="{kind}" {where} text-anchor="middle">{escape(label.text)}</text>'


@register.simple_tag
def week_cells(week: "WeekMap") -> SafeString:
    """Draw the hours of a week, each with its figure."""
    size = f'width="{week.cell_width}" height="25" rx="3"'
    where = f'x="{week.cell_middle}" y="17" text-anchor="middle"'
    cells = []
    for cell in week.cells:
        kind, text = f"shade-text shade-text-{cell.shade}", escape(cell.text)
        inside = f'<text class="{kind}" {where}>{text}</text>' if text else ""
        place = f'transform="translate({cell.x} {cell.y})"'
        cells.append(f'<g {place}><rect class="shade-{cell.shade}" {size}/>{inside}</g>')
    return mark_safe("".join(cells))  # noqa: S308 - escaped


@register.simple_tag
def table_rows(table: "Table", few: int) -> SafeString:
    """Write the rows of a table, all or the first few."""
    rows = table.rows[:few] if few else table.rows
    return mark_safe("".join(f"<tr>{''.join(_cells(row, table.words))}</tr>" for row in rows))  # noqa: S308 - escaped


def _cells(row: "Iterable[Cell]", words: bool) -> Iterator[str]:
    head, *rest = (escape(cell.shown) for cell in row)
    last = rest.pop() if words and rest else None
    yield f'<th scope="row">{head}</th>'
    yield from (f'<td class="right num">{shown}</td>' for shown in rest)
    if last is not None:
        yield f'<td class="reports-words">{last}</td>'
