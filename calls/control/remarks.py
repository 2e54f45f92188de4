"""What people remark on a call: a note, that somebody saw to it, what was done about its caller.

Each is an event of the call, so that every open page learns of it; the text of one stays when the
payloads of its call are emptied.
"""

from collections.abc import Sequence
from http import HTTPStatus

from django.core.exceptions import ValidationError

from calls.control import callers
from calls.control.log import record
from calls.control.refusals import Refused
from calls.models import Block, Call, Contact, ContactNumber, User
from calls.records.remarks import REMARK
from calls.vonage import numbers
from calls.vonage.events import cleaned

MOST_CHARACTERS = 1_000  # of a note
GONE = "This call was deleted meanwhile. Nothing was done."


def note(call: Call, text: str, *, by: User) -> None:
    """Leave a note for colleagues. Raises Refused for an empty one, and for one that is too long."""
    _look_for(call)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    text = "\n".join(lines).strip()
    if not text:
        raise Refused("The note is empty: write something first.", HTTPStatus.BAD_REQUEST)
    if len(text) > MOST_CHARACTERS:
        reason = f"A note has {MOST_CHARACTERS:,} characters at most, and this one has {len(text):,}. Shorten it."
        raise Refused(reason, HTTPStatus.BAD_REQUEST)
    _record(call, by, "note", "noted", note=text)


def handle(call: Call, *, by: User) -> None:
    """Say that somebody saw to the call. Who was first stays."""
    _look_for(call)
    if call.set_handled(by.get_short_name() or by.get_username()):
        _record(call, by, "handled", "marked the call as handled")


def reopen(call: Call, *, by: User) -> None:
    """Take that back."""
    _look_for(call)
    if call.set_handled(""):
        _record(call, by, "reopened", "marked the call as not handled yet")


def block(call: Call, *, by: User, note: str = "") -> Block:
    """Hang up on the caller from now on. Raises Refused where they can't be told from others, or are ourselves."""
    _look_for(call)
    made = callers.block(call.from_number, by=by, note=" ".join(note.split()))
    _record(call, by, "blocked", "blocked the caller")
    return made


def tag(call: Call, words: str, *, by: User, name: str = "") -> Contact:
    """Let these words, with commas between them, be the tags of whoever is at the other end, and no others.

    A stranger becomes a contact of that `name`. Raises Refused.
    """
    _look_for(call)
    party = call.other_party
    tags = [word for word in words.split(",") if word.strip()]
    there = ContactNumber.objects.filter(party=numbers.identity(party) or "-").select_related("contact").first()
    contact = there.contact if there else Contact(name=name)
    if there is None and not name.strip():
        raise Refused("A tag belongs to a contact: say by which name the caller is kept.", HTTPStatus.BAD_REQUEST)
    try:
        callers.save_contact(contact, parties=None if there else [party], tags=tags)
    except ValidationError as error:
        raise Refused(" ".join(error.messages), HTTPStatus.BAD_REQUEST) from error
    _record(call, by, "tagged", _tagged(contact, [tag.name for tag in contact.tags.all()]))
    return contact


def _look_for(call: Call) -> None:
    """Raise Refused where the call was deleted since it was read: an event of it would bring a shadow of it back."""
    if not Call.objects.filter(pk=call.pk).exists():
        raise Refused(GONE, HTTPStatus.NOT_FOUND)


def _tagged(contact: Contact, tags: Sequence[str]) -> str:
    return f"tagged {contact} as {', '.join(tags)}" if tags else f"took all tags off {contact}"


def _record(call: Call, by: User, remark: str, words: str, **more: str) -> None:
    leg = call.legs.oldest_first().first()
    same = {"uuid": leg.uuid, "conversation_uuid": leg.conversation_uuid} if leg else {}
    told = {REMARK: remark, "action": words, "by": by.get_username(), **more}
    payload, _ = cleaned({"conversation_uuid": call.conversation_uuid, **same, **told}, [])
    record(payload)
