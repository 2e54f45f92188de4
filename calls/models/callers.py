"""Who calls: contacts with their numbers and tags, who is blocked, and who is led to another flow.

Answers depend on all of it, so each change counts in Revision "callers", in the transaction of the change. That
comes first in it: two who change something take turns, whatever else they lock.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone

from calls.models.flows import CallFlow
from calls.models.numbers import PhoneNumber
from calls.models.revisions import Revision
from calls.vonage import numbers

TOPIC = "callers"
MOST_TEXT = 1_500  # letters of a talk


class CountedQuerySet(models.QuerySet[Any]):
    def delete(self) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            Revision.bump(TOPIC)
            return super().delete()


class Counted(models.Model):
    """Rows whose every change is one of callers. `QuerySet.update` and `bulk_create` do not count: bump beside them."""

    class Meta:
        abstract = True

    def save(self, **options: Any) -> None:
        with transaction.atomic():
            Revision.bump(TOPIC)
            super().save(**options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            Revision.bump(TOPIC)
            return super().delete(*args, **options)


class TagManager(models.Manager["Tag"]):
    def named(self, words: Iterable[str]) -> list["Tag"]:
        """Give the tags of these names, made where they are new. "VIP" and " vip" are one."""
        return [self.get_or_create(name=word)[0] for word in dict.fromkeys(map(tag_name, words)) if word]

    def in_use(self) -> models.QuerySet["Tag"]:
        """Tags that a contact has or a rule is about, by name."""
        return self.filter(
            models.Exists(Contact.tags.through.objects.filter(tag=models.OuterRef("pk")))
            | models.Exists(CallerRule.objects.filter(tag=models.OuterRef("pk")))
        )


def tag_name(text: str) -> str:
    """Spell a tag: small letters, single spaces."""
    return " ".join(text.split()).lower()


class Tag(models.Model):
    """A word for several contacts: "vip"."""

    name = models.CharField(max_length=40)

    objects = TagManager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["name"], name="tag_by_name")]

    def __str__(self) -> str:
        return self.name


class Contact(Counted):
    """Somebody who calls, or is called. One may have several numbers."""

    name = models.CharField(max_length=100)
    note = models.TextField(blank=True, max_length=2_000)
    tags = models.ManyToManyField(Tag, blank=True, related_name="contacts")

    objects = CountedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def set_tags(self, words: Iterable[str]) -> None:
        """Let these be the contact's tags, and no others."""
        with transaction.atomic():
            Revision.bump(TOPIC)
            self.tags.set(Tag.objects.named(words))

    def set_numbers(self, parties: Iterable[str]) -> None:
        """Let these identities be the contact's numbers, and no others."""
        wanted = dict.fromkeys(parties)
        with transaction.atomic():
            Revision.bump(TOPIC)
            self.numbers.exclude(party__in=wanted).delete()
            there = set(self.numbers.values_list("party", flat=True))
            ContactNumber.objects.bulk_create(
                ContactNumber(contact=self, party=party) for party in wanted if party not in there
            )


