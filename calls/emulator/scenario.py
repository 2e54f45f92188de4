"""Scenarios: who rings whom, what they do, and what has to come of it. From files, from the shell, or over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from calls.emulator import people
from calls.emulator.expectations import Expectation, read_expectation
from calls.emulator.faults import Faults, read_faults
from calls.emulator.legs import Endpoint
from calls.emulator.people import ANSWERS, Callees, HangUp, Person, Press, Say, Step, Wait
from calls.emulator.reading import BadFile, mapping, read_yaml, seconds, text

TO, FROM = "442079460000", "447700900123"
KEYS = set("0123456789*#")
KNOWN = ("name", "to", "from", "at", "steps", "hangup_after", "callees", "faults", "expect", "answer_fields")
CALLEE = ("answer", "after", "steps", "talks", "beeps", "hangup_after", "detail")
EVERYBODY = "everybody"
CUSTOM_DATA, SIP_HEADER = "custom_data", "SipHeader_"
HANG_UP = "hang up"
YEARS = range(1971, 2101)  # that the clock can show, with hours and zones to spare


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One call. Numbers are E.164 without "+"; `at` is what the platform's clock says when it begins."""

    name: str = ""
    to: str = TO
    from_: str = FROM
    answer_fields: Mapping[str, Any] = field(default_factory=dict)  # that the answer URL is given beside the usual ones
    at: datetime | None = None
    steps: tuple[Step, ...] = ()
    hangup_after: float | None = None
    callees: Mapping[str, Person] = field(default_factory=dict)  # by number; "everybody" for all others
    faults: Mapping[str, Any] = field(default_factory=dict)  # as they were written; they stand beside those of the lab
    expect: tuple[Expectation, ...] = ()

    def caller(self) -> Person:
        """Give a new person who does what the caller does."""
        return Person(self.steps, hangup_after=self.hangup_after)

    def endpoint(self) -> Endpoint:
        """Give what the caller rings from: a telephone, `sip:alice@example.com`, or `app:Alice`, a Client SDK user."""
        if self.from_.startswith(("sip:", "sips:")):
            return Endpoint("sip", self.from_)
        user = self.from_.removeprefix("app:")
        return Endpoint("phone" if user == self.from_ else "app", user)

    def called(self, everybody: Person | None = None) -> Callees:
        """Give the parties that may be called."""
        numbers = {number: person for number, person in self.callees.items() if number != EVERYBODY}
        return Callees(self.callees.get(EVERYBODY, everybody), numbers)

    def with_faults(self, others: Faults) -> Faults:
        """Give the faults of a platform that has others, too."""
        return read_faults(dict(self.faults), "faults", otherwise=others)

    def as_json(self) -> dict[str, Any]:
        """Write it as `read` reads it."""
        told: dict[str, Any] = {"name": self.name, "to": self.to, "from": self.from_}
        told["answer_fields"] = dict(self.answer_fields)
        if self.at:
            told["at"] = self.at.isoformat()
        if self.hangup_after is not None:
            told["hangup_after"] = self.hangup_after
        told["steps"] = [_step_as_json(step) for step in self.steps]
        told["callees"] = {shown: _callee_as_json(person) for shown, person in self.callees.items()}
        return told | {"faults": dict(self.faults), "expect": [dict(one.given) for one in self.expect]}

    def named(self, name: str) -> "Scenario":
        return self if self.name else replace(self, name=name)


def load(path: Path) -> Scenario:
    """Read a scenario file. Raises BadFile."""
    return read(read_yaml(path), str(path)).named(path.stem)


def read(value: Any, where: str) -> Scenario:
    """Read a scenario as YAML or JSON has it. Raises BadFile."""
    given = mapping(value, where, KNOWN)
    return Scenario(
        name=text(given.get("name", ""), f"{where}: name"),
        to=number(text(given.get("to", TO), f"{where}: to")),
        from_=number(text(given.get("from", FROM), f"{where}: from")),
        answer_fields=_answer_fields(given.get("answer_fields", {}), f"{where}: answer_fields"),
        at=moment(given["at"], f"{where}: at") if "at" in given else None,
        steps=_steps(given.get("steps", []), f"{where}: steps"),
        hangup_after=_seconds_or_none(given, "hangup_after", where),
        callees=read_callees(given.get("callees", {}), f"{where}: callees"),
        faults=_faults(given.get("faults", {}), f"{where}: faults"),
        expect=tuple(
            read_expectation(one, f"{where}: expect {index}")
            for index, one in enumerate(_list(given.get("expect", []), f"{where}: expect"), 1)
        ),
    )


def read_callees(value: Any, where: str) -> dict[str, Person]:
    """Read what called parties do. Raises BadFile."""
    if not isinstance(value, dict):
        raise BadFile(f"{where} has to be a mapping from number, or {EVERYBODY!r}, to what they do.")
    return {number(text(name, where)): _callee(does, f"{where}: {name}") for name, does in value.items()}


