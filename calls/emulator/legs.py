"""A leg: one party's connection, from its first event to its last."""

import asyncio
import logging
import secrets
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from calls.emulator import events
from calls.emulator.application import Target
from calls.emulator.ears import Ear, Speech
from calls.emulator.events import Fields, Side
from calls.emulator.keys import Keys
from calls.emulator.speech import seconds_to_say
from calls.emulator.webhooks import Webhook
from calls.vonage.ncco import Ncco

if TYPE_CHECKING:
    from calls.emulator.application import Application
    from calls.emulator.conversations import Conversation
    from calls.emulator.people import Person
    from calls.emulator.platform import Platform

logger = logging.getLogger(__name__)

EndpointType = Literal["phone", "app", "sip", "websocket", "vbc"]
Direction = Literal["inbound", "outbound"]

NAMED_BY = {"phone": "number", "app": "user", "sip": "uri", "websocket": "uri", "vbc": "extension"}
OK, CANCELLED = 200, 487  # SIP codes
LONGEST_CALL_SECONDS = 7200.0  # after two hours the platform hangs up, unless told otherwise
# What a leg that was never answered ended with, and the code that goes with it (inferred from SIP).
SIP_CODES = {"busy": 486, "timeout": 487, "unanswered": 480, "cancelled": 487, "rejected": 603, "failed": 404}
WITH_SIP_CODE = {"busy", "unanswered", "rejected", "failed"}  # the others are told without it


@dataclass(frozen=True)
class Endpoint:
    """Where a party can be reached. `shown` is how webhooks write it: E.164 digits, a SIP URI, a user's name.

    `options` are those of the endpoint in an NCCO or a REST call, with their names there.
    """

    type: EndpointType = "phone"
    shown: str = ""
    options: dict[str, Any] = field(default_factory=dict, hash=False)

    def as_json(self) -> Fields:
        """As the REST API shows it."""
        return {"type": self.type, NAMED_BY[self.type]: self.shown or None}


def endpoint_of(options: dict[str, Any]) -> Endpoint:
    """Read an endpoint as an NCCO or a REST call has it."""
    kind = options["type"]
    if kind == "sip" and "uri" not in options:
        return Endpoint("sip", f"sip:{options['user']}@{options['domain']}", options)
    return Endpoint(kind, str(options[NAMED_BY[kind]]), options)


def _headers_of(endpoint: Endpoint) -> Fields:
    """What the events of a SIP or WebSocket leg show: the headers as they were given (inferred)."""
    if endpoint.type not in {"sip", "websocket"}:
        return {}
    standard = endpoint.options.get("standardHeaders", endpoint.options.get("standard_headers", {}))
    return {**endpoint.options.get("headers", {}), **standard}


def new_uuid(endpoint: Endpoint, direction: Direction) -> str:
    """Make a leg's id: 32 hex digits on legs that come from the telephone network, with dashes on others."""
    return secrets.token_hex(16) if endpoint.type == "phone" and direction == "inbound" else str(uuid4())


