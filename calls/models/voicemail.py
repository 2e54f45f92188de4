"""Messages that callers left: what became of each, and of the mail that tells of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from calls.models.calls import Call
from calls.models.flows import FlowVersion
from calls.models.people import User
from calls.models.recordings import Recording

MOST_CHARACTERS = 500  # of a note
MOST_COUNTED = 99
STEP_NAME = 60
PERSON: dict[str, Any] = {"null": True, "on_delete": models.SET_NULL, "related_name": "+", "editable": False}


class VoicemailState(models.TextChoices):
    """Where a message is."""

    NEW = "new", "New"
    HEARD = "heard", "Heard"
    ARCHIVED = "archived", "Archived"


INBOX = [VoicemailState.NEW, VoicemailState.HEARD]


class VoicemailQuerySet(models.QuerySet["Voicemail"]):
    def new(self) -> Self:
        """Those that nobody has heard."""
        return self.filter(state=VoicemailState.NEW)

    def newest_first(self) -> Self:
        """In the order in which they came to be known here."""
        return self.order_by("-pk")

    def told(self) -> Self:
        """With all that is told of each, in one query."""
        return self.select_related("recording__event__call", "version__flow", "heard_by", "archived_by")

    def mail_due(self) -> Self:
        """Those whose mail is to be sent now, the longest due first."""
        return self.filter(mail_at__lte=timezone.now()).order_by("mail_at", "pk")

    def claim(self, pk: int, lease: timedelta) -> Voicemail | None:
        """Take one whose mail is due, so that nobody else sends it meanwhile; None where somebody was faster."""
        if (
            not self.mail_due()
            .filter(pk=pk)
            .update(mail_at=timezone.now() + lease, mail_tries=models.F("mail_tries") + 1)
        ):
            return None
        return self.told().get(pk=pk)

    def counted(self) -> Self:
        """The new ones, as far as they are counted: one more than MOST_COUNTED stands for more."""
        return self.new().order_by()[: MOST_COUNTED + 1]

    def new_count(self) -> int:
        """How many are new. One query, by an index of the new ones."""
        return self.counted().count()


class Voicemail(models.Model):
    """A recording that a voicemail step made. Whose call it is, the recording's event knows.

    It is made by whoever finds the recording, never while an event comes in: no caller waits for it.
    """

    recording = models.OneToOneField(Recording, on_delete=models.CASCADE, related_name="voicemail")
    # What led to it, as far as it was told. Blocked callers come to no step of a flow.
    version = models.ForeignKey(FlowVersion, null=True, on_delete=models.SET_NULL, related_name="+")
    step = models.CharField(max_length=STEP_NAME, blank=True)  # its name
    blocked = models.BooleanField(default=False)  # the caller is on the block list

    state = models.CharField(max_length=16, choices=VoicemailState, default=VoicemailState.NEW)
    heard_at = models.DateTimeField(null=True)
    heard_by = models.ForeignKey(settings.AUTH_USER_MODEL, **PERSON)
    archived_at = models.DateTimeField(null=True)
    archived_by = models.ForeignKey(settings.AUTH_USER_MODEL, **PERSON)
    note = models.CharField(max_length=MOST_CHARACTERS, blank=True)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)  # pages that are open see it by this

    mail_at = models.DateTimeField(null=True)  # when the mail is sent or tried again; null: there is none to send
    mail_tries = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True)
    mail_problem = models.CharField(max_length=300, blank=True)  # a sentence: why the last try failed

    objects = VoicemailQuerySet.as_manager()

    class Meta:
        verbose_name = "message"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["state", "id"], name="voicemail_by_state"),
            models.Index(fields=["id"], name="voicemail_inbox", condition=models.Q(state__in=INBOX)),
            models.Index(fields=["changed_at"], name="voicemail_by_change"),
            models.Index(fields=["mail_at"], name="voicemail_mail_due", condition=models.Q(mail_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"Message {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("message", args=[self.pk])

    @property
    def call(self) -> Call | None:
        return self.recording.event.call

    def hear(self, by: User | None) -> None:
        """Say that somebody has heard it. Who was first stays."""
        self._change({"state": VoicemailState.HEARD, "heard_at": timezone.now(), "heard_by": by}, VoicemailState.NEW)

    def unhear(self) -> None:
        """Let it be new again."""
        self._change({"state": VoicemailState.NEW, "heard_at": None, "heard_by": None}, VoicemailState.HEARD)

    def archive(self, by: User | None) -> None:
        """Take it out of the way: its call is handled. Whether it was heard stays known."""
        where = {"state": VoicemailState.ARCHIVED, "archived_at": timezone.now(), "archived_by": by}
        if self._change(where, VoicemailState.NEW, VoicemailState.HEARD) and self.call and by:
            self.call.set_handled(by.get_short_name() or by.get_username())

    def bring_back(self) -> None:
        """Put it back to where it was before it was archived: its call is to be handled."""
        state = VoicemailState.HEARD if self.heard_at else VoicemailState.NEW
        back: dict[str, object] = {"state": state, "archived_at": None, "archived_by": None}
        if self._change(back, VoicemailState.ARCHIVED) and self.call:
            self.call.set_handled("")

    def put(self, state: str, by: User | None) -> None:
        """Let it be new, heard or archived, whatever it is now."""
        if state == VoicemailState.ARCHIVED:
            self.archive(by)
            return
        self.bring_back()
        if state == VoicemailState.HEARD:
            self.hear(by)
        else:
            self.unhear()

    def write_note(self, note: str) -> None:
        """Write the note anew, on one line and without what Postgres refuses."""
        line = " ".join(note.replace("\x00", " ").encode("utf-8", "replace").decode().split())
        self._change({"note": line[:MOST_CHARACTERS]}, *VoicemailState)

    def _change(self, to: dict[str, object], *within: VoicemailState) -> bool:
        """Change it unless somebody else was faster: two who do the same at once are one. Says whether it did."""
        there = Voicemail.objects.filter(pk=self.pk, state__in=within)
        changed = there.update(**to, changed_at=timezone.now())
        self.refresh_from_db(fields=["state", "heard_at", "heard_by", "archived_at", "archived_by", "note"])
        return bool(changed)
