"""What a person does about a caller, from wherever they see them."""

from http import HTTPStatus

from django.core.exceptions import ValidationError
from django.db import transaction

from calls.control.refusals import Refused
from calls.models import Block, BlockKind, Revision, User
from calls.models.callers import TOPIC
from calls.vonage import numbers


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
