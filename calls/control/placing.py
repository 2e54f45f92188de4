"""Placing a call: what is checked before anything is sent, and what is kept of it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import IntegrityError, transaction

from calls.control import limits, tokens
from calls.control.account import account
from calls.control.log import record
from calls.control.refusals import Refused
from calls.control.said import USUAL_VOICE, by_flow, by_voice
from calls.models import Leg, PhoneNumber, Placement, PlacementState, User
from calls.vonage import destinations, voices
from calls.vonage.events import Event
from calls.vonage.ncco import Ncco

KEY_SECONDS = 8.0  # how long a second request with one key waits for the first to be through
LOOK_SECONDS = 0.1
OPTIONS = ("machine_detection", "advanced_machine_detection", "ringing_timer")  # of the platform's options


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody asks for, as they wrote it. Without `text` and `flow` the callee hears what callers of `from_` do.

    `voice` is "en-AU 3", a language and a style, or the language alone. `options` are the platform's own, by its names.
    """

    to: str
    from_: str = ""
    text: str = ""
    voice: str = ""
    flow: str = ""
    length_seconds: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        told = {"to": self.to, "from": self.from_, "text": self.text, "voice": self.voice, "flow": self.flow}
        kept = {name: value for name, value in told.items() if value} | dict(self.options)
        return kept | ({"length_timer": self.length_seconds} if self.length_seconds else {})


@dataclass(frozen=True)
class Plan:
    """A call that may be placed: all of it is checked but how many there were."""

    wanted: Wanted
    destination: destinations.Destination
    from_number: PhoneNumber
    ncco: Ncco | None  # None: what callers of that number hear
    length_seconds: int

    @property
    def heard(self) -> str:
        """What the callee hears, in words."""
        said = [str(action.get("text", "")) for action in self.ncco or [] if action.get("action") == "talk"]
        return " ".join(said) if self.ncco is not None else f"What callers of {self.from_number} hear"

    def as_json(self) -> dict[str, Any]:
        """What a program is told of a call that it only tries."""
        told = {"to": self.destination.number, "from": self.from_number.msisdn, "heard": self.heard}
        return {"dry_run": True, **told, "country": self.destination.country}


def plan(wanted: Wanted) -> Plan:
    """Check what is asked for. Raises Refused, before anything is counted or sent."""
    from_number = _from(wanted.from_)
    found = destinations.read(wanted.to)
    if isinstance(found, destinations.Destination):
        found = destinations.refusal(found, settings.OUTBOUND_COUNTRIES) or found
    if isinstance(found, destinations.Refusal):
        raise Refused(found.reason, HTTPStatus.BAD_REQUEST if found.kind == "bad" else HTTPStatus.FORBIDDEN)
    if PhoneNumber.objects.filter(msisdn=found.number).exists():
        raise Refused(f"{found.number} is a number of ours: it would call itself.", HTTPStatus.FORBIDDEN)
    longest = settings.OUTBOUND_LONGEST_SECONDS
    if wanted.length_seconds is not None and not 1 <= wanted.length_seconds <= longest:
        raise Refused(f"length_timer has to be 1 to {longest} seconds (OUTBOUND_LONGEST_SECONDS).", 400)
    ncco = _ncco(wanted, from_number.msisdn, found.number)
    return Plan(wanted, found, from_number, ncco, wanted.length_seconds or longest)


def place_call(wanted: Wanted, *, user: User | None, key: str = "") -> Placement:
    """Have the platform ring somebody. With a `key` that the user gave before, nothing is placed again; but where the
    platform refused it, nothing was placed, and it is asked anew.

    Raises Refused where nothing was placed. A placement whose state is `unknown` may have become a call.
    """
    asked = wanted.as_json()
    earlier = _with_key(user, key)
    if earlier and earlier.state != PlacementState.REFUSED:
        return _again(earlier, asked)
    planned = plan(wanted)
    try:
        placement, is_new = _count(planned, asked, user, key)
    except IntegrityError:  # another process was faster with the same key
        placement, is_new = Placement.objects.get(user=user, key=key), False
    if not is_new:
        return _again(placement, asked)
    _send(placement, planned)
    return placement


def _with_key(user: User | None, key: str) -> Placement | None:
    return Placement.objects.filter(user=user, key=key).first() if key else None


def _count(planned: Plan, asked: dict[str, Any], user: User | None, key: str) -> tuple[Placement, bool]:
    """Make the row, which counts from here on, unless the limits forbid it or there is one with this key.

    Nothing is waited for in here: all who place a call stand in line behind it. Raises Refused.
    """
    with transaction.atomic():
        limits.stand_in_line()
        if earlier := _with_key(user, key):
            if earlier.state != PlacementState.REFUSED or earlier.asked != asked:
                return earlier, False
            earlier.key = ""  # it still counts
            earlier.save(update_fields=["key"])
        limits.check(user)
        parties = {"to_number": planned.destination.number, "from_number": planned.from_number.msisdn}
        return Placement.objects.create(user=user, key=key, asked=asked, **parties), True


def call_of(placement: Placement) -> int | None:
    """Give the call that came of it, once the log knows its leg."""
    if not placement.leg_uuid:
        return None
    return Leg.objects.filter(uuid=placement.leg_uuid).values_list("call_id", flat=True).first()


def as_json(placement: Placement) -> dict[str, Any]:
    """What a program is told of a call that it has placed."""
    told: dict[str, Any] = {"id": call_of(placement), "uuid": placement.leg_uuid or None}
    told |= {"from": placement.from_number, "to": placement.to_number}
    return told | ({"problem": placement.problem} if placement.problem else {})


