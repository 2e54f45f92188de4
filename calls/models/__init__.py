"""The tables: numbers and what their callers hear, the call log, refused requests, people, chores."""

from calls.models.calls import Call, CallEvent, Conversation, Kind, Leg, Outcome, Visit
from calls.models.chores import Chore, Heartbeat
from calls.models.flows import CallFlow, FlowVersion, Step, StepKind
from calls.models.numbers import PhoneNumber
from calls.models.people import ApiToken, User
from calls.models.refusals import Refusal

__all__ = [
    "ApiToken",
    "Call",
    "CallEvent",
    "CallFlow",
    "Chore",
    "Conversation",
    "FlowVersion",
    "Heartbeat",
    "Kind",
    "Leg",
    "Outcome",
    "PhoneNumber",
    "Refusal",
    "Step",
    "StepKind",
    "User",
    "Visit",
]
