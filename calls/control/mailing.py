"""Mails that tell of new messages. The worker sends them: a mail server that is away keeps nobody waiting."""

import logging
from datetime import timedelta
from email.utils import parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import DatabaseError, InterfaceError
from django.template.loader import render_to_string
from django.utils import timezone

from calls.models import RecordingState, Voicemail
from calls.records.names import names_of
from calls.templatetags.calls_format import duration
from calls.vonage import numbers
from calls.vonage.recordings import SOUNDS

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)  # a mail server has 10 s for each answer
# Before the second try, the third, and so on; then LATER for as long as TRIED_FOR.
PAUSES = [timedelta(seconds=seconds) for seconds in (30, 120, 600, 3_600)]
LATER = timedelta(hours=4)
TRIED_FOR = timedelta(days=3)
SOUND_FOR = timedelta(minutes=3)  # how long a mail waits for the sound
SOUND_LOOK = timedelta(seconds=10)
MOST_ATTACHED = 3_000_000  # bytes: eight minutes of MP3
MOST_LETTERS = 60  # of a name in a subject


def send_one(pk: int) -> Voicemail | None:
    """Send the mail of a message whose mail is due. None: it is not due, or somebody else is at it."""
    message = Voicemail.objects.claim(pk, LEASE)
    if message is None:
        return None
    if _waits_for_sound(message):
        Voicemail.objects.filter(pk=pk).update(mail_at=timezone.now() + SOUND_LOOK, mail_tries=message.mail_tries - 1)
        return message
    try:
        if not settings.EMAIL_HOST:
            raise OSError("EMAIL_URL is not set, so there is no mail server to send it by.")
        mail_of(message).send()
    except (DatabaseError, InterfaceError):
        raise
    except Exception as error:  # whatever a mail server, its network or a storage raises
        _put_off(message, f"{error}" or type(error).__name__)
    else:
        message.mail_at, message.mailed_at, message.mail_problem = None, timezone.now(), ""
        message.save(update_fields=["mail_at", "mailed_at", "mail_problem"])
        logger.info("A mail tells of %s", message)
    return message


def _waits_for_sound(message: Voicemail) -> bool:
    waiting = message.recording.state == RecordingState.WAITING
    return waiting and timezone.now() - message.recording.event.received_at < SOUND_FOR


def mail_of(message: Voicemail) -> EmailMessage:
    """Who called whom, when, how long, where it is heard; with the sound where it is small."""
    call = message.call
    from_, to = (call.from_number, call.to_number) if call else ("", "")
    named = names_of({from_, to})
    caller = " ".join(named.get(from_, numbers.shown(from_)).split())
    recording = message.recording
    sound = recording.is_kept and (recording.size or 0) <= MOST_ATTACHED
    length = f", {duration(recording.lasts)}" if recording.lasts else ""
    context = {"message": message, "recording": recording, "call": call, "caller": caller, "attached": sound}
    context |= {"caller_number": numbers.shown(from_) if from_ in named else "", "called": named.get(to, "")}
    context |= {"called_number": numbers.shown_called(to), "url": f"{settings.BASE_URL}{message.get_absolute_url()}"}
    mail = EmailMessage(
        subject=f"New message from {numbers.visible(caller)[:MOST_LETTERS]}{length}",
        body=render_to_string("calls/mail/voicemail.txt", context),
        to=settings.VOICEMAIL_EMAIL,
        headers={"Message-ID": _id_of(message)},
    )
    if sound:
        with recording.file.open("rb") as file:
            name = f"message-{message.pk}.{SOUNDS[recording.content_type]}"
            mail.attach(name, file.read(), recording.content_type)
    return mail


def _id_of(message: Voicemail) -> str:
    """The same for each try: where a mail was taken and we did not hear of it, mail programs show the two as one."""
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or urlsplit(settings.BASE_URL).hostname
    made = int(message.recording.event.received_at.timestamp() * 1_000_000)
    return f"<message-{message.pk}-{made}@{host}>"


def _put_off(message: Voicemail, reason: str) -> None:
    """Try again later, or give up after some days."""
    pause = PAUSES[message.mail_tries - 1] if message.mail_tries <= len(PAUSES) else LATER
    now = timezone.now()
    again = now + pause if now + pause < message.recording.event.received_at + TRIED_FOR else None
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in reason[:300])
    message.mail_at, message.mail_problem = again, shown
    message.save(update_fields=["mail_at", "mail_problem"])
    logger.warning("The mail about %s was not sent%s: %s", message, "" if again else " and will not be", shown)
