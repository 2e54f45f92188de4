"""Is everything ready for the first call? Looked up when the list is still empty."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from calls.models import CallEvent, PhoneNumber, Refusal
from calls.vonage import numbers

HERE = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Check:
    """One thing that a call needs: whether it is in order, and what to do where it is not."""

    good: bool
    title: str
    detail: str
    admin: str = ""  # the name of an admin page that helps


def checks() -> Iterator[Check]:
    """Say what is in order and what is not, with the cure."""
    yield Check(good=True, title="Database", detail=f"{connection.display_name}, it answers")
    yield _numbers()
    yield _signatures()
    yield _address()
    yield _vonage()


def _numbers() -> Check:
    rows = PhoneNumber.objects.select_related("flow")
    count, silent = rows.count(), rows.silent().count()
    first = rows.first()
    page = "admin:calls_phonenumber_changelist"
    if first is None:
        return Check(good=False, title="No number yet", detail="Callers hear that it is not in service.", admin=page)
    title = "One number" if count == 1 else f"{count:,} numbers"
    if silent:
        return Check(good=False, title=title, detail=f"{silent:,} without anything that callers hear.", admin=page)
    live = first.live_version
    plays = f", plays {live}" if live else ""
    shown = f"{first.label}, {numbers.shown(first.msisdn)}" if first.label else numbers.shown(first.msisdn)
    return Check(good=True, title=title, detail=f"{shown}{plays}" if count == 1 else f"{shown} and others")


def _signatures() -> Check:
    title = "Signature secret"
    if not settings.VONAGE_SIGNATURE_SECRET:
        cure = "Not set: every webhook is refused. Set VONAGE_SIGNATURE_SECRET to that of your Vonage account."
        return Check(good=False, title=title, detail=cure)
    if settings.WEBHOOK_SIGNATURES == "optional":
        return Check(good=False, title=title, detail="Set, but unsigned webhooks are taken too (WEBHOOK_SIGNATURES).")
    return Check(good=True, title=title, detail="Set; unsigned webhooks are refused")


def _address() -> Check:
    title, host = "Public address", urlsplit(settings.BASE_URL).hostname or ""
    if host in HERE:
        cure = "can be reached from this machine alone. For Vonage, set BASE_URL to your public https address."
        return Check(good=False, title=title, detail=f"{settings.BASE_URL} {cure}")
    if not settings.HTTPS:
        return Check(good=False, title=title, detail=f"{settings.BASE_URL} is not https: calls can be read on the way.")
    return Check(good=True, title=title, detail=settings.BASE_URL)


def _vonage() -> Check:
    if CallEvent.objects.exists():
        return Check(good=True, title="Vonage asked us", detail="Its webhooks arrive; no call came of them yet")
    refused = Refusal.objects.first()
    if refused:
        page = "admin:calls_refusal_changelist"
        return Check(good=False, title="Requests came and were refused", detail=f"The last one: {refused}.", admin=page)
    return Check(
        good=False, title="Vonage has not asked us anything yet", detail="This turns green with its first webhook."
    )
