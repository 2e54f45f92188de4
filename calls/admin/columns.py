"""How the admin's lists and pages show times and texts that others wrote."""

from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from calls.templatetags.calls_format import NOTHING, visible, zone_letters


def moment(name: str, description: str, *, exact: bool = False) -> Any:
    """Make a column of a time, in the server's zone and with its letters; `exact` has milliseconds."""

    @admin.display(description=description)
    def column(self: Any, row: Any) -> str:
        at = getattr(row, name)
        if at is None:
            return NOTHING
        local = timezone.localtime(at)
        thousandths = f".{local.microsecond // 1000:03d}" if exact else ""
        year = "" if local.year == timezone.localdate().year else f" {local.year}"
        return f"{local.day} {local:%b}{year}, {local:%H:%M:%S}{thousandths} {zone_letters(at)}"

    return column


def isolated(text: str) -> SafeString:
    """Show a name that somebody else wrote: in whatever direction it runs, it turns nothing beside it."""
    return format_html("<bdi>{}</bdi>", text)


def preformatted(text: str) -> SafeString:
    """Show a text that somebody else wrote, with nothing invisible in it."""
    return format_html('<pre class="raw" tabindex="0" dir="ltr">{}</pre>', visible(text))
