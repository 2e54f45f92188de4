"""Addresses of ours that Vonage is told of."""

from django.conf import settings


def absolute(path: str) -> str:
    """Make a path of ours an address: "/sounds/…" at BASE_URL."""
    return f"{settings.BASE_URL}{path}"
