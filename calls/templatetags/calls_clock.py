"""The time of day to the millisecond, for those who look into a single call."""

from datetime import datetime

from django import template
from django.utils import timezone

register = template.Library()


@register.filter
def clock(moment: datetime) -> str:
    """14:02:11.058, in the zone of the page."""
    return timezone.localtime(moment).isoformat(timespec="milliseconds")[11:23]
