"""Mails that tell of new messages: once each, with the sound where it is small, and again where a server took none."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.utils import timezone
from pytest_django import Settings

from calls.chores.mails import tell_of_messages
from calls.control import mailing
from calls.models import FlowVersion, Recording, Voicemail
from callserver.env import Env
from tests.factories import OURS, make_contact, make_number
from tests.voicemails import add_sound, make_message

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def office(settings: Settings) -> None:
    """Mails go to the office, from a server whose host is known."""
    settings.VOICEMAIL_EMAIL = ["office@example.com", "tom@example.com"]
    settings.EMAIL_HOST = "mail.example.com"
    settings.DEFAULT_FROM_EMAIL = "Calls <calls@example.com>"


@pytest.fixture
def refuses(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception | None], None]:
    """Let the mail server fail like this, or work again."""
    real = EmailMessage.send

    def refuse(error: Exception | None) -> None:
        def send(self: EmailMessage, fail_silently: bool = False) -> int:
            if error:
                raise error
            return real(self, fail_silently)

        monkeypatch.setattr(EmailMessage, "send", send)

    return refuse


def test_who_is_to_be_told_gets_one_mail_of_each_message() -> None:
    make_number(OURS, label="Orders")
    make_contact("Anna Kowalska", "447700900123")
    message = make_message(sound=True, seconds=35, version=FlowVersion.objects.get().pk)
    assert not tell_of_messages()
    assert not tell_of_messages()
    (sent,) = mail.outbox
    assert (sent.to, sent.from_email) == (["office@example.com", "tom@example.com"], "Calls <calls@example.com>")
    assert sent.subject == "New message from Anna Kowalska, 35 s"
    assert "Anna Kowalska, +44 7700 900123, left a message of 35 s for Orders, +44 20 7946 0000." in sent.body
    assert f"http://127.0.0.1:3000/voicemail/{message.pk}/" in sent.body
    assert "The sound is attached." in sent.body
    ((name, content, kind),) = sent.attachments
    assert (name, kind) == (f"message-{message.pk}.mp3", "audio/mpeg")
    assert content == Path(message.recording.file.path).read_bytes()
    assert sent.extra_headers["Message-ID"].endswith("@example.com>")
    row = Voicemail.objects.get()
    assert (row.mail_at, row.mail_problem, row.mail_tries) == (None, "", 1)
    assert row.mailed_at


def test_it_waits_a_while_for_the_sound() -> None:
    message = make_message()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        tell_of_messages()
        assert (mail.outbox, Voicemail.objects.get().mail_tries) == ([], 0)
        add_sound(message.recording, 3)
        clock.shift(11)
        tell_of_messages()
    assert len(mail.outbox[0].attachments) == 1


def test_it_goes_without_the_sound_where_that_does_not_come() -> None:
    make_message()
    with time_machine.travel(timezone.now() + mailing.SOUND_FOR):
        tell_of_messages()
    assert mail.outbox[0].attachments == []
    assert "The sound is not here yet" in mail.outbox[0].body


def test_a_long_message_is_not_attached() -> None:
    message = make_message(sound=True)
    Recording.objects.filter(pk=message.recording_id).update(size=mailing.MOST_ATTACHED + 1)
    tell_of_messages()
    assert mail.outbox[0].attachments == []
    assert "too large to be attached" in mail.outbox[0].body


def test_a_server_that_is_away_is_tried_again_with_growing_pauses_and_given_up_after_days(refuses: Any) -> None:
    make_message(sound=True)
    refuses(ConnectionRefusedError("Connection refused\r\nby mail.example.com"))
    pauses = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        while not tell_of_messages() and (row := Voicemail.objects.get()).mail_at:
            assert row.mail_problem == "Connection refused\ufffd\ufffdby mail.example.com"
            pauses.append((row.mail_at - timezone.now()).total_seconds())
            clock.move_to(row.mail_at)
    assert pauses[:6] == [30, 120, 600, 3_600, 14_400, 14_400]
    assert len(pauses) < 25
    assert mail.outbox == []


def test_when_the_server_is_back_the_mail_goes_and_has_the_same_id(refuses: Any) -> None:
    message = make_message(sound=True)
    first = mailing.mail_of(message).extra_headers["Message-ID"]
    refuses(OSError("away"))
    tell_of_messages()
    refuses(None)
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        tell_of_messages()
    assert [sent.extra_headers["Message-ID"] for sent in mail.outbox] == [first]
    assert Voicemail.objects.get().mail_problem == ""


def test_after_a_failure_no_other_is_tried_until_the_next_time(refuses: Any) -> None:
    for _ in range(3):
        make_message(sound=True)
    refuses(OSError("away"))
    tell_of_messages()
    assert Voicemail.objects.exclude(mail_problem="").count() == 1


def test_two_workers_send_one() -> None:
    message = make_message(sound=True)
    assert Voicemail.objects.claim(message.pk, mailing.LEASE)
    assert mailing.send_one(message.pk) is None
    assert mail.outbox == []


def test_a_name_that_would_be_a_header_is_none() -> None:
    make_contact("Anna\r\nBcc: all@example.com", "447700900123")
    make_message(sound=True)
    tell_of_messages()
    assert mail.outbox[0].subject == "New message from Anna Bcc: all@example.com, 35 s"
    assert mail.outbox[0].bcc == []


def test_without_a_server_it_waits_and_the_check_says_why(settings: Settings) -> None:
    settings.EMAIL_HOST = ""
    make_message(sound=True)
    tell_of_messages()
    assert "EMAIL_URL is not set" in Voicemail.objects.get().mail_problem
    assert "calls.W004" in {found.id for found in run_checks()}


def test_nobody_is_told_where_nobody_is_named(settings: Settings) -> None:
    settings.VOICEMAIL_EMAIL = []
    make_message(sound=True)
    settings.VOICEMAIL_EMAIL = ["late@example.com"]  # of what was there before nobody is told
    tell_of_messages()
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", ("", 25, "", "", False, False)),
        ("smtp://localhost", ("localhost", 25, "", "", False, False)),
        ("smtp+tls://anna:p%40ss@mail.example.com", ("mail.example.com", 587, "anna", "p@ss", True, False)),
        ("smtps://anna:x@mail.example.com:4650", ("mail.example.com", 4650, "anna", "x", False, True)),
    ],
)
def test_the_address_of_a_mail_server(url: str, told: tuple[object, ...]) -> None:
    found = Env({"EMAIL_URL": url}).mail("EMAIL_URL")
    assert tuple(found[name] for name in ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS", "USE_SSL")) == told


@pytest.mark.parametrize("url", ["mail.example.com", "http://mail", "smtp://", "smtp://host:99999", "smtp+tls://:25"])
def test_what_is_no_mail_server_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL is"):
        Env({"EMAIL_URL": url}).mail("EMAIL_URL")


@pytest.mark.parametrize("text", ["office", "@example.com", "office@", "a b@example.com"])
def test_what_is_no_mail_address_is_refused(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="is no mail address"):
        Env({"VOICEMAIL_EMAIL": f"good@example.com, {text}"}).addresses("VOICEMAIL_EMAIL")
