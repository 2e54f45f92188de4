"""What the options of an action mean to each other, for all but talk and stream; and connect's endpoint."""

import json
from typing import Any

from calls.vonage.ncco.options import ENDPOINTS, check_options
from calls.vonage.ncco.problems import Findings, shown
from calls.vonage.ncco.values import finite, one_of

MAX_WEBSOCKET_HEADERS = 512  # bytes as JSON
MIN_WAIT, MAX_WAIT = 0.1, 7_200  # seconds

_ENDPOINT = "endpoint.0"
_endpoint_type = one_of(*ENDPOINTS)


def check_input(action: dict[Any, Any], where: Findings) -> None:
    """Rule 13: asynchronous input hands on one key at a time, and nothing else."""
    if action.get("mode") != "asynchronous":
        return
    types = action.get("type")
    if "speech" in action or (isinstance(types, list) and "speech" in types):
        where.error(13, "mode", 'mode "asynchronous" hears keys only, not speech. Remove speech, or the mode.')
    if "dtmf" in action:
        where.error(13, "dtmf", 'dtmf has no meaning in mode "asynchronous": each key is sent at once. Remove it.')


def check_record(action: dict[Any, Any], where: Findings) -> None:
    """Rule 14: channels are those of a split recording."""
    if "channels" in action and "split" not in action:
        where.error(14, "channels", 'channels needs split, or Vonage refuses it. Write "split": "conversation".')


def check_conversation(action: dict[Any, Any], where: Findings) -> None:
    """Rule 8, beyond the name."""
    check_transfer(action, where)
    if "transcription" in action and action.get("record") is not True:
        where.error(8, "transcription", "transcription needs a recording. Set record to true, or remove it.")


def check_transfer(action: dict[Any, Any], where: Findings) -> None:
    """The half of rule 8 that transfer shares."""
    if action.get("mute") is True and "canSpeak" in action:
        where.error(8, "mute", "mute and canSpeak contradict each other, so Vonage refuses both. Keep one.")


def check_wait(action: dict[Any, Any], where: Findings) -> None:
    """Rule 12, but a warning: Vonage moves a time outside the range to the nearest bound."""
    seconds = action.get("timeout")
    if seconds is None or finite(seconds):
        return  # none, or said already
    if not MIN_WAIT <= seconds <= MAX_WAIT:
        where.warn(
            12,
            "timeout",
            f"timeout is {shown(seconds)}, which Vonage moves into {MIN_WAIT} to {MAX_WAIT:,} seconds. "
            "Write a number in that range.",
        )


def check_connect(action: dict[Any, Any], where: Findings, called_number: str) -> None:
    """Rules 5 to 7, 15, 16, 27 and 28."""
    random = action.get("randomFromNumber") is True
    if random and "from" in action:
        where.error(7, "from", "from and randomFromNumber contradict each other. Keep one.")
    endpoints = action.get("endpoint")
    if not isinstance(endpoints, list) or len(endpoints) != 1 or not isinstance(endpoints[0], dict):
        return  # said already, as a wrong value
    endpoint = endpoints[0]
    kind = endpoint.get("type")
    if not isinstance(kind, str) or kind not in ENDPOINTS:
        missing = f"is missing, so Vonage cannot tell whom to ring. Write one of {', '.join(ENDPOINTS)}."
        fault = _endpoint_type(kind) if "type" in endpoint else missing
        where.error(5, f"{_ENDPOINT}.type", f"{_ENDPOINT}.type {fault}")
        return
    check_options(endpoint, ENDPOINTS[kind], where, f"{_ENDPOINT}.", own="type")
    if kind == "phone":
        _check_phone(action, endpoint, where, called_number, shows_number=random or "from" in action)
    elif kind == "sip":
        _check_sip(endpoint, where)
    elif kind == "websocket":
        _check_websocket(endpoint, where)


def _check_phone(
    action: dict[Any, Any], endpoint: dict[Any, Any], where: Findings, called_number: str, *, shows_number: bool
) -> None:
    if not shows_number:
        where.warn(
            27,
            "from",
            "from is missing, and carriers refuse calls without it. Write a number of yours, or set randomFromNumber.",
        )
    if called_number and endpoint.get("number") == called_number:
        where.warn(
            28,
            f"{_ENDPOINT}.number",
            f"+{called_number} is the number that was called: the call would ring itself. Give another number.",
        )


def _check_sip(endpoint: dict[Any, Any], where: Findings) -> None:
    parts = [name for name in ("user", "domain") if name in endpoint]
    if "uri" in endpoint and parts:
        where.error(
            15,
            f"{_ENDPOINT}.uri",
            f"{_ENDPOINT}.uri and {' and '.join(parts)} say the same twice. Keep uri, or user and domain.",
        )
    elif "uri" not in endpoint and len(parts) < 2:
        where.error(
            5,
            f"{_ENDPOINT}.uri",
            f"{_ENDPOINT}.uri is missing, so there is nobody to ring. Write uri, or user and domain.",
        )


def _check_websocket(endpoint: dict[Any, Any], where: Findings) -> None:
    headers = endpoint.get("headers")
    if isinstance(headers, dict) and (size := _json_size(headers)) > MAX_WEBSOCKET_HEADERS:
        where.error(
            16,
            f"{_ENDPOINT}.headers",
            f"{_ENDPOINT}.headers has {size:,} bytes as JSON, but Vonage takes {MAX_WEBSOCKET_HEADERS}. Send less.",
        )
    login = endpoint.get("authorization")
    if isinstance(login, dict) and login.get("type") == "custom" and "value" not in login:
        key = f"{_ENDPOINT}.authorization.value"
        where.error(16, key, f"{key} is missing, which type custom needs. Write the value of the header.")


def _json_size(value: dict[Any, Any]) -> int:
    """Bytes as compact JSON; 0 for what is none, which rule 1 names."""
    try:
        return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"))
    except (TypeError, ValueError):
        return 0