def callees_as_json(callees: Callees) -> dict[str, Any]:
    """Write what called parties do as `read_callees` reads it."""
    everybody = {EVERYBODY: callees.everybody}
    return {shown: _callee_as_json(person) for shown, person in (callees.by_number | everybody).items()}


def number(words: str) -> str:
    """Read a telephone number as people write it, or a word such as "anonymous"."""
    digits = words.strip().removeprefix("+").replace(" ", "")
    return digits if digits.isdigit() else words.strip()


def moment(value: Any, where: str) -> datetime:
    """Read a time; one without a zone is UTC."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise BadFile(f"{where} has to be a time such as 2026-12-25T03:00, in UTC unless it names its zone.") from None
    if found.year not in YEARS:
        raise BadFile(f"{where} has to be a time between the years {YEARS.start} and {YEARS.stop - 1}.")
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def keys(value: Any, where: str) -> str:
    """Read keys that are pressed."""
    pressed = "" if value is None else text(value, where)  # YAML takes a bare # for the beginning of a comment
    if not pressed or not set(pressed) <= KEYS:
        raise BadFile(f"{where} has to be of 0-9, * and #; write it in quotes.")
    return pressed


def _answer_fields(value: Any, where: str) -> Mapping[str, Any]:
    """Read what a SIP call or an app user brings along."""
    if not isinstance(value, dict):
        raise BadFile(f"{where} has to be a mapping.")
    for name, given in value.items():
        if not (str(name).startswith(SIP_HEADER) and isinstance(given, str)) and name != CUSTOM_DATA:
            raise BadFile(f"{where}: {name} has to be {CUSTOM_DATA}, or a text whose name begins with {SIP_HEADER}.")
    return dict(value)


def _callee(value: Any, where: str) -> Person:
    if isinstance(value, str):
        value = {"answer": value}
    given = mapping(value, where, CALLEE)
    answer = given.get("answer", "answer")
    if answer not in ANSWERS:
        raise BadFile(f"{where}: answer has to be one of {', '.join(ANSWERS)}.")
    return Person(
        _steps(given.get("steps", []), f"{where}: steps"),
        hangup_after=_seconds_or_none(given, "hangup_after", where),
        answer=answer,
        detail=text(given.get("detail", ""), f"{where}: detail"),
        after=_seconds_or_none(given, "after", where),
        talks=seconds(given.get("talks", people.TALKS_SECONDS), f"{where}: talks"),
        beeps=seconds(given.get("beeps", people.BEEPS_AFTER_SECONDS), f"{where}: beeps"),
    )


def _steps(value: Any, where: str) -> tuple[Step, ...]:
    return tuple(_step(one, f"{where} {index}") for index, one in enumerate(_list(value, where), 1))


def _step(value: Any, where: str) -> Step:
    """Read `press: "1"`, `say: sales`, `wait: 2` or `hang up`; with `now: true` it does not wait to be listened to."""
    if value == HANG_UP:
        return HangUp()
    given = mapping(value, where, ("press", "say", "wait", "now"))
    now = given.get("now", False)
    if not isinstance(now, bool):
        raise BadFile(f"{where}: now has to be true or false.")
    match [name for name in given if name != "now"]:
        case ["press"]:
            return Press(keys(given["press"], f"{where}: press"), now)
        case ["say"]:
            return Say(text(given["say"], f"{where}: say"), now)
        case ["wait"]:
            return Wait(seconds(given["wait"], f"{where}: wait"))
    raise BadFile(f"{where} has to be one of press, say, wait, or the words hang up.")


def _faults(value: Any, where: str) -> Mapping[str, Any]:
    read_faults(value, where)
    return dict(value)


def _step_as_json(step: Step) -> Any:
    match step:
        case Press(pressed, now):
            return {"press": pressed, "now": now}
        case Say(words, now):
            return {"say": words, "now": now}
        case Wait(duration):
            return {"wait": duration}
    return HANG_UP


def _callee_as_json(person: Person) -> dict[str, Any]:
    told: dict[str, Any] = {
        "answer": person.answer,
        "after": person.after,
        "talks": person.talks,
        "beeps": person.beeps,
    }
    told |= {
        "hangup_after": person.hangup_after,
        "detail": person.detail or None,
        "steps": [_step_as_json(step) for step in person.steps],
    }
    return {name: value for name, value in told.items() if value is not None}


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise BadFile(f"{where} has to be a list.")
    return value


def _seconds_or_none(given: Mapping[str, Any], name: str, where: str) -> float | None:
    return seconds(given[name], f"{where}: {name}") if given.get(name) is not None else None
