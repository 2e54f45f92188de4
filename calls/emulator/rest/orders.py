"""Reading the body of `POST /v1/calls`. What the platform would refuse is refused by name."""

from random import Random
from typing import Any, cast

from calls.emulator.application import Application, Method, Target
from calls.emulator.dialling import RINGING_SECONDS
from calls.emulator.legs import LONGEST_CALL_SECONDS, NAMED_BY, Endpoint, endpoint_of
from calls.emulator.lives import Order
from calls.emulator.rest.problems import invalid
from calls.emulator.rest.values import Body, flag, mapping, one_url, refused, whole, word
from calls.vonage import ncco as nccos
from calls.vonage.ncco import Ncco

LONGEST_URI = 50  # of a SIP endpoint
OTHER_NAMES = {"standard_headers": "standardHeaders"}  # of what has one name here and another in an NCCO
ANY_NUMBER = "442079460000"  # shown at random where any number is linked


def read_order(body: Body, application: Application, chance: Random) -> Order:
    """Raises Problem, which names the parameter."""
    events = _target(body, "event", "POST")
    if events is None and not application.event_url:
        raise invalid("event_url", "The application has no event URL, so the call needs one")
    return Order(
        to=_to(body.get("to")),
        from_=_from(body, application, chance),
        ncco=read_ncco(body["ncco"], "ncco") if _either(body, "ncco", "answer_url") == "ncco" else None,
        answer=_target(body, "answer", "GET"),
        events=events,
        ringing_seconds=float(whole(body, "ringing_timer", int(RINGING_SECONDS), 1, 120)),
        length_seconds=float(whole(body, "length_timer", int(LONGEST_CALL_SECONDS), 1, 86_400)),
        machine_detection=word(body, "machine_detection", ("continue", "hangup")),
        advanced_machine_detection=_advanced(body),
    )


def read_ncco(value: Any, name: str) -> Ncco:
    """Read an NCCO as it stands in a body."""
    if problems := nccos.errors(value):
        raise invalid(name, problems[0].message)
    return cast(Ncco, value)


def _either(body: Body, one: str, other: str) -> str:
    """One of the two has to be there, and not both (inferred)."""
    given = [name for name in (one, other) if name in body]
    if len(given) != 1:
        raise invalid(one, f"Give either {one} or {other}")
    return given[0]


def _to(value: Any) -> Endpoint:
    """Read whom to call: the endpoint of a `connect`, but for what has another name here."""
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], dict):
        raise invalid("to")
    options: Body = {str(OTHER_NAMES.get(name, name)): option for name, option in value[0].items()}
    checked = options
    if options.get("type") == "phone" and _is_digits(options.get("number")):
        checked = options | {"number": ANY_NUMBER}  # digits that are no number are accepted, and told of by an event
    if problem := refused({"action": "connect", "endpoint": [checked]}, {"endpoint": "to"}):
        raise problem
    if options["type"] == "sip" and len(options.get("uri", "")) not in range(1, LONGEST_URI + 1):
        raise invalid("to.uri", f"must have up to {LONGEST_URI} characters")
    return endpoint_of(options)


def _is_digits(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdecimal()


def _from(body: Body, application: Application, chance: Random) -> Endpoint:
    """Read who calls. That a number is none of the account's is told by an event, not here."""
    is_random = flag(body, "random_from_number")
    if is_random and "from" in body:
        raise invalid("from", "Give either from or random_from_number")
    if is_random:
        return Endpoint("phone", chance.choice(application.numbers or (ANY_NUMBER,)))
    value = mapping(body.get("from"), "from")
    if value.get("type") not in [*NAMED_BY]:  # a list: what is there may be no key
        raise invalid("from.type", "must be one of " + ", ".join(NAMED_BY))
    name = NAMED_BY[value["type"]]
    if not isinstance(value.get(name), str) or not value[name]:
        raise invalid(f"from.{name}")
    return endpoint_of(value)


def _target(body: Body, door: str, method: Method) -> Target | None:
    """Read a URL with its method, which is checked also where there is no URL."""
    how = cast(Method, word(body, f"{door}_method", ("GET", "POST"), method))
    return Target(one_url(body[f"{door}_url"], f"{door}_url"), how) if f"{door}_url" in body else None


def _advanced(body: Body) -> Body:
    """Read advanced machine detection, which in a REST call takes a beep from 30 seconds on."""
    name = "advanced_machine_detection"
    value = mapping(body.get(name, {}), name)
    word(value, "behavior", ("continue", "hangup"))
    word(value, "mode", ("default", "detect", "detect_beep"))
    whole(value, "beep_timeout", 45, 30, 120)
    return value
