"""Chores of mails."""

import time

from calls.control.mailing import send_one
from calls.models import Voicemail

PORTION_SECONDS = 2.0  # of one turn; a mail that is being sent has its time


def tell_of_messages() -> bool:
    """Send the mails that are due. Gives True when there may be more.

    Where the mail server took none, no other is sent until the next time.
    """
    until = time.monotonic() + PORTION_SECONDS
    for pk in Voicemail.objects.mail_due().values_list("pk", flat=True)[:100]:
        message = send_one(pk)
        if message and message.mail_problem:
            return False
        if time.monotonic() > until:
            return True
    return False
