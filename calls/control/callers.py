"""What is done about callers, from wherever they are seen: blocked, and kept as contacts."""

from collections.abc import Sequence
from http import HTTPStatus

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from calls.control.refusals import Refused
from calls.flows import words
from calls.models import (
    Block,
    BlockAction,
    BlockKind,
    CallerRule,
    Contact,
    ContactNumber,
    PhoneNumber,
    Revision,
    Tag,
    User,
)
from calls.models.callers import TOPIC, tag_name
from calls.vonage import ncco, numbers

MOST_NUMBERS = 50  # of a contact
LAST_POSITION = 9_999  # of a rule
WIDE = 4  # digits; a beginning that is shorter may be that of a whole country


def block(from_: str, *, by: User, note: str = "") -> Block:
    """Hang up on this caller from now on; `from_` is what Vonage sent. One who is blocked already stays as they are.

    Raises Refused for a caller who can't be told from others, and for a number of ours.
    """
    if numbers.is_hidden(from_):
        reason = "This caller hides the number, as others do. The block list can stop all who hide theirs."
        raise Refused(reason, HTTPStatus.BAD_REQUEST)
    made = Block(kind=BlockKind.EXACT, pattern=from_, note=note[:200], made_by=by)
    try:
        made.clean_fields(exclude=["made_by"])
        made.clean()
    except ValidationError as error:
        raise Refused(" ".join(error.messages), HTTPStatus.BAD_REQUEST) from error
    with transaction.atomic():
        Revision.bump(TOPIC)  # two who block the same caller at once take turns
        there = Block.objects.filter(kind=made.kind, pattern=made.pattern).first()
        if there is None:
            made.save()
    return there or made


def unspeakable(text: str) -> list[str]:
    """Say why callers who are blocked could not hear this sentence."""
    talk = ncco.talk(text, language="en-GB", style=0)
    return [*words.problems(text), *(problem.message for problem in ncco.errors([talk]))]


def too_wide(kind: str, pattern: str) -> str:
    """Ask in a sentence whether so many are meant, "" where a beginning is long enough."""
    digits = numbers.written(pattern)
    if kind != BlockKind.PREFIX or not digits.isdecimal() or len(digits) >= WIDE:
        return ""
    country = numbers.country(digits.ljust(11, "0"))
    whose = f" ({country})" if country and len(digits) > 1 else ""
    return f"Every number that begins with +{digits}{whose} would be blocked. Is that meant?"


def countryless(kind: str, pattern: str) -> str:
    """Say why a number as people write it at home would stop nobody, "" where it is none, or is blocked already.

    That may be: a call has come from just that, and was blocked from its page.
    """
    found = numbers.identity(pattern)
    if kind != BlockKind.EXACT or not found.startswith("0") or Block.objects.filter(kind=kind, pattern=found).exists():
        return ""
    return f"“{pattern[:60]}” has no country code, and callers’ numbers come with it. Write it like +44 7700 900123."


def save_block(block: Block, *, sure: bool = False) -> None:
    """Keep a block, new or changed. `sure`: so many callers are meant. Raises ValidationError, by field."""
    wrong = {}
    if not sure and (question := too_wide(block.kind, block.pattern)):
        wrong["sure"] = [question]
    if reason := countryless(block.kind, block.pattern):
        wrong["pattern"] = [reason]
    block.text = block.text.replace("\r\n", "\n")
    if block.action == BlockAction.MESSAGE and block.text.strip() and (reasons := unspeakable(block.text)):
        wrong["text"] = reasons
    if wrong:
        raise ValidationError(wrong)
    with transaction.atomic():
        Revision.bump(TOPIC)  # two who block the same caller at once take turns
        block.full_clean(exclude=["made_by"])
        block.save()


def save_contact(contact: Contact, *, parties: Sequence[str] | None = None, tags: Sequence[str] | None = None) -> None:
    """Keep a contact, new or changed, with these numbers and tags; None leaves them. Raises ValidationError."""
    contact.name = " ".join(numbers.visible(contact.name, but=numbers.JOINERS).split())
    long = [name for name in map(tag_name, tags or ()) if len(name) > 40 or "," in name]
    if long:
        raise ValidationError(
            {"tags": f"“{long[0][:60]}” is no tag: a word or two, up to 40 letters, without a comma."}
        )
    with transaction.atomic():
        Revision.bump(TOPIC)  # two who give a number to two contacts at once take turns
        contact.full_clean()
        found = None if parties is None else identities(contact, parties)
        contact.save()
        if found is not None:
            contact.set_numbers(found)
        if tags is not None:
            contact.set_tags(tags)


