"""Who is calling, whether they are blocked, and whether a rule leads them elsewhere: from memory, as plain data.

What a call costs here does not depend on how many contacts, blocks or rules there are.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from calls.flows import words
from calls.models import Block, BlockKind, CallerRule, Contact, ContactNumber
from calls.vonage import numbers

Data = dict[str, Any]

SAMPLES = {"hours.next_open": "tomorrow at 9", "hours.closes": "17:30", "number.label": "Main line"}


@dataclass(frozen=True)
class Caller:
    """Who calls, as far as we know them. `number` is an identity: digits, a SIP address, or "" for one without."""

    number: str = ""
    name: str = ""  # a contact's
    tags: tuple[str, ...] = ()
    contact: int | None = None
    hidden: bool = False  # sent no number at all

    def values(self) -> dict[str, str]:
        """Give what texts may say of them."""
        return {"caller.name": self.name, "caller.number": self.number if self.number.isdigit() else ""}


def load_all() -> Data:
    """Read all contacts, blocks and rules: five queries, and what JSON can hold.

    {"contacts": [[id, name, [tag, …]], …], "numbers": [[identity, contact id], …],
     "blocks": [{"id", "kind", "pattern", "action", "text"}, …], "rules": [{"tag", "number", "flow"}, …]}
    Look at Revision "callers" before, not after: what changes meanwhile is then read again.
    """
    tags: dict[int, list[str]] = defaultdict(list)
    for contact, tag in Contact.tags.through.objects.values_list("contact_id", "tag__name").order_by("tag__name"):
        tags[contact].append(tag)
    return {
        "contacts": [[pk, name, tags.get(pk, [])] for pk, name in Contact.objects.order_by().values_list("pk", "name")],
        "numbers": [list(row) for row in ContactNumber.objects.order_by().values_list("party", "contact_id")],
        "blocks": list(Block.objects.order_by("pk").values("id", "kind", "pattern", "action", "text")),
        "rules": [
            {"tag": tag, "number": number, "flow": flow}
            for tag, number, flow in CallerRule.objects.values_list("tag__name", "number__msisdn", "flow_id")
        ],
    }


class Callers:
    """What `load_all` gave, to be asked during a call."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        same: dict[tuple[str, ...], tuple[str, ...]] = {}  # one tuple for all contacts that have the same tags
        contacts = {
            pk: (pk, name, same.setdefault(tuple(tags), tuple(tags))) for pk, name, tags in data.get("contacts", ())
        }
        self._contacts = {party: contacts[pk] for party, pk in data.get("numbers", ()) if pk in contacts}
        self._blocks = {(block["kind"], block["pattern"]): dict(block) for block in data.get("blocks", ())}
        prefixes = {len(pattern) for kind, pattern in self._blocks if kind == BlockKind.PREFIX}
        self._lengths = sorted(prefixes, reverse=True)
        self._rules: dict[str, list[tuple[int, str | None, int]]] = defaultdict(list)
        for place, rule in enumerate(data.get("rules", ())):
            self._rules[rule["tag"]].append((place, rule["number"], rule["flow"]))

    def __len__(self) -> int:
        """How many numbers it knows a name of."""
        return len(self._contacts)

    def find(self, from_: str | None) -> Caller:
        """Say who calls, by what Vonage sends as `from`. Never raises: a number, a name, nothing, 5,000 letters."""
        number = numbers.identity(from_ or "")
        pk, name, tags = self._contacts.get(number, (None, "", ()))
        return Caller(number, name, tags, pk, hidden=numbers.is_hidden(from_ or ""))

    def block_for(self, caller: Caller) -> dict[str, Any] | None:
        """Give the block that stops them, {"id", "kind", "pattern", "action", "text"}, or None. Never raises.

        Their own number's goes before the longest beginning's.
        """
        if caller.hidden:
            return self._blocks.get((BlockKind.HIDDEN, ""))
        if exact := self._blocks.get((BlockKind.EXACT, caller.number)):
            return exact
        if caller.number.isdigit():
            for length in self._lengths:
                if found := self._blocks.get((BlockKind.PREFIX, caller.number[:length])):
                    return found
        return None

    def flow_for(self, caller: Caller, number: str) -> int | None:
        """Give the flow that a rule leads them to when they call this number of ours; None where none does."""
        if not caller.tags:
            return None
        fitting = (
            (place, flow)
            for tag in caller.tags
            for place, only, flow in self._rules.get(tag, ())
            if only in (None, number)
        )
        return min(fitting, default=(0, None))[1]


def count_hit(block: int) -> None:
    """Say that a block stopped a caller just now. One statement: run it after the answer was given."""
    Block.objects.count_hit(block)


def preview(text: str, contact: Contact | None = None, **known: str) -> str:
    """Give a text as this contact, or a stranger, would hear it. `known`: values beside theirs, for samples."""
    caller = Caller()
    if contact:
        party = next(iter(contact.numbers.values_list("party", flat=True)[:1]), "")
        caller = Caller(party, contact.name, contact=contact.pk)
    told = {name.replace("_", ".", 1): value for name, value in known.items()}
    return words.fill(text, SAMPLES | caller.values() | told)
