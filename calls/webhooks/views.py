"""The three webhooks. A person waits on the answer, and an event that we fail to keep is lost for ever."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from calls.control import tokens
from calls.control.moving import move_on
from calls.control.placing import tie
from calls.flows import engine
from calls.flows import tokens as places
from calls.flows.callers import count_hit
from calls.flows.engine import Served
from calls.flows.routing import directory
from calls.flows.run import Heard
from calls.flows.tokens import Place
from calls.records.store import Keeping, StoreUnavailable, later, store_later
from calls.vonage.events import Event, EventError, Payload, text_of
from calls.webhooks.delivery import Delivery
from calls.webhooks.lines import line_of, shown, whole_line_of
from calls.webhooks.refusals import keep_sample, refuse
from calls.webhooks.reply import Promise, Reply
from calls.webhooks.signed import signed_by_vonage

logger = logging.getLogger(__name__)


@signed_by_vonage("answer")
def answer_webhook(delivery: Delivery) -> Reply | Promise:
    """Say what the caller hears. Whatever it says, a signed request that can be read gets 200 and a sentence."""
    try:
        payload, raw = delivery.payload()
    except EventError as error:
        return sorry(delivery, "answer", error)
    if delivery.token:
        place = places.read(delivery.token)
        given = partial(pick_up, place, payload, raw, delivery)
        return Promise(given) if place and not directory.knows(place) else given()
    return answer(payload, raw, delivery, door="answer")


@signed_by_vonage("event")
def event_webhook(delivery: Delivery) -> Reply | Promise:
    """Keep one event of a call. Vonage repeats it when we are slow: a retry changes nothing."""
    try:
        payload, raw = delivery.payload()
    except EventError as error:
        return refuse(delivery, "event", HTTPStatus.BAD_REQUEST, f"Event refused: {error}")
    event = event_from(payload, raw, delivery, door="event")
    place = places.read(delivery.token) if delivery.token else None
    if place and directory.knows(place):
        return go_on(place, event, delivery)
    if place:
        return Promise(lambda: go_on(place, event, delivery).wait())
    if delivery.token and event.status == "started" and (placement := tokens.read(delivery.token)):
        return keep(event, partial(tied, placement, event))
    return keep(event)


def tied(placement: int, event: Event) -> Reply:
    """Have a call that we placed know its leg, now that the leg is kept."""
    later(partial(tie, placement, event), "A call that we placed does not know its leg")
    return Reply()


@signed_by_vonage("fallback")
def fallback_webhook(delivery: Delivery) -> Reply | Promise:
    """Stand in for a webhook of ours that failed: the caller hears an answer, an event is kept after all."""
    try:
        payload, raw = delivery.payload()
    except EventError as error:
        return sorry(delivery, "fallback", error)
    content = {name: value for name, value in payload.items() if name not in {"reason", "original_request"}}
    event = event_from(content, raw, delivery, door="event")
    if asks_for_answer(payload, event):
        return answer(payload, raw, delivery, door="fallback")
    store_later(event_from(payload, raw, delivery, door="fallback"))
    return keep(event)


def asks_for_answer(payload: Payload, event: Event) -> bool:
    """Tell a new call from one in progress, which must not be greeted anew."""
    original = payload.get("original_request")
    kind = original.get("type") if isinstance(original, dict) else None
    return kind == "answer" or (kind != "event" and event.kind == "unknown")


def sorry(delivery: Delivery, door: str, error: EventError) -> Reply:
    """Say a sentence to a caller of whom nothing can be read, and show staff what came."""
    reason = f"answered with a sentence: {error}"
    keep_sample(delivery, door, HTTPStatus.OK, reason)
    return Reply.json(engine.OUT_OF_ORDER)


def answer(payload: Payload, raw: bytes | None, delivery: Delivery, *, door: str) -> Reply:
    """Answer from memory. The record of it is queued: no caller waits for the database."""
    to, from_ = text_of(payload.get("to")), text_of(payload.get("from"))
    found = directory.answer(to, from_, leg=text_of(payload.get("uuid")))  # `from` is ours where we placed the call
    response = Reply.json(found.ncco)
    milliseconds = round((time.perf_counter() - delivery.begun) * 1000, 2)
    reply = reply_of(found, milliseconds)
    store_later(event_from({**payload, "reply": reply}, raw, delivery, door=door))
    if found.block:
        later(partial(count_hit, found.block), "A hit of the block list was not counted")
    problem = f": {found.problem}" if found.problem else ""
    logger.info("to: %s from: %s  answered in %s ms%s", shown(to), shown(from_), milliseconds, problem)
    return response


def pick_up(place: Place | None, payload: Payload, raw: bytes | None, delivery: Delivery) -> Reply:
    """Say what a telephone hears that a flow rang. A token that is not ours says nothing: both are put through."""
    found = directory.pick_up(place) if place else Served(engine.NOTHING_MORE, problem="the address is not of ours")
    response = Reply.json(found.ncco)
    milliseconds = round((time.perf_counter() - delivery.begun) * 1000, 2)
    store_later(event_from({**payload, "reply": reply_of(found, milliseconds)}, raw, delivery, door="answer"))
    return response


def go_on(place: Place, event: Event, delivery: Delivery) -> Promise:
    """Keep an event that a flow waits for, and say how the call goes on: from memory, whatever the database does."""
    served = directory.go_on(place, Heard.of(event.payload, event.kind, event.status))
    if served is None:
        return keep(event)
    milliseconds = round((time.perf_counter() - delivery.begun) * 1000, 2)
    told = {**event.payload, "reply": reply_of(served, milliseconds)}
    return keep(replace(event, payload=told), partial(say, served))


def say(served: Served) -> Reply:
    """Say how a call goes on, now that what led there is kept; nothing where it goes on as it was."""
    if not served.ncco:
        return Reply()
    if served.order:
        move_on(served.order, served.moved)
    return Reply.json(served.ncco)


def reply_of(found: Served, milliseconds: float) -> dict[str, Any]:
    """What is kept of an answer, beside Vonage's fields: by which version and steps, and the NCCO given, how fast.

    An event that was not answered has no `ncco`: its path says of which step it tells.
    """
    reply: dict[str, Any] = {"version": found.version}
    reply |= {"ncco": found.ncco, "milliseconds": milliseconds} if found.ncco else {}
    reply |= {"path": found.path} if found.path else {}
    return reply | ({"problem": found.problem} if found.problem else {})


def event_from(payload: Payload, raw: bytes | None, delivery: Delivery, *, door: str) -> Event:
    now, signed, head = datetime.now(UTC), delivery.signed, delivery.head
    return Event(payload=payload, received_at=now, door=door, raw=raw, signed=signed, head=head)


def keep(event: Event, and_say: Callable[[], Reply] = Reply) -> Promise:
    """Store the event, then acknowledge it: with an empty 200 the flow goes on as it was."""
    keeping = Keeping(event)
    return Promise(partial(acknowledge, keeping, and_say), keeping)


def acknowledge(keeping: Keeping, say: Callable[[], Reply]) -> Reply:
    """Say that an event is kept; or 503, the status that Vonage repeats: a 500 it does not."""
    event = keeping.event
    try:
        where = keeping.end()
    except StoreUnavailable as error:
        logger.critical("An event was not kept, Vonage is asked for it again: %s  %s", error, whole_line_of(event))
        return Reply(HTTPStatus.SERVICE_UNAVAILABLE)
    logger.info("%s", line_of(event))
    reply = say()
    reply.headers.append(("X-Stored", where))
    return reply