class ContactNumber(Counted):
    """A number or SIP address of a contact, in the spelling of `numbers.identity`. It belongs to one contact."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="numbers")
    party = models.CharField("number", max_length=numbers.MOST_LETTERS)

    objects = CountedQuerySet.as_manager()

    class Meta:
        verbose_name = "number"
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["party"], name="contact_number_once")]

    def __str__(self) -> str:
        return numbers.shown(self.party)

    def clean(self) -> None:
        """Keep it in its one spelling; say whose it is already. Raises ValidationError."""
        self.party = party_of(self.party, field="party")
        other = type(self).objects.filter(party=self.party).exclude(pk=self.pk).select_related("contact").first()
        if other and other.contact_id != self.contact_id:
            reason = f"{numbers.shown(self.party)} is a number of {other.contact}. Take it from there first."
            raise ValidationError({"party": reason})


class BlockKind(models.TextChoices):
    EXACT = "exact", "One number"
    PREFIX = "prefix", "All numbers that begin like this"
    HIDDEN = "hidden", "Callers who hide their number"


class BlockAction(models.TextChoices):
    HANG_UP = "hang up", "Hang up"
    MESSAGE = "message", "Say a sentence, then hang up"
    VOICEMAIL = "voicemail", "Take a message"


class BlockQuerySet(CountedQuerySet):
    def count_hit(self, pk: int) -> None:
        """Say that it stopped a caller just now. No change of what is blocked."""
        self.filter(pk=pk).update(hits=models.F("hits") + 1, last_hit_at=timezone.now())


class Block(Counted):
    """Whom we don't want on the line, and what they get instead.

    `pattern` is an identity, the digits that a number begins with, or "" for hidden callers.
    """

    kind = models.CharField("who", max_length=8, choices=BlockKind, default=BlockKind.EXACT)
    pattern = models.CharField("number", max_length=numbers.MOST_LETTERS, blank=True)
    action = models.CharField("what they get", max_length=16, choices=BlockAction, default=BlockAction.HANG_UP)
    text = models.TextField("what they hear", blank=True, max_length=MOST_TEXT)
    note = models.CharField(max_length=200, blank=True)
    hits = models.PositiveBigIntegerField(default=0, editable=False)
    last_hit_at = models.DateTimeField(null=True, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = BlockQuerySet.as_manager()

    class Meta:
        verbose_name = "blocked caller"
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "pattern"], name="block_once", violation_error_message="That is blocked already."
            ),
            models.CheckConstraint(
                condition=models.Q(kind="hidden", pattern="") | ~models.Q(kind="hidden") & ~models.Q(pattern=""),
                name="block_has_pattern",
                violation_error_message="Hidden callers have no number; all others need one.",
            ),
        ]

    def __str__(self) -> str:
        if self.kind == BlockKind.HIDDEN:
            return "Hidden callers"
        return f"+{self.pattern}…" if self.kind == BlockKind.PREFIX else numbers.shown(self.pattern)

    @property
    def in_words(self) -> str:
        """Whom it stops, behind "blocked: "."""
        return block_words(self.kind, self.pattern)

    def contacts(self) -> Sequence[str]:
        """Name contacts whom it stops, up to four of them."""
        if self.kind == BlockKind.HIDDEN:
            return []
        stops = {"party": self.pattern} if self.kind == BlockKind.EXACT else {"party__startswith": self.pattern}
        ones = ContactNumber.objects.filter(contact=models.OuterRef("pk"), **stops)
        return list(Contact.objects.filter(models.Exists(ones)).values_list("name", flat=True)[:4])

    def clean(self) -> None:
        """Keep the pattern in its one spelling. Raises ValidationError for what would block nobody, or ourselves."""
        if self.kind == BlockKind.HIDDEN:
            self.pattern = ""
        elif self.kind == BlockKind.PREFIX:
            self.pattern = prefix_of(self.pattern)
        else:
            self.pattern = _not_ours(party_of(self.pattern, field="pattern", short=True))
        if self.action == BlockAction.MESSAGE and not self.text.strip():
            raise ValidationError({"text": "There is no sentence to say. Write one, or choose “Hang up”."})


def block_words(kind: str, pattern: str) -> str:
    """Whom a block stops, in words: "this number", "prefix +44 7700…", "callers who hide their number"."""
    if kind == BlockKind.PREFIX:
        return f"prefix +{pattern}…"
    return "callers who hide their number" if kind == BlockKind.HIDDEN else "this number"


def party_of(typed: str, *, field: str, short: bool = False) -> str:
    """Give the identity of what was typed in a field. `short`: as short as any caller's. Raises ValidationError."""
    found = numbers.identity(typed)
    digits = found and not found.startswith("sip:")
    if not found or (digits and not short and (len(found) < 7 or found.startswith("0"))):
        what = f"“{typed[:60]}” is neither" if typed.strip() else "Write whom you mean:"
        ways = "a number with its country code (+44 7700 900123)", "a SIP address (sip:anna@example.com)"
        raise ValidationError({field: f"{what} {(' nor ' if typed.strip() else ' or ').join(ways)}."})
    return found


def prefix_of(typed: str) -> str:
    """Give the digits that numbers begin with: "+44 7700" is "447700". Raises ValidationError."""
    digits = numbers.written(typed.strip().rstrip("*…xX"))
    if not digits:
        raise ValidationError(
            {"pattern": "Without a beginning, every caller would be blocked. Write how their numbers begin: +44 7700."}
        )
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15) or digits.startswith("0"):
        reason = f"“{typed[:60]}” is not how a number with its country code begins. Write it like +44 7700."
        raise ValidationError({"pattern": reason})
    return digits


def _not_ours(party: str) -> str:
    ours = PhoneNumber.objects.filter(msisdn=party).first()
    if ours:
        named = f" ({ours.label})" if ours.label else ""
        raise ValidationError(
            {"pattern": f"{numbers.shown(party)} is one of our own numbers{named}, and our own calls come from it."}
        )
    return party


class CallerRule(Counted):
    """Callers with this tag are led to this flow. The first rule that fits decides."""

    position = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(9_999)])
    tag = models.ForeignKey(Tag, on_delete=models.PROTECT, related_name="rules")
    number = models.ForeignKey(
        PhoneNumber, null=True, blank=True, on_delete=models.CASCADE, related_name="rules", verbose_name="number called"
    )
    flow = models.ForeignKey(CallFlow, on_delete=models.PROTECT, related_name="rules")

    objects = CountedQuerySet.as_manager()

    class Meta:
        verbose_name = "rule for callers"
        verbose_name_plural = "rules for callers"
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return f"{self.tag} → {self.flow}"


@receiver(post_delete, sender=CallerRule)
def _gone_with_its_number(**_: Any) -> None:
    """Count a rule that went because its number did."""
    Revision.bump(TOPIC)
