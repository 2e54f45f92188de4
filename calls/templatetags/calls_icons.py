"""Icons, 16 by 16, drawn in lines of the text's colour. Never alone: a word or an aria-label says the same."""

from functools import cache
from urllib.parse import quote

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from calls.vonage import numbers

register = template.Library()

RING = '<circle cx="8" cy="8" r="6.2"/>'
TRIANGLE = '<path d="M8 2 14.5 13.5h-13Z"/><path d="M8 6.5v3.2m0 1.8v.1"/>'

ICONS = {
    # outcomes
    "picked-up": f'{RING}<path d="m5.3 8.2 1.9 2 3.6-4.2"/>',
    "message": '<circle cx="4" cy="8" r="2.6"/><circle cx="12" cy="8" r="2.6"/><path d="M4 10.6h8"/>',
    "missed": '<circle cx="8" cy="8" r="6.2" stroke-dasharray="2.6 2.27"/><path d="m5.8 5.8 4.3 4.3m0-3.3v3.3H6.8"/>',
    "failed": TRIANGLE,
    "blocked": f'{RING}<path d="m3.7 3.7 8.6 8.6"/>',
    "notice": '<path d="M2.5 6v4h2.3L8 12.8V3.2L4.8 6Z"/><path d="M10.5 5.8a3 3 0 0 1 0 4.4m2-6.2a5.6 5.6 0 0 1 0 8"/>',
    "todo": '<path d="M3 2.5h10v11H3Z"/><path d="m5.6 8.2 1.7 1.8 3.1-3.6"/>',
    "note": '<path d="M3 2.5h10v7.8l-3.2 3.2H3Z"/><path d="M5.5 5.8h5M5.5 8.500h3"/>',
    "live": f'{RING}<circle class="icon-fill" cx="8" cy="8" r="2.6"/>',
    "question": f'{RING}<path d="M6.2 6.4a1.8 1.8 0 1 1 2.6 1.6c-.5.3-.8.6-.8 1.2m0 2v.1"/>',
    # things
    "calls": '<path d="M2.5 4h11m-11 4h11m-11 4h7"/>',
    "reports": '<path d="M3 13.5v-5m3.3 5v-9m3.4 9v-6m3.3 6v-11"/>',
    "flow": '<path d="M4 2.5v11M4 8c4 0 7-1 7-5m-2 2 2-2.3L13 5"/>',
    "zone": f'{RING}<path d="M1.8 8h12.4M8 1.8c-4 4-4 8.4 0 12.4 4-4 4-8.4 0-12.4"/>',
    "theme": f'{RING}<path class="icon-fill" d="M8 1.8a6.2 6.2 0 0 1 0 12.4Z"/>',
    "person": '<circle cx="8" cy="5.4" r="2.9"/><path d="M2.6 13.8c.7-2.8 2.8-4.2 5.4-4.2s4.7 1.4 5.4 4.2"/>',
    "phone": '<path d="M3.2 2.5h2.2l1.2 3-1.5 1.1a7.5 7.5 0 0 0 4.3 4.3l1.1-1.5 3 1.2v2.2c0 .6-.5 1-1 1'
    'A10.5 10.5 0 0 1 2.2 3.5c0-.5.4-1 1-1Z"/>',
    "link": '<path d="m6.7 9.3 2.6-2.6M7.5 4.8l1.6-1.6a2.6 2.6 0 0 1 3.7 3.7l-1.6 1.6M8.5 11.2l-1.6 1.6a2.6 2.6 0 0 '
    '1-3.7-3.7l1.6-1.6"/>',
    "signed": '<path d="M8 1.8 13 3.6v4c0 3.2-2 5.4-5 6.6-3-1.2-5-3.4-5-6.6v-4Z"/><path d="m5.6 7.9 1.7 1.8 3.1-3.5"/>',
    "fast": '<path d="M9 1.8 3.5 9H8l-1 5.2L12.5 7H8Z"/>',
    "clock": f'{RING}<path d="M8 4.6V8l2.4 1.5"/>',
    "tag": '<path d="M2.5 2.5h5l6 6-5 5-6-6Z"/><circle cx="5.4" cy="5.4" r=".9"/>',
    "test": '<path d="M6.3 2h3.4M7 2v4l-4 6.6c-.4.7.1 1.4.8 1.4h8.4c.7 0 1.2-.7.8-1.4L9 6V2m-4.2 8h6.4"/>',
    # kinds of step
    "keys": '<path class="icon-fill" d="M3 2.5h2.4v2.4H3zM6.8 2.5h2.4v2.4H6.8zM10.6 2.5H13v2.4h-2.4zM3 6.3h2.4v2.4H3z'
    "M6.8 6.3h2.4v2.4H6.8zM10.6 6.3H13v2.4h-2.4zM3 10.1h2.4v2.4H3zM6.8 10.1h2.4v2.4H6.8zM10.6 10.1H13v2.4h-2.4z"
    '"/>',
    "audio": '<path d="M6 12.2V3.4l7-1.2v8.6"/><circle cx="4.2" cy="12.2" r="1.8"/>'
    '<circle cx="11.2" cy="10.8" r="1.8"/>',
    "forward": '<path d="M2.5 8h10M9 4.2 12.8 8 9 11.8"/>',
    "room": '<circle cx="5.2" cy="5.6" r="2.2"/><circle cx="11.2" cy="6.2" r="1.7"/>'
    '<path d="M1.8 13c.4-2.4 1.7-3.6 3.4-3.6S8.2 10.6 8.6 13M9.6 9.900c2.3-.9 4.2.4 4.6 2.6"/>',
    "digits": '<path d="M2.5 5.2 4 4v8m2.6-6.400c.9-2 3.4-1.7 3.3.2C9.8 7.7 6.6 9.8 6.6 12H10m2-7.600h2.400L12.8 7.2'
    'c2 .1 2.2 3.8-.9 4.7"/>',
    "ncco": '<path d="M6 2.500C4.2 2.5 4.5 4 4.5 5.500S4 8 2.5 8C4 8 4.5 9 4.5 10.500S4.2 13.5 6 13.500m4-11'
    'c1.8 0 1.5 1.5 1.5 3S12 8 13.5 8c-1.5 0-2 1-2 2.500s.3 3-1.5 3"/>',
    # acts
    "add": '<path d="M8 3v10M3 8h10"/>',
    "remove": '<path d="M3 4.500h10M6.5 4.500v-2h3v2M4.5 4.500l.5 9h6l.5-9"/>',
    "grip": '<path class="icon-fill" d="M5 3h2v2H5zM9 3h2v2H9zM5 7h2v2H5zM9 7h2v2H9zM5 11h2v2H5zM9 11h2v2H9z"/>',
    "home": '<path d="M2.5 7.3 8 2.8l5.5 4.5v6.2H9.8V9.8H6.2v3.7H2.5Z"/>',
    # acts
    "archive": '<path d="M2.2 3h11.6v2.8H2.2Zm1 2.8h9.6v7.2H3.2Zm3 2.6h3.6"/>',
    "hang-up": '<path d="M1.8 9.4c3.4-3.6 9-3.6 12.4 0 .4.4.4 1 0 1.4l-1 1.1-2.6-1.3V8.8a8 8 0 0 0-5.2 0v1.8l-2.6 1.3'
    '-1-1.1c-.4-.4-.4-1 0-1.4Z"/>',
    "copy": '<rect x="5.5" y="5.5" width="8" height="8" rx="1.5"/><path d="M10.5 3.5v-.3c0-.7-.5-1.2-1.2-1.2H3.7'
    'c-.7 0-1.2.5-1.2 1.2v5.6c0 .7.5 1.2 1.2 1.2H4"/>',
    "done": '<path d="m3 8.5 3.2 3.3L13 4.5"/>',
    "close": '<path d="m4 4 8 8m0-8-8 8"/>',
    "pause": '<path d="M5.5 3.5v9m5-9v9"/>',
    "go-on": '<path d="M5 3.2v9.6L12.6 8Z"/>',
    "up": '<path d="M8 13V3.5M4 7.2l4-3.9 4 3.9"/>',
    "down": '<path d="M8 3v9.5M4 8.8l4 3.9 4-3.9"/>',
    "download": '<path d="M8 2.5v7m-3-2.8 3 3 3-3M2.8 11.5v2h10.4v-2"/>',
    "next": '<path d="m6 3.5 4.5 4.5L6 12.5"/>',
    "back": '<path d="M10 3.5 5.5 8l4.5 4.5"/>',
    "outside": '<path d="M9.5 2.8h3.7v3.7M13 3 7.5 8.5m4 1v3.7H2.8V4.5h3.7"/>',
    "again": '<path d="M13 8a5 5 0 1 1-1.5-3.6M13 2.5v3h-3"/>',
    "log-out": '<path d="M9.5 2.5h-6v11h6M6.5 8h7m-2.5-2.6L13.5 8 11 10.6"/>',
    "search": '<circle cx="7" cy="7" r="4.6"/><path d="m10.5 10.5 3.5 3.5"/>',
    "zoom-in": '<circle cx="7" cy="7" r="4.6"/><path d="m10.5 10.5 3.5 3.5M7 5v4M5 7h4"/>',
}


