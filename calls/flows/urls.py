"""Addresses of ours that Vonage is told of."""

from django.conf import settings

from calls.models.sounds import sound_path


def absolute(path: str) -> str:
    """Make a path of ours an address: "/sounds/…" at BASE_URL."""
    return f"{settings.BASE_URL}{path}"


def sound_url(digest: str, extension: str) -> str:
    """Say where Vonage fetches a sound. Needs no query: a program holds both."""
    return absolute(sound_path(digest, extension))
