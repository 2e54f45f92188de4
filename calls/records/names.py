"""By which names parties are told: contacts' names and the labels of our numbers; and where our numbers are at home."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from django.db import connection

from calls.models import BlockKind
from calls.models.callers import block_words
from calls.records.tables import NAMES, ask
from calls.vonage import numbers

TEST_TAG = "test"  # of contacts whose calls are tests
MOST_NAMED, MOST_TESTS = 20, 50

# Each page asks this, some twice. The ORM needs longer to make such a query than the database to answer it.
NAMED = f"""
    SELECT 'contact', number.party, contact.name, '' FROM {NAMES}
        JOIN calls_contactnumber AS number ON number.party = name.value
        JOIN calls_contact AS contact ON contact.id = number.contact_id
    UNION ALL
    SELECT 'ours', ours.msisdn, ours.label, ours.time_zone FROM {NAMES}
        JOIN calls_phonenumber AS ours ON ours.msisdn = name.value
"""  # noqa: S608 -- names of ours
STOPPING = f"""
    SELECT 'block', pattern, kind, '' FROM calls_block
    WHERE (kind = '{BlockKind.HIDDEN}' AND pattern = ANY(%s))
        OR (kind = '{BlockKind.EXACT}' AND pattern = ANY(%s))
        OR (kind = '{BlockKind.PREFIX}' AND pattern = ANY(%s))
"""  # noqa: S608 -- words of ours
TESTS = """
    SELECT 'test', number.party FROM calls_contactnumber AS number
        JOIN calls_contact_tags AS tagged ON tagged.contact_id = number.contact_id
        JOIN calls_tag AS tag ON tag.id = tagged.tag_id
    WHERE tag.name = %s
"""
LIKE = r"""
    SELECT 'named', number.party FROM calls_contactnumber AS number
        JOIN calls_contact AS contact ON contact.id = number.contact_id
    WHERE UPPER(contact.name) LIKE UPPER(%s) ESCAPE '\'
    UNION ALL
    SELECT 'named', msisdn FROM calls_phonenumber WHERE UPPER(label) LIKE UPPER(%s) ESCAPE '\'
"""


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
    sql, values = NAMED, [[*{*asked.values()} - {""}], [*asked]]
    if callers:
        sql, values = f"{NAMED} UNION ALL {STOPPING}", [*values, *_patterns(callers)]
    of_contacts: dict[str, str] = {}
    labels: dict[str, str] = {}
    zones: dict[str, str] = {}
    blocks: list[tuple[str, str]] = []
    for kind, party, name, zone in ask(sql, *values):
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


def _patterns(callers: Collection[str]) -> Iterator[list[str]]:
    """Give the patterns that stop one of these callers: of hidden ones, of themselves, of what they begin with."""
    known = {numbers.identity(caller) for caller in callers} - {""}
    yield [""] if any(map(numbers.is_hidden, callers)) else []
    yield [*known]
    yield [*{one[:length] for one in known if one.isdigit() for length in range(1, len(one) + 1)}]


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
    if not text:
        return Parties((), tuple(party for _, party in ask(f"{TESTS} LIMIT {MOST_TESTS}", TEST_TAG)))
    pattern = f"%{connection.ops.prep_for_like_query(text)}%"
    rows = ask(f"{TESTS} UNION ALL {LIKE} LIMIT {2 * MOST_TESTS}", TEST_TAG, pattern, pattern)
    named, tests = ([party for kind, party in rows if kind == wanted] for wanted in ("named", "test"))
    return Parties(tuple(named[:MOST_NAMED]), tuple(tests[:MOST_TESTS]))