def identities(contact: Contact, parties: Sequence[str]) -> list[str]:
    """Read numbers as people write them. Raises ValidationError for all that are none, or another contact's."""
    if len(parties) > MOST_NUMBERS:
        reason = f"A contact has up to {MOST_NUMBERS} numbers, and these are {len(parties)}."
        raise ValidationError({"numbers": reason})
    found, wrong = [], []
    for party in parties:
        number = ContactNumber(contact=contact, party=party.strip())
        try:
            number.clean()
        except ValidationError as error:
            wrong += error.messages
        found.append(number.party)
    if wrong:
        raise ValidationError({"numbers": wrong})
    return found


def save_rule(rule: CallerRule, *, tag: str, number: str = "", last: bool = False) -> None:
    """Keep a rule, new or changed: for callers with this tag, to this number of ours, "" for any of them.

    `last`: it is tried after all others. Raises ValidationError, by field.
    """
    name, called = rule_tag(tag), rule_number(number)
    with transaction.atomic():
        Revision.bump(TOPIC)  # two who make the same rule at once take turns
        if reason := rule_taken(name, called, but=rule):
            raise ValidationError({"tag": reason})
        (rule.tag,) = Tag.objects.named([name])
        rule.number = called
        if last:
            rule.position = next_position()
        rule.full_clean()
        rule.save()


def rule_tag(typed: str) -> str:
    """Read the tag that a rule is about. Raises ValidationError."""
    name = tag_name(typed)
    if not name or "," in name:
        reason = "A rule is about one tag: a word or two without a comma. Make a rule for each."
        raise ValidationError({"tag": reason})
    return name


def rule_number(typed: str) -> PhoneNumber | None:
    """Read the number of ours that a rule is about; None for any. Raises ValidationError."""
    if not typed.strip():
        return None
    number = PhoneNumber.objects.filter(msisdn=numbers.written(typed)).first()
    if number is None:
        reason = f"“{typed.strip()[:60]}” is none of our numbers. Choose one, or leave it empty for any of them."
        raise ValidationError({"number": reason})
    return number


def rule_taken(tag: str, number: PhoneNumber | None, *, but: CallerRule) -> str:
    """Say which other rule is about the same callers already, "" where there is none."""
    same = CallerRule.objects.filter(tag__name=tag, number=number).exclude(pk=but.pk).select_related("flow").first()
    return f"Rule {same.position} leads these callers to “{same.flow}”. Change that one." if same else ""


def next_position() -> int:
    """Give the position of a rule that is tried after all there are."""
    last = CallerRule.objects.order_by("-position").values_list("position", flat=True).first() or 0
    return min(last + 1, LAST_POSITION)


def contacts_like(contacts: QuerySet[Contact], term: str) -> QuerySet[Contact]:
    """Leave those with this name, tag, words of a note, or part of a number however it is written."""
    parties = ContactNumber.objects.filter(contact=OuterRef("pk"))
    tags = Contact.tags.through.objects.filter(contact=OuterRef("pk"))
    if digits := digits_of(term):
        return contacts.filter(Exists(parties.filter(party__contains=digits)) | Q(name__icontains=term))
    for word in term.split()[:8]:
        contacts = contacts.filter(
            Q(name__icontains=word)
            | Q(note__icontains=word)
            | Exists(parties.filter(party__icontains=word))
            | Exists(tags.filter(tag__name__icontains=word))
        )
    return contacts


def blocks_like(blocks: QuerySet[Block], term: str) -> QuerySet[Block]:
    """Leave those with words of a note, and those that stop a number, also by a beginning of it."""
    if digits := digits_of(term):
        beginnings = [digits[:length] for length in range(1, len(digits) + 1)]
        return blocks.filter(Q(pattern__contains=digits) | Q(kind=BlockKind.PREFIX, pattern__in=beginnings))
    for word in term.split()[:8]:
        blocks = blocks.filter(Q(note__icontains=word) | Q(pattern__icontains=word))
    return blocks


def digits_of(term: str) -> str:
    """Give the digits that a search is for, "" where it is for words: "07700 90" finds +44 7700 90…."""
    digits = numbers.written(term).lstrip("0")
    return digits if digits.isascii() and digits.isdigit() and len(digits) >= 2 else ""
