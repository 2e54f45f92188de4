"""The tables: numbers, what callers hear and when, who calls, the call log, its figures, people, chores."""

from calls.models.callers import Block, BlockAction, BlockKind, CallerRule, Contact, ContactNumber, Tag
from calls.models.calls import Call, CallEvent, Conversation, Kind, Leg, Outcome, Visit
from calls.models.chores import Chore, Heartbeat
from calls.models.flows import Branch, CallFlow, FlowVersion, Publication, Step, StepKind, Then
from calls.models.heads import RequestHead
from calls.models.hours import Closure, OpeningHours, OpenSpan, Override, OverrideState, Weekday
from calls.models.keys import IdempotencyKey
from calls.models.numbers import PhoneNumber
from calls.models.outbound import Gate, Placement, PlacementState
from calls.models.people import ApiToken, User
from calls.models.recordings import Bookmark, Inquiry, Recording, RecordingState
from calls.models.refusals import Refusal
from calls.models.reports import Counted, Ending, Recount, Tally
from calls.models.revisions import Revision
from calls.models.search import CallSearch
from calls.models.sessions import Session, SessionStore
from calls.models.sounds import Sound
from calls.models.voicemail import Voicemail, VoicemailState

__all__ = [
    "ApiToken",
    "Block",
    "BlockAction",
    "BlockKind",
    "Bookmark",
    "Branch",
    "Call",
    "CallEvent",
    "CallFlow",
    "CallSearch",
    "CallerRule",
    "Chore",
    "Closure",
    "Contact",
    "ContactNumber",
    "Conversation",
    "Counted",
    "Ending",
    "FlowVersion",
    "Gate",
    "Heartbeat",
    "IdempotencyKey",
    "Inquiry",
    "Kind",
    "Leg",
    "OpenSpan",
    "OpeningHours",
    "Outcome",
    "Override",
    "OverrideState",
    "PhoneNumber",
    "Placement",
    "PlacementState",
    "Publication",
    "Recording",
    "RecordingState",
    "Recount",
    "Refusal",
    "RequestHead",
    "Revision",
    "Session",
    "SessionStore",
    "Sound",
    "Step",
    "StepKind",
    "Tag",
    "Tally",
    "Then",
    "User",
    "Visit",
    "Voicemail",
    "VoicemailState",
    "Weekday",
]