@register.simple_tag
@cache
def icon(name: str, extra: str = "") -> SafeString:
    """Draw an icon: `{% icon "phone" %}`, with further classes: `{% icon "next" "turned" %}`. Raises KeyError."""
    return format_html(
        '<svg class="{}" viewBox="0 0 16 16" aria-hidden="true">{}</svg>',
        f"icon {extra}".strip(),
        mark_safe(ICONS[name]),  # noqa: S308 - our own drawings
    )


@register.simple_tag
def call_back(party: str) -> SafeString:
    """Ask whether to call somebody of a row; nothing where that is no number."""
    if not numbers.dialable(party):
        return SafeString("")
    shown = numbers.shown(party)
    address = f"{reverse('place')}?to={quote(party)}"
    return format_html(
        ' <a class="calls-back" href="{}" aria-label="Call {}" title="Call {}">{}</a>',
        address,
        shown,
        shown,
        icon("phone"),
    )


@register.simple_tag
def icon_at(name: str, x: float, y: float) -> SafeString:
    """Draw an icon within a drawing, its upper left corner at that point. Raises KeyError."""
    return format_html(
        '<svg class="icon" x="{}" y="{}" width="16" height="16" viewBox="0 0 16 16">{}</svg>',
        f"{x:g}",
        f"{y:g}",
        mark_safe(ICONS[name]),  # noqa: S308 - our own drawings
    )
