"""Which API we speak to, in whose name."""

from urllib.parse import urlsplit

from django.conf import settings

from calls.vonage.account import Account
from calls.vonage.recordings import PLATFORM_DOMAINS


def api_url(region_url: str = "") -> str:
    """Give the API to use: that of a call's region, where it is one of the platform's own; else the one that is set.

    `region_url` comes in a webhook, and a token is sent to it: so it counts only with https and a name of Vonage's.
    """
    set_url = str(settings.VONAGE_API_URL).rstrip("/")
    try:
        parts = urlsplit(region_url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return set_url
    is_theirs = parts.scheme == "https" and "@" not in parts.netloc and port in {None, 443}
    if is_theirs and host.endswith(PLATFORM_DOMAINS) and urlsplit(set_url).hostname != host and not is_local():
        return f"https://{host}"
    return set_url


def is_local() -> bool:
    """Whether the API is not the platform's own: a local Vonage, which does not know regions."""
    return not (urlsplit(settings.VONAGE_API_URL).hostname or "").endswith(PLATFORM_DOMAINS)


def account(region_url: str = "") -> Account:
    """Give the account to use for a call that came with this `region_url`, or for a new one."""
    return Account(api_url(region_url), settings.VONAGE_APPLICATION_ID, settings.VONAGE_PRIVATE_KEY)
