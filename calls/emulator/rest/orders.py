"""Reading the body of `POST /v1/calls`. What the platform would refuse is refused by name."""

import re
from typing import Any, cast
from urllib.parse import urlsplit

from calls.emulator.application import Application, Method, Target
from calls.emulator.dialling import RINGING_SECONDS
from calls.emulator.legs import LONGEST_CALL_SECONDS, NAMED_BY, Endpoint, EndpointType, endpoint_of
from calls.emulator.lives import Order
from calls.emulator.rest.problems import invalid
from calls.vonage import ncco as nccos
from calls.vonage.ncco import Ncco

Body = dict[str, Any]
NUMBER = re.compile(r"[1-9][0-9]{6,14}", re.ASCII)


def read_order(body: Body, application: Application) -> Order:
    """Raises Problem, which names the parameter."""
    return Order(
        to=_to(body.get("to")),
        from_=_from(body, application),
        ncco=read_ncco(body["ncco"], "ncco") if _either(body) == "ncco" else None,
        answer=_target(body, "answer", "GET"),
        events=_target(body, "event", "POST"),
        ringing_seconds=_seconds(body, "ringing_timer", RINGING_SECONDS, 120),
        length_seconds=_seconds(body, "length_timer", LONGEST_CALL_SECONDS, 86_400),
        machine_detection=_word(body, "machine_detection", ("continue", "hangup")),
        advanced_machine_detection=_advanced(body),
    )


def read_url(value: Any, name: str) -> str:
    """Read an array of one URL: a text is an invalid type."""
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], str):
        raise invalid(name)
    if urlsplit(value[0]).scheme not in {"http", "https"} or not urlsplit(value[0]).hostname:
        raise invalid(name, "must be an http or https URL")
    return value[0]


def read_ncco(value: Any, name: str) -> Ncco:
    """Read an NCCO as it stands in a body."""
    if problems := nccos.errors(value):
        raise invalid(name, problems[0].message)
    return cast(Ncco, value)


def _either(body: Body) -> str:
    """One of the two has to be there."""
    given = [name for name in ("ncco", "answer_url") if name in body]
    if len(given) != 1:
        raise invalid("ncco", "Give either ncco or answer_url")
    return given[0]


def _to(value: Any) -> Endpoint:
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], dict):
        raise invalid("to")
    options = value[0]
    kind = options.get("type")
    if kind not in NAMED_BY:
        raise invalid("to.type", "must be one of " + ", ".join(NAMED_BY))
    name = NAMED_BY[cast(EndpointType, kind)]
    if not isinstance(options.get(name), str) or not options[name]:
        raise invalid(f"to.{name}")
    if kind == "phone" and not NUMBER.fullmatch(options[name]):
        raise invalid("to.number", "must be E.164 digits without +")
    return endpoint_of(options)


def _from(body: Body, application: Application) -> Endpoint:
    if body.get("random_from_number"):
        if not application.numbers:
            raise invalid("random_from_number", "no number is linked to the application")
        return Endpoint("phone", application.numbers[0])
    value = body.get("from")
    if not isinstance(value, dict) or value.get("type") not in NAMED_BY:
        raise invalid("from")
    name = NAMED_BY[cast(EndpointType, value["type"])]
    if not isinstance(value.get(name), str) or not value[name]:
        raise invalid(f"from.{name}")
    return endpoint_of(value)


def _target(body: Body, door: str, method: Method) -> Target | None:
    if f"{door}_url" not in body:
        return None
    word = _word(body, f"{door}_method", ("GET", "POST")) or method
    return Target(read_url(body[f"{door}_url"], f"{door}_url"), cast(Method, word))


def _word(body: Body, name: str, words: tuple[str, ...]) -> str:
    value = body.get(name, "")
    if value and value not in words:
        raise invalid(name, "must be one of " + ", ".join(words))
    return str(value)


def _seconds(body: Body, name: str, default: float, most: int) -> float:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= most:
        raise invalid(name, f"must be 1 to {most}")
    return float(value)


def _advanced(body: Body) -> Body:
    value = body.get("advanced_machine_detection", {})
    name = "advanced_machine_detection"
    if not isinstance(value, dict):
        raise invalid(name)
    _word(value, "behavior", ("continue", "hangup"))
    _word(value, "mode", ("default", "detect", "detect_beep"))
    beep = value.get("beep_timeout", 45)
    if isinstance(beep, bool) or not isinstance(beep, int) or not 30 <= beep <= 120:
        raise invalid(f"{name}.beep_timeout", "must be 45 to 120")
    return value
