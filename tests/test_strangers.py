"""Every address and every method, for strangers: only health, login, static, sound files and signed webhooks."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from calls.models import CallEvent, Placement

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
OPEN = ("/healthz", "/readyz", "/login/", "/admin/login/", "/static/")
WEBHOOK = re.compile(r"/(webhooks/)?(answer(/token)?|event(/token)?|fallback)")
SOUND = f"/sounds/{'0' * 64}.wav"  # none has this digest; who knows one may hear it: tests/webhooks/test_sounds.py
VALUES = {"pk": "1", "rest": "x", "object_id": "1", "app_label": "calls", "content_type_id": "1", "url": "x"}
VALUES |= {"uuid": "a", "msisdn": "442079460010", "number": "1"}


def addresses(resolver: Any = None, prefix: str = "/") -> Iterator[str]:
    """Every address of the server, with values in the place of parameters."""
    for one in (resolver or get_resolver()).url_patterns:
        path = prefix + example(one.pattern)
        if isinstance(one, URLResolver):
            yield from addresses(one, path)
        elif isinstance(one, URLPattern):
            yield path


def example(pattern: Any) -> str:
    route = str(pattern).replace("(?P<digest>[0-9a-f]{64})", "0" * 64).replace("(?P<extension>mp3|wav)", "wav")
    for name, value in VALUES.items():
        for kind in ("", "int:", "path:", "str:", "slug:", "id:", "anything:"):
            route = route.replace(f"<{kind}{name}>", value)
    return (
        route.removeprefix("^")
        .replace("/?$", "")
        .removesuffix("$")
        .replace("\\.", ".")
        .replace("[A-Za-z0-9:_-]+", "token")
    )


PLACES = sorted({path for path in addresses() if "(?P" not in path})


def test_there_are_addresses() -> None:
    assert {
        "/call",
        "/api/calls/",
        "/api/flows/1/versions/1/publish/",
        "/api/numbers/442079460010/",
        "/calls/1/act/",
        "/answer/token",
        "/event/token",
        "/admin/calls/call/",
        SOUND,
    } <= set(PLACES)


@pytest.mark.parametrize("method", METHODS)
def test_stranger_is_led_to_the_login_or_refused(method: str) -> None:
    let_in = []
    for path in PLACES:
        if path.startswith(OPEN):
            continue
        response = getattr(Client(), method)(path)
        refused = response.status_code in {400, 401, 403, 404, 405}
        led = response.status_code in {301, 302} and not response.headers["Location"].startswith("http")
        says_nothing = method == "options" and not response.content
        if not (refused or led or says_nothing):
            let_in.append((method, path, response.status_code))
        if WEBHOOK.fullmatch(path) and method in {"get", "post"}:
            assert response.status_code == 401, (method, path)
        if path == SOUND:
            assert response.status_code == (404 if method in {"get", "head"} else 405), method
    assert let_in == []
    assert not Placement.objects.exists()
    assert not CallEvent.objects.exists()
