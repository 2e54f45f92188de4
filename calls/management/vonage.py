"""What the commands of the local Vonage have in common: options, and the application that they ring."""

import math
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from calls.emulator import faults as faults_of_lab
from calls.emulator.application import Application
from calls.emulator.applications import public_key_of
from calls.emulator.clock import AT_ONCE
from calls.emulator.faults import Faults
from calls.emulator.people import ANSWERS
from calls.emulator.reading import BadFile
from calls.emulator.scenario import keys, moment

REORDERED = 0.1  # how often it happens is inferred
FIELDS = ["answer_url", "event_url", "fallback_url", "answer_method", "event_method", "fallback_method"]
FIELDS += ["secret", "api_key", "application_id"]


def add_application(parser: ArgumentParser) -> None:
    """Add the options that say which voice application is meant: the server of this environment, unless told."""
    base = settings.BASE_URL
    parser.add_argument("--answer-url", type=http_url, default=f"{base}/answer", help="%(default)s")
    parser.add_argument("--event-url", type=http_url, default=f"{base}/event", help="%(default)s")
    parser.add_argument("--fallback-url", type=http_url, help="asked when the answer URL fails")
    for name, method in (("answer", "GET"), ("event", "POST"), ("fallback", "GET")):
        parser.add_argument(f"--{name}-method", choices=["GET", "POST"], default=method, help=f"{method}")
    secret = next(iter(settings.VONAGE_SIGNATURE_SECRET), "")
    parser.add_argument("--secret", default=secret, help="signs the webhooks (VONAGE_SIGNATURE_SECRET)")
    parser.add_argument("--api-key", default=settings.VONAGE_API_KEY, help="VONAGE_API_KEY")
    parser.add_argument("--application-id", default=settings.VONAGE_APPLICATION_ID, help="VONAGE_APPLICATION_ID")


def add_platform(parser: ArgumentParser) -> None:
    """Add the options that say how the platform behaves."""
    parser.add_argument(
        "--speed", type=speed, default=1.0, help='how much faster its clock runs (1); "max": time jumps'
    )
    parser.add_argument("--at", type=time, help="what its clock says at first: 2026-12-25T03:00, in UTC")
    parser.add_argument("--seed", type=int, help="makes what is left to chance the same in each run")
    parser.add_argument("--callee", choices=ANSWERS, default="answer", help="what called parties do (%(default)s)")


def add_faults(parser: ArgumentParser) -> None:
    """Add the switches of the failure lab."""
    lab = parser.add_argument_group("failure lab", "what the platform does wrong: shares of the webhooks, 0 to 1")
    lab.add_argument("--duplicated", type=share, help="sent twice")
    lab.add_argument("--swapped", type=share, help="events that come after the next one of their leg")
    lab.add_argument("--lost", type=share, help="events that are never sent")
    lab.add_argument("--late", type=share, help="events that are sent --late-seconds later")
    lab.add_argument("--late-seconds", type=seconds, help="30")
    lab.add_argument("--unsigned", type=share, help="sent without a signature")
    lab.add_argument("--wrong-signature", type=share, help="signed with another secret")
    lab.add_argument("--clock-off", type=ahead, metavar="SECONDS", help="its clock is ahead, or behind if below 0")
    lab.add_argument("--missing-recordings", action="store_true", default=None, help="no recording can be fetched")
    young = "changes by REST are refused in a call's first second, as seen in practice"
    lab.add_argument("--too-young", action="store_true", default=None, help=young)
    lab.add_argument(
        "--reordered",
        type=share,
        help=f"events made at the same moment that come the other way round, as seen in practice ({REORDERED})",
    )


def faults(options: dict[str, Any]) -> Faults:
    """Give the faults of the options."""
    return faults_of_lab.read_faults({"reordered": REORDERED} | given_faults(options), "faults")


def given_faults(options: dict[str, Any]) -> dict[str, Any]:
    """Give the faults that somebody asked for, by their names."""
    return {name: options[name] for name in faults_of_lab.KNOWN if options[name] is not None}


def application(options: dict[str, Any]) -> Application:
    """Give the application of the options. The REST API takes the tokens of the server's own private key."""
    given: dict[str, Any] = {name: options[name] or "" for name in FIELDS}
    private_key = settings.VONAGE_PRIVATE_KEY
    public_key = public_key_of(private_key, "VONAGE_PRIVATE_KEY") if private_key else ""
    return Application(**given, public_key=public_key, api_secret=settings.VONAGE_API_SECRET, name="Callserver")


def http_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        good = False
    if not good:
        raise ArgumentTypeError(f"{text!r} is not a URL such as http://127.0.0.1:3000/answer")
    return text


def seconds(text: str) -> float:
    return _at_least(text, 0, "seconds, 0 or more")


def speed(text: str) -> float:
    return AT_ONCE if text == "max" else _at_least(text, 1, "a speed of 1 or more, or the word max")


def share(text: str) -> float:
    try:
        return faults_of_lab.share(float(text), repr(text))
    except (BadFile, ValueError):
        raise ArgumentTypeError(f"{text!r} is not a share of the webhooks, from 0 to 1") from None


def ahead(text: str) -> float:
    return _at_least(text, -faults_of_lab.LONGEST_SECONDS, "seconds by which a clock is ahead")


def rate(text: str) -> float:
    return _at_least(text, 0.01, "calls a second, 0.01 or more")


def count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 1_000_000:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def pressed(text: str) -> str:
    try:
        return keys(text, repr(text))
    except BadFile as error:
        raise ArgumentTypeError(str(error)) from None


def time(text: str) -> Any:
    try:
        return moment(text, repr(text))
    except BadFile as error:
        raise ArgumentTypeError(str(error)) from None


def _at_least(text: str, least: float, meant: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value < math.inf:  # false for "nan", too
        raise ArgumentTypeError(f"{text!r} is not {meant}")
    return value
