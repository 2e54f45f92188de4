"""The tables: numbers and what their callers hear, the call log, calls we place, refused requests, people, chores."""

from calls.models.calls import Call, CallEvent, Conversation, Kind, Leg, Outcome, Visit
from calls.models.chores import Chore, Heartbeat
from calls.models.flows import CallFlow, FlowVersion, Step, StepKind
from calls.models.numbers import PhoneNumber
from calls.models.outbound import Gate, Placement, PlacementState
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
    "Gate",
    "Heartbeat",
    "Kind",
    "Leg",
    "Outcome",
    "PhoneNumber",
    "Placement",
    "PlacementState",
    "Refusal",
    "Step",
    "StepKind",
    "User",
    "Visit",
]