def status_of(placement: Placement) -> HTTPStatus:
    """202 where it is not known whether a call came of it."""
    return HTTPStatus.CREATED if placement.state == PlacementState.ACCEPTED else HTTPStatus.ACCEPTED


def tie(placement_id: int, event: Event) -> None:
    """Let a request know its leg from the first event that came of it."""
    Placement.objects.filter(pk=placement_id, leg_uuid="").update(
        leg_uuid=event.leg_uuid, conversation_uuid=event.conversation_uuid, state=PlacementState.ACCEPTED
    )


def _again(earlier: Placement, asked: dict[str, Any]) -> Placement:
    """Answer a key that comes again as the first time, once that is through."""
    if earlier.asked != asked:
        raise Refused("This idempotency key was used for another call. Use a new one.", HTTPStatus.CONFLICT)
    until = time.monotonic() + KEY_SECONDS
    while earlier.state == PlacementState.ASKED and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
        earlier.refresh_from_db()
    if earlier.state == PlacementState.REFUSED:
        raise Refused(f"Asked for at the same moment, and refused: {earlier.problem}", HTTPStatus.CONFLICT)
    return earlier


def _send(placement: Placement, planned: Plan) -> None:
    """Tell the platform, once, and keep what came of it. Raises Refused."""
    from calls.vonage.client import VonageError, place  # late: it brings the SDK

    try:
        made = place(account(), order_of(placement, planned))
    except VonageError as error:
        state = PlacementState.REFUSED if error.fate == "refused" else PlacementState.UNKNOWN
        # The first event may have come meanwhile: then the call is there after all.
        Placement.objects.filter(pk=placement.pk, leg_uuid="").update(problem=str(error)[:300], state=state)
        placement.refresh_from_db()
        if placement.state == PlacementState.REFUSED:
            raise Refused(placement.problem, _status(error.status)) from error
        return
    placement.leg_uuid, placement.conversation_uuid = made.get("uuid", ""), made.get("conversation_uuid", "")
    placement.state = PlacementState.ACCEPTED
    placement.save(update_fields=["leg_uuid", "conversation_uuid", "state"])
    _record(placement, planned)


def order_of(placement: Placement, planned: Plan) -> dict[str, Any]:
    """Give the body of `POST /v1/calls`."""
    order: dict[str, Any] = {
        "to": [{"type": "phone", "number": placement.to_number}],
        "from": {"type": "phone", "number": placement.from_number},
        "event_url": [f"{settings.BASE_URL}/event/{quote(tokens.make(placement.pk), safe=':')}"],
        "event_method": "POST",
        "length_timer": planned.length_seconds,
    }
    order |= {name: planned.wanted.options[name] for name in OPTIONS if name in planned.wanted.options}
    if planned.ncco is None:
        return order | {"answer_url": [f"{settings.BASE_URL}/answer"], "answer_method": "GET"}
    return order | {"ncco": planned.ncco}


def _record(placement: Placement, planned: Plan) -> None:
    """Keep in the call log who had it placed, and what the callee is to hear."""
    payload = {
        "action": "placed the call",
        "by": placement.user.get_username() if placement.user else "",
        "uuid": placement.leg_uuid,
        "conversation_uuid": placement.conversation_uuid,
        "placement": placement.pk,
        "heard": planned.heard,
    }
    if planned.ncco is not None:
        payload["ncco"] = planned.ncco
    record(payload)


def _from(text: str) -> PhoneNumber:
    """Find the number of ours that calls: the one named, else the default one, else the only one."""
    ours = PhoneNumber.objects.all()
    wanted = destinations.digits_of(text) or settings.OUTBOUND_FROM
    if wanted:
        found = ours.filter(msisdn=wanted).first()
    else:
        both = list(ours[:2])
        found = both[0] if len(both) == 1 else None
    if found:
        return found
    listed = ", ".join(ours.values_list("msisdn", flat=True)[:20])
    if not listed:
        raise Refused("There is no number to call from. Add one in the admin.", HTTPStatus.BAD_REQUEST)
    if wanted:
        raise Refused(f"{wanted} is no number of ours. Choose one of: {listed}.", HTTPStatus.BAD_REQUEST)
    raise Refused(f"Say which number calls (from=): {listed}. Or set OUTBOUND_FROM.", HTTPStatus.BAD_REQUEST)


def _ncco(wanted: Wanted, ours: str, theirs: str) -> Ncco | None:
    """Give what the callee hears, where it is not what callers of the number hear. Raises Refused."""
    if wanted.text and wanted.flow:
        raise Refused("Give text or flow, not both.", HTTPStatus.BAD_REQUEST)
    if wanted.flow:
        return by_flow(wanted.flow, ours=ours, theirs=theirs)[1]
    if not wanted.text:
        if wanted.voice:
            raise Refused("voice= says who reads text=: give that too.", HTTPStatus.BAD_REQUEST)
        return None
    return by_voice(wanted.text, _voice(wanted.voice))


def _voice(text: str) -> tuple[str, int]:
    """Read "en-AU 3", "en-AU", or one of the old names, such as Russell."""
    if not text:
        return USUAL_VOICE
    if old := voices.by_name(text):
        return old.language, old.style
    language, _, style = text.replace(",", " ").strip().partition(" ")
    if (style or "0").strip().isdecimal() and voices.find(language, int(style or 0)):
        return language, int(style or 0)
    raise Refused(f"There is no voice “{text[:40]}”. Write a language and a style, such as en-AU 3.", 400)


def _status(platform_status: int) -> int:
    """What HTTP says to our client of a refusal by the platform."""
    return HTTPStatus.TOO_MANY_REQUESTS if platform_status == HTTPStatus.TOO_MANY_REQUESTS else HTTPStatus.BAD_GATEWAY
