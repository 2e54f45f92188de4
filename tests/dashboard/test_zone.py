"""Times stand in the viewer's zone, and beside them in that of the number."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from calls.models import PhoneNumber
from tests.dashboard.test_calls import text_of
from tests.factories import OURS, make_call, make_number
from tests.voicemails import make_message

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def night() -> Iterator[None]:
    """Half past eleven at night in London."""
    with time_machine.travel(MONDAY, tick=False):
        yield
    timezone.deactivate()


def test_pages_show_times_where_the_viewer_is(login: Client) -> None:
    make_number(OURS, label="Main line")
    call = make_call(at=MONDAY)
    assert "Started 23:30:00 GMT" in text_of(login.get(call.get_absolute_url()).content.decode())
    login.cookies["zone"] = "Europe/Madrid"
    for path in ("/", "/home/", "/voicemail/", "/reports/", call.get_absolute_url()):
        html = login.get(path).content.decode()
        assert "Times in Madrid, CET" in html, path
    assert "Started 00:30:00 CET" in text_of(html)
    assert "Tuesday 24 November" in login.get("/home/").content.decode()
    csv = b"".join(login.get("/calls.csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert csv.startswith('\ufeff"Started (Madrid, CET)"')
    assert "2026-11-24 00:30:00" in csv


def test_the_clock_of_the_number_stands_beside(login: Client) -> None:
    make_number(OURS, label="Main line")
    call, _ = make_call(at=MONDAY), make_message(at=MONDAY)
    PhoneNumber.objects.update(time_zone="Europe/Lisbon")  # the same time as London
    assert "At the number" not in login.get(call.get_absolute_url()).content.decode()
    assert "at the number" not in login.get("/").content.decode()
    PhoneNumber.objects.update(time_zone="Europe/Madrid")
    assert "Tue 00:30 CET at the number" in text_of(login.get("/voicemail/").content.decode())
    assert "23:30:00 Tue 00:30 CET at the number" in text_of(login.get("/").content.decode())
    placed: dict[str, Any] = {"from": OURS, "to": "447700900124", "direction": "outbound"}
    make_call("started", "busy", at=MONDAY, **placed)
    live = text_of(login.get("/live/?seen=0").content.decode())
    assert live.count("Tue 00:30 CET at the number") == 2  # the message came a minute before
    html = text_of(login.get(call.get_absolute_url()).content.decode())
    assert "Started 23:30:00 GMT 23 Nov 2026, just now At the number Tue 00:30 CET Madrid" in html


@pytest.mark.parametrize("zone", ["server", "Nowhere/Land", "../../etc/passwd", "Europe", "x" * 5_000, "\x00", "é"])
def test_what_is_no_zone_leaves_the_servers(login: Client, zone: str) -> None:
    login.cookies["zone"] = zone
    assert "Times in London, GMT" in login.get("/").content.decode()


def test_the_admin_and_the_api_keep_the_servers(login: Client, api: Client) -> None:
    make_call(at=MONDAY)
    for browser in (login, api):
        browser.cookies["zone"] = "Europe/Madrid"
    assert "23:30" in login.get("/admin/calls/call/").content.decode()
    assert api.get("/api/calls/").json()["results"][0]["started_at"].startswith("2026-11-23T23:30")
