"""Each kind of step from its form to the call's page: filled in, published by the button, rung, and read there."""

import html
import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from calls.flows.draft import add_step, stamp_of
from calls.flows.routing import directory
from calls.models import CallFlow, OpeningHours, PhoneNumber, Step
from tests.admin.test_flows import LIST, send
from tests.factories import OURS, PERSON
from tests.flows.conftest import Ring
from tests.flows.drafts import publish_flow

pytestmark = pytest.mark.django_db(transaction=True)

SPOKEN = {"voice": "", "voice_old_name": ""}  # the flow's voice
NOTICE = {"notice": "It is recorded.", "notice_off_reason": ""}
FAREWELL = {"text": "Goodbye from here.", **SPOKEN}

# kind: what is filled in, what the caller does, what they must hear, what the call's page must say
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any], list[Any], str]] = {
    "greeting": ({"text": "Good day.", "loop": 1, "level": "0.0", **SPOKEN}, {}, ["Good day."], "Good day."),
    "audio": (
        {"sound": "", "url": "SERVER/static/none.mp3", "loop": 1, "level": "0.0"},
        {"suffers": "none.mp3"},
        ["Goodbye from here."],
        "a sound",
    ),
    "menu": (
        {"prompt": "Press 1.", "seconds": 5, "tries": 2, "nothing": "", "wrong": "No.", "on_end": "hang up", **SPOKEN}
        | {"keys_key": ["1"], "keys_goes": ["next"], "keys_words": [""]},
        {"steps": [{"press": "1"}]},
        ["Press 1.", "Goodbye from here."],
        "Pressed 1",
    ),
    "voicemail": (
        {"prompt": "Speak.", "beep": "on", "seconds": 60, "silence": 5, "key": "#", "thanks": "", "on_next": "next"}
        | SPOKEN
        | NOTICE,
        {"steps": [{"say": "Call me."}, {"press": "#"}]},
        ["It is recorded.", {"recorded": True}, "Goodbye from here."],
        "recorded",
    ),
    "forward": (
        {"ring_seconds": 20, "show": "ours", "longest": 7200, "whisper": "", **SPOKEN}
        | {"on_busy": "next", "on_unanswered": "hang up", "on_failed": "hang up"}
        | {"targets_type": ["phone"], "targets_to": [PERSON]},
        {"callees": {PERSON: "busy"}},
        [{"rings": PERSON}, "Goodbye from here."],
        "was busy",
    ),
    "room": (
        {"room": "team", "music": "", "sound": "", "pin": "", "ask": "PIN?", "wrong": "No.", "tries": 3, **SPOKEN}
        | NOTICE
        | {"on_refused": "hang up"},
        {"steps": [{"wait": 10}, "hang up"]},
        [{"connected": "team"}],
        "a conference",
    ),
    "hours": (
        {"hours": "HOURS", "on_open": "hang up", "on_closed": "next"},
        {},
        ["Goodbye from here."],
        "Goodbye from here.",
    ),
    "goto": ({"on_next": "flow:WORKSHOP"}, {}, ["Workshop here.", {"not said": "Goodbye"}], "Workshop here."),
    "digits": (
        {"prompt": "Your order?", "keep": "Order", "most": 6, "hash": "on", "seconds": 5, "nothing": "", "tries": 2}
        | {"on_nothing": "hang up"}
        | SPOKEN,
        {"steps": [{"press": "1234#"}]},
        ["Your order?", "Goodbye from here."],
        "1234",
    ),
    "notify": (
        {"url": "SERVER/event", "payload": '{"topic": "orders"}', "method": "POST"},
        {},
        ["Goodbye from here."],
        "orders",
    ),
    "wait": ({"seconds": "3"}, {}, ["Goodbye from here."], "wait"),
    "hangup": ({"text": "That is all.", **SPOKEN}, {}, ["That is all.", {"not said": "Goodbye"}], "That is all."),
    "ncco": ({"actions": '[{"action": "talk", "text": "Raw."}]'}, {}, ["Raw.", "Goodbye from here."], "Raw."),
}


def fill(browser: Client, step: Step, fields: dict[str, Any]) -> None:
    step.flow.refresh_from_db()
    address = f"{LIST}{step.flow_id}/steps/{step.pk}/"
    answer = send(browser, address, {"name": step.name, "stamp": stamp_of(step.flow), **fields})
    form = (answer.context or {}).get("form")
    assert answer.redirect_chain, form and form.errors


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_step_is_filled_in_published_rung_and_read(
    login: Client, ring: Ring, settings: Settings, live_server: LiveServer, kind: str
) -> None:
    settings.OUTBOUND_COUNTRIES = ["GB"]
    fields, scenario, heard, read = KINDS[kind]
    workshop = publish_flow("Workshop", ("greeting", {"text": "Workshop here."}, {}), number="")
    hours = OpeningHours.objects.create(name="Shop", time_zone="Europe/London")  # never open
    names = {"SERVER": live_server.url, "HOURS": str(hours.pk), "WORKSHOP": str(workshop.pk)}
    told = re.compile("|".join(names))
    filled = {
        name: told.sub(lambda found: names[found[0]], value) if isinstance(value, str) else value
        for name, value in fields.items()
    }
    flow = CallFlow.objects.create(name="Line")
    PhoneNumber.objects.create(msisdn=OURS, flow=flow)
    step, last = add_step(flow, kind), add_step(flow, "hangup")
    fill(login, last, FAREWELL)
    fill(login, step, filled)
    flow.refresh_from_db()
    page = login.get(f"{LIST}{flow.pk}/change/").content.decode()
    accepted = re.findall(r'name="accept" value="([^"]+)"', page)
    send(
        login,
        f"{LIST}{flow.pk}/publish/",
        {"when": "now", "stamp": stamp_of(flow), "accept": [html.unescape(one) for one in accepted]},
    )
    assert flow.live_version() is not None
    directory.look()
    call = ring(**scenario, expect=heard)
    assert read in " ".join(re.sub(r"<[^>]+>", " ", login.get(call.get_absolute_url()).content.decode()).split())