class Leg:
    """One party on a line. It tells its application what happens to it, and ends by itself only once."""

    def __init__(
        self,
        platform: "Platform",
        application: "Application",
        conversation: "Conversation",
        *,
        from_: Endpoint,
        to: Endpoint,
        direction: Direction = "inbound",
        person: "Person",
        events_to: Target | None = None,
        call_events: Target | None = None,
        extras: Fields | None = None,
        uuid: str = "",
    ) -> None:
        self.platform = platform
        self.application = application
        self.conversation = conversation
        self.from_ = from_
        self.to = to
        self.dialled = to
        self.direction: Direction = direction
        self.person = person
        # Where the events of its call go that name no URL of their own, and where its own status events go.
        self.call_events = call_events or application.target()
        self.events_to = events_to or self.call_events
        self.extras = extras or {}  # of the answer request: custom_data, SIP headers
        self.headers: Fields = _headers_of(to) if direction == "outbound" else {}
        self.region_url = platform.region_url if from_.type == "app" and direction == "inbound" else ""
        self.uuid = uuid or new_uuid(from_ if direction == "inbound" else to, direction)
        self.status = "started"
        self.outcome = ""  # a status that ended it without an answer, such as busy
        self.started_at = platform.clock.now()
        self.answered_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.is_over = False
        self.muted = False  # others don't hear this leg
        self.earmuffed = False  # this leg doesn't hear the others
        self.is_apart = False  # it is being asked something before it is joined to the others
        self.ear = Ear()
        self.keys = Keys(self)
        self.rest_key_target: Target | None = None  # that the REST API asked for, to tell it each key
        self.put_in: tuple[str, asyncio.Future[None]] | None = None  # what the REST API plays: "talk" or "stream"
        self.ended: asyncio.Future[Side] = asyncio.get_running_loop().create_future()
        self.picked_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()  # by whom we dial
        self.is_connected = False  # it is one that a `connect` rings
        self.holds_failure = False  # the events that say why nobody answered go to `held`: somebody asks about them
        self.held: list[Fields] = []
        self._life: asyncio.Task[None] | None = None
        self._beside: list[asyncio.Task[None]] = []
        self._limit: asyncio.Future[None] | None = None
        conversation.legs.append(self)
        platform.forget_old_legs()
        platform.legs[self.uuid] = self

    @property
    def is_app(self) -> bool:
        return self.is_app_caller or (self.direction == "outbound" and self.to.type == "app")

    @property
    def is_app_caller(self) -> bool:
        return self.direction == "inbound" and self.from_.type == "app"

    @property
    def party(self) -> Endpoint:
        """Who is at the other end of it."""
        return self.from_ if self.direction == "inbound" else self.to

    # What it tells

    def note(self, kind: Any, words: str, *, detail: bool = False, **data: Any) -> None:
        """Add to the platform's trace."""
        self.platform.trace.add(kind, words, leg=self.uuid, conversation=self.conversation.uuid, detail=detail, **data)
        for recording in self.conversation.recordings:
            recording.take(self, kind, data)

    def tell(self, fields: Fields, target: Target | None = None) -> None:
        """Send an ordinary event; nobody waits for the reply."""
        self.platform.tell(self.application, target or self.events_to, fields)

    def tell_status(self, word: str, at: datetime | None = None, **more: Any) -> None:
        """Change to this status and tell it."""
        self.status = word
        self._note_status(word)
        self.tell(events.status(self, word, at or self.platform.clock.now(), **more))

    def _note_status(self, word: str) -> None:
        self.note("status", f"Call status: {word}", status=word, party=self.party.shown)

    def tell_what_was_held(self) -> None:
        """Tell what was held back until somebody had asked about it."""
        while self.held:
            self.tell(self.held.pop(0))

    # What happens to it

    def live(self, life: Coroutine[Any, Any, None]) -> None:
        """Let it live this from now on, instead of what it lived before. When that ends, the platform hangs up."""
        before = self._life
        self._life = asyncio.create_task(life)
        self._life.add_done_callback(self._lived)
        if before and before is not asyncio.current_task():
            before.cancel()

    def beside(self, doing: Coroutine[Any, Any, None]) -> None:
        """Do something beside what it lives, until that is done or the leg is over."""
        self._beside.append(asyncio.create_task(doing))

    def _lived(self, life: "asyncio.Task[None]") -> None:
        if life.cancelled():
            return
        if error := life.exception():  # a bug of ours ends this call, and no other
            logger.error("A leg ended by a bug of the local Vonage", exc_info=error)
        if self._life is life:
            self.hang_up("platform")

    def answer(self, seconds: float = LONGEST_CALL_SECONDS) -> None:
        """Take the call. It lasts `seconds` at most."""
        self.status, self.answered_at = "answered", self.platform.clock.now()
        self._note_status("answered")
        self.tell(events.answered(self, self.answered_at))
        self._limit = self.platform.clock.later(seconds, lambda: self.hang_up("platform"))

    def hang_up(self, by: Side, *, sip_code: int | None = None) -> None:
        """End it: by whoever is on this leg ("user"), or by the platform.

        Of a leg that was never answered it is first told that it was cancelled (inferred).
        """
        if self.is_over:
            return
        if self.answered_at is None:
            self.fail("cancelled", by=by, sip_code=CANCELLED)
            return
        now = self._end(by)
        self.status = "completed"
        self._note_status("completed")
        code = OK if sip_code is None else sip_code
        self.tell(events.completed(self, now, by=by, sip_code=None if self.is_app else code))

    def fail(self, word: str, *, by: Side | None = None, sip_code: int | None = None, **more: Any) -> None:
        """End it unanswered: busy, timeout, unanswered, rejected, failed, cancelled. All but `rejected` are followed
        by `completed`, which is made at the same moment.
        """
        if self.is_over:
            return
        now = self._end(by or "platform")
        self.outcome = word
        code = SIP_CODES[word] if sip_code is None else sip_code
        # As in the sequences: legs of `connect` and of REST calls tell it at different places; why is not known.
        is_ours = self.direction == "outbound" and not self.is_connected
        shown = {"sip_code": code} if word in WITH_SIP_CODE or (word == "cancelled" and is_ours) else {}
        self.status = word
        self._note_status(word)
        told = [events.status(self, word, now, **more, **shown)]
        if word != "rejected":
            known_by = by if self.direction == "inbound" else None  # of legs that we dialled it was not seen
            last_code = None if word == "timeout" and is_ours else code
            told.append(events.completed(self, now, by=known_by, sip_code=last_code))
            self._note_status("completed")
        self.held += told
        if not self.holds_failure:
            self.tell_what_was_held()

    def disconnect(self) -> None:
        """End it because its application closed the WebSocket, which is told before the end. The reply to that may
        be an NCCO, so it is for whoever connected it to tell.
        """
        if self.is_over:
            return
        now = self._end("user")
        self.outcome = "disconnected"
        self.status = "completed"
        self._note_status("disconnected")
        self._note_status("completed")
        self.held += [events.disconnected(self, now), events.completed(self, now, by="user", sip_code=OK)]
        if not self.holds_failure:
            self.tell_what_was_held()

    def _end(self, by: Side) -> datetime:
        self.is_over = True
        self.ended_at = self.platform.clock.now()
        for doing in (self._life, *self._beside):
            if doing and doing is not asyncio.current_task():
                doing.cancel()
        if self._limit:
            self._limit.cancel()
        self.ear.close()
        self.person.leave()
        self.conversation.leave(self)
        self.ended.set_result(by)
        return self.ended_at

    # What its party does

    def pick_up(self) -> None:
        """Take the call that rings."""
        if not self.picked_up.done() and not self.is_over:
            self.picked_up.set_result(None)

    def press(self, key: str) -> None:
        """Press one of 0-9, * and #. It is told to all who want each key, and heard by what listens."""
        self.note("presses", f"key: {key}", key=key)
        self.keys.pressed(key)
        self.conversation.key_pressed(self, key)
        self.ear.take_key(key)

    async def speak(self, text: str, or_heard_as: tuple[str, ...] = (), *, seconds: float | None = None) -> None:
        """Say something, which takes its time, or so many seconds; without a text it is a sound that long."""
        seconds = seconds_to_say(text) if seconds is None else seconds
        words = f"says: {text}" if text else f"a sound of {seconds:g} s"
        self.note("speaks", words, text=text, seconds=round(seconds, 1))
        self.conversation.spoken(self, text, seconds)
        self.ear.take_speech(Speech(text, seconds, or_heard_as))
        await self.platform.clock.sleep(seconds)

    # What it is asked

    async def ask(self, fields: Fields, target: Target) -> Ncco | None:
        """Send an event whose reply may be an NCCO, and give that. None: the flow goes on as it was."""
        return await asyncio.shield(self.begin_to_ask(fields, target))

    def begin_to_ask(self, fields: Fields, target: Target) -> "asyncio.Task[Ncco | None]":
        """The same, for who does not wait for the reply."""
        webhook = Webhook(self.application, "event", target.url, target.method, fields, is_question=True)
        return self.platform.begin_to_ask(self, webhook)
