"""How many messages are new, for the header of every page."""

from typing import Any

from django import template

from calls.models import Voicemail
from calls.models.voicemail import MOST_COUNTED

register = template.Library()


@register.simple_tag(takes_context=True)
def new_messages(context: dict[str, Any]) -> str:
    """ "3", "99+", or "" for none. One query, by an index of the new ones that is read to the hundredth at most.

    None where the page has asked already, and says so in `new_messages`.
    """
    known = context.get("new_messages")
    count = Voicemail.objects.new_count() if known is None else known
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count or "")
