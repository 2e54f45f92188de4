"""By which names parties are told: contacts' names and the labels of our numbers; and where our numbers are at home."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.db.models import CharField, F, QuerySet, Value

from calls.models import Block, BlockKind, ContactNumber, PhoneNumber
from calls.models.callers import block_words
from calls.vonage import numbers

TEST_TAG = "test"  # of contacts whose calls are tests
MOST_NAMED, MOST_TESTS = 20, 50


@dataclass(frozen=True)
class Known:
    """What is known of some parties: the names of those that have one, by what lines callers are blocked, and in which
    zones numbers of ours are at home.
    """

    names: dict[str, str]
    blocked: dict[str, str] = field(default_factory=dict)  # of callers who are: whom the line stops, in words
    zones: dict[str, str] = field(default_factory=dict)  # of numbers that have one


def names_of(parties: Collection[str]) -> dict[str, str]:
    """The names of these parties, of those that have one, our own numbers' labels first. One query."""
    return known_of(parties).names


def known_of(parties: Collection[str], callers: Collection[str] = ()) -> Known:
    """The names and zones of these parties, and which of these callers are blocked. One query."""
    asked = {party: numbers.identity(party) for party in parties}
    contacts = ContactNumber.objects.filter(party__in=set(asked.values()) - {""})
    ours = PhoneNumber.objects.filter(msisdn__in=set(parties))
    rows = [_rows("contact", contacts, "party", "contact__name"), _rows("ours", ours, "msisdn", "label", "time_zone")]
    if callers:
        rows.append(_rows("block", Block.objects.stopping(callers), "pattern", "kind"))
    of_contacts: dict[str, str] = {}
    labels: dict[str, str] = {}
    zones: dict[str, str] = {}
    blocks: list[tuple[str, str]] = []
    for kind, party, name, zone in rows[0].union(*rows[1:], all=True):
        if kind == "block":
            blocks.append((name, party))
        elif kind == "contact":
            of_contacts[party] = name
        else:
            labels[party], zones[party] = name, zone
    named = {party: of_contacts[one] for party, one in asked.items() if one in of_contacts}
    blocked = {one: words for one in callers if (words := _blocked(one, blocks))}
    return Known(named | _said(labels), blocked, _said(zones))


def _said(words: dict[str, str]) -> dict[str, str]:
    return {party: word for party, word in words.items() if word}


def _blocked(caller: str, blocks: Collection[tuple[str, str]]) -> str:
    """By which of these lines of the block list a caller is stopped, in words: the narrowest."""
    if numbers.is_hidden(caller):
        return block_words(BlockKind.HIDDEN, "") if (BlockKind.HIDDEN, "") in blocks else ""
    known = numbers.identity(caller)
    if (BlockKind.EXACT, known) in blocks:
        return block_words(BlockKind.EXACT, known)
    begun = (pattern for kind, pattern in blocks if kind == BlockKind.PREFIX and known.startswith(pattern))
    longest = max(begun, key=len, default="")
    return block_words(BlockKind.PREFIX, longest) if longest else ""


@dataclass(frozen=True)
class Parties:
    """Whose name has a text in it, and whose calls are tests."""

    named: tuple[str, ...]
    tests: tuple[str, ...]


def parties_like(text: str) -> Parties:
    """Look up who is named like that, some at most, and who is tagged as a test. One query."""
    tests = ContactNumber.objects.filter(contact__tags__name=TEST_TAG)
    rows = [_rows("test", tests, "party", "party")]
    if text:
        contacts = ContactNumber.objects.filter(contact__name__icontains=text)
        ours = PhoneNumber.objects.filter(label__icontains=text)
        rows += [_rows("named", contacts, "party", "party")]
        rows += [_rows("named", ours, "msisdn", "msisdn")]
    found: dict[str, list[str]] = {"named": [], "test": []}
    for kind, party, *_ in (rows[0].union(*rows[1:], all=True) if text else rows[0])[: 2 * MOST_TESTS]:
        found[kind].append(party)
    return Parties(tuple(found["named"][:MOST_NAMED]), tuple(found["test"][:MOST_TESTS]))


def _rows(kind: str, rows: QuerySet[Any], party: str, name: str, zone: str = "") -> Any:
    columns = {"kind_": Value(kind, CharField()), "party_": F(party), "name_": F(name)}
    columns["zone_"] = F(zone) if zone else Value("", CharField())
    return rows.order_by().annotate(**columns).values_list(*columns)
