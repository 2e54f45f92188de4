"""Reading the reply to a webhook that asks what to do next."""

import json
from dataclasses import dataclass
from typing import Any

from calls.vonage import ncco
from calls.vonage.ncco import Ncco

JSON_TYPE = "application/json"
MOST_PROBLEMS = 5  # told of one NCCO


@dataclass(frozen=True)
class Reply:
    """What came back over HTTP."""

    status: int
    content_type: str  # without its parameters, in lower case; "" where none was sent
    body: bytes


class BadReply(Exception):
    """The reply is no NCCO that the platform would run. `reasons`: a sentence each, with the cure."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(*reasons)
        self.reasons = reasons


def is_array(reply: Reply) -> bool:
    """Whether the body begins as an array does."""
    return reply.body.lstrip().startswith(b"[")


def is_meant_as_ncco(reply: Reply) -> bool:
    """Whether the reply to an event is an NCCO, good or bad. Words such as "OK" and other objects are passed over, as
    with ordinary events (inferred).
    """
    return is_array(reply) or (reply.body.lstrip().startswith(b"{") and b'"action"' in reply.body)


def read_ncco(reply: Reply) -> Ncco:
    """Give the NCCO of a reply, or raise BadReply."""
    if reply.content_type != JSON_TYPE:
        shown = f"the content type {reply.content_type}" if reply.content_type else "no content type"
        raise BadReply(f"the reply has {shown}. Send the NCCO as {JSON_TYPE}.")
    try:
        value = json.loads(reply.body.decode(), parse_constant=_refuse)
    except RecursionError:
        raise BadReply("the reply is nested too deeply. Send a JSON array of actions.") from None
    except ValueError as error:  # not UTF-8, not JSON, or a number of thousands of digits
        raise BadReply(f"the reply is not JSON: {str(error)[:150]}. Send a JSON array of actions.") from None
    problems = ncco.errors(value)
    if problems:
        reasons = [f"the NCCO is refused: {problem.message}" for problem in problems[:MOST_PROBLEMS]]
        raise BadReply(*reasons)
    actions: Ncco = value
    return actions


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")
