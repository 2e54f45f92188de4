"""Whoever is at the other end of a call, on its page: the contact they are, and their other calls."""

from collections.abc import Sequence
from dataclasses import dataclass

from calls.dashboard.rows import Row, rows_of
from calls.models import Call, Contact
from calls.records.finding import newest_with
from calls.vonage import numbers

SHOWN = 5  # of their other calls


@dataclass(frozen=True)
class OtherParty:
    """What the page tells of them. `number` finds all their calls; it is "" of who can't be told from others."""

    shown: str
    country: str
    number: str
    contact: Contact | None
    calls: Sequence[Row]
    more: bool  # there are further calls

    @property
    def tags(self) -> list[str]:
        return [tag.name for tag in self.contact.tags.all()] if self.contact else []


def other_party_of(call: Call) -> OtherParty:
    """Look them up: two queries, one more for a contact's tags, and what their other calls' rows cost."""
    party = call.other_party
    number = numbers.identity(party)
    if not number:
        return OtherParty(numbers.shown(party), numbers.country(party), "", None, (), more=False)
    contact = Contact.objects.filter(numbers__party=number).prefetch_related("tags").first()
    found = list(newest_with(party).exclude(pk=call.pk).latest_first()[: SHOWN + 1])
    [rows] = rows_of(found[:SHOWN])
    return OtherParty(numbers.shown(party), numbers.country(party), number, contact, rows, more=len(found) > SHOWN)
