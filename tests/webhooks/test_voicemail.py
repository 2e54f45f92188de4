"""A message from the first webhook to the inbox: the step's record event names it, a blocked caller's too."""

from typing import Any

import pytest
from django.test import Client

from calls.control.recordings import look
from calls.models import Block, BlockAction, BlockKind, Voicemail
from tests.conftest import Get, Post
from tests.factories import CALLER, OURS
from tests.flows.drafts import publish_flow
from tests.vonage_client import VonageClient

pytestmark = pytest.mark.django_db
LEG, ROOM = "8b4f0d3c1e5a4b7c9d2e6f8a0b1c2d3e", "CON-f972836a-550f-45fa-956c-12a2ab5b7d22"


def leave_message(vonage: VonageClient, get_answer: Get, post_event: Post) -> None:
    """Call, and say something: the events come as Vonage sends them."""
    same = {"from": CALLER, "to": OURS, "uuid": LEG, "conversation_uuid": ROOM}
    ncco = get_answer(same).json()
    record = next(action for action in ncco if action["action"] == "record")
    post_event(same | {"status": "answered", "direction": "inbound", "timestamp": "2026-11-23T14:02:11.000Z"})
    recorded: dict[str, Any] = {
        "start_time": "2026-11-23T14:02:20Z",
        "end_time": "2026-11-23T14:02:55Z",
        "recording_url": "https://api.nexmo.com/v1/files/x",
        "recording_uuid": "r",
        "size": 100,
        "conversation_uuid": ROOM,
        "timestamp": "2026-11-23T14:02:56.000Z",
    }
    (url,) = record["eventUrl"]
    assert vonage.post(url[url.index("/event/") :], recorded).status_code == 200
    look(5)


def test_a_message_left_at_a_voicemail_step(
    vonage: VonageClient, get_answer: Get, post_event: Post, login: Client
) -> None:
    flow = publish_flow("Mailbox", ("voicemail", {}, {}))
    leave_message(vonage, get_answer, post_event)
    message = Voicemail.objects.told().get()
    assert message.call
    assert message.version == flow.live_version()
    assert (message.call.from_number, message.blocked, message.state) == (CALLER, False, "new")
    assert "Mailbox" in login.get("/voicemail/").content.decode()


def test_a_message_of_a_blocked_caller(vonage: VonageClient, get_answer: Get, post_event: Post, login: Client) -> None:
    publish_flow("Mailbox", ("greeting", {"text": "Hello."}, {}))
    Block.objects.create(kind=BlockKind.EXACT, pattern=CALLER, action=BlockAction.VOICEMAIL)
    leave_message(vonage, get_answer, post_event)
    assert Voicemail.objects.get().blocked
    assert "blocked caller" in login.get("/voicemail/").content.decode()
