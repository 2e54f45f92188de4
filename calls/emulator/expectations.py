"""What has to come of a call. Each is judged when the call is over, by what happened in it."""

import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from calls.emulator.reading import BadFile, mapping, seconds, text
from calls.emulator.trace import Happening

_TAG = re.compile(r"<[^<>]*>")
HEARD = {"says", "plays", "hears"}
ENDS = ("by", "within", "status")
KINDS = ("said", "not said", "listens", "connected", "rings", "recorded", "event", "ends", "no findings", "in order")


@dataclass(frozen=True)
class Told:
    """What an expectation is judged by: what happened, to the caller's leg and all others, and the events sent."""

    happenings: Sequence[Happening]
    leg: str  # the caller's
    events: Sequence[dict[str, Any]]
    ended_by: str
    lasted: float  # seconds
    status: str

    def texts(self) -> list[str]:
        """What the caller heard, in order."""
        return [_text(one) for one in self.happenings if self.is_heard(one)]

    def is_heard(self, one: Happening) -> bool:
        """Whether the caller heard this."""
        return one.kind in HEARD and one.leg == self.leg


@dataclass(frozen=True)
class Expectation:
    """`failure` gives a sentence where it does not hold, and nothing where it does. `given` is how it was written.

    `meets` says whether a single happening is what is expected; None: it takes the whole call to say so.
    """

    words: str
    failure: Callable[[Told], str]
    meets: Callable[[Happening, Told], bool] | None = None
    given: Mapping[str, Any] = field(default_factory=dict)


def read_expectation(value: Any, where: str) -> Expectation:
    """Read one, such as `said: closed`. A text alone is what has to be said. Raises BadFile."""
    if isinstance(value, str):
        value = {"said": value}
    given = mapping(value, where, KINDS)
    if len(given) != 1:
        raise BadFile(f"{where} has to be one of {', '.join(KINDS)}.")
    ((kind, wanted),) = given.items()
    return replace(_READERS[kind](wanted, f"{where}: {kind}"), given=dict(given))


def said(wanted: Any, where: str) -> Expectation:
    """The caller hears this fragment; case and the space between words make no difference."""
    fragment = text(wanted, where)

    def failure(told: Told) -> str:
        if any(_flat(fragment) in _flat(heard) for heard in told.texts()):
            return ""
        return f"The caller did not hear “{fragment}”, but: {_quoted(told.texts())}."

    def meets(one: Happening, told: Told) -> bool:
        return told.is_heard(one) and _flat(fragment) in _flat(_text(one))

    return Expectation(f"hears “{fragment}”", failure, meets, {"said": fragment})


def not_said(wanted: Any, where: str) -> Expectation:
    fragment = text(wanted, where)

    def failure(told: Told) -> str:
        heard = [one for one in told.texts() if _flat(fragment) in _flat(one)]
        return f"The caller heard {_quoted(heard)}, which has “{fragment}” in it." if heard else ""

    return Expectation(f"does not hear “{fragment}”", failure)


def listens(wanted: Any, where: str) -> Expectation:
    """The call listens for keys (`dtmf`) or words (`speech`)."""
    if wanted not in {"dtmf", "speech"}:
        raise BadFile(f"{where} has to be dtmf or speech.")

    def failure(told: Told) -> str:
        kinds = [one.data["kinds"] for one in told.happenings if one.kind == "listens"]
        return "" if any(wanted in kind for kind in kinds) else f"The call never listened for {wanted}."

    def meets(one: Happening, told: Told) -> bool:
        return one.kind == "listens" and wanted in one.data["kinds"]

    return Expectation(f"is listened to for {wanted}", failure, meets)


def connected(wanted: Any, where: str) -> Expectation:
    return _met("joins", text(wanted, where), "connected to")


def rings(wanted: Any, where: str) -> Expectation:
    return _met("rings", text(wanted, where), "ringing")


def recorded(wanted: Any, where: str) -> Expectation:
    """Something is recorded, or nothing is."""
    if not isinstance(wanted, bool):
        raise BadFile(f"{where} has to be true or false.")

    def failure(told: Told) -> str:
        is_so = any(one.kind == "records" for one in told.happenings)
        return "" if is_so == wanted else f"{'Something' if is_so else 'Nothing'} was recorded."

    def meets(one: Happening, told: Told) -> bool:
        return one.kind == "records"

    return Expectation("is recorded" if wanted else "is not recorded", failure, meets if wanted else None)


def event(wanted: Any, where: str) -> Expectation:
    """An event with these fields, and perhaps others, was sent."""
    if not isinstance(wanted, dict) or not wanted:
        raise BadFile(f"{where} has to be a mapping of some fields of the event.")

    def has_all(fields: Mapping[str, Any]) -> bool:
        return all(name in fields and fields[name] == value for name, value in wanted.items())

    def failure(told: Told) -> str:
        return "" if any(has_all(one) for one in told.events) else f"No event had {_short(wanted)}."

    def meets(one: Happening, told: Told) -> bool:
        return one.kind == "webhook" and one.data.get("door") == "event" and has_all(one.data["fields"])

    return Expectation(f"event {_short(wanted)}", failure, meets)


def ends(wanted: Any, where: str) -> Expectation:
    """How the caller's leg ends: by whom, with which status, within how many seconds."""
    given = mapping(wanted, where, ENDS)
    by, status = given.get("by"), given.get("status")
    if by not in {None, "caller", "platform"}:
        raise BadFile(f"{where}: by has to be caller or platform.")
    within = seconds(given["within"], f"{where}: within") if "within" in given else None

    def failure(told: Told) -> str:
        if by and told.ended_by != by:
            return f"The call was ended by the {told.ended_by}, not by the {by}."
        if status and told.status != status:
            return f"The call ended as {told.status}, not as {status}."
        if within is not None and told.lasted > within:
            return f"The call lasted {told.lasted:.1f} s, longer than {within:g} s."
        return ""

    return Expectation(f"ends {dict(given)}", failure)


def in_order(wanted: Any, where: str) -> Expectation:
    """These come about one after another, whatever lies between."""
    if not isinstance(wanted, list) or not wanted:
        raise BadFile(f"{where} has to be a list of expectations.")
    ones = [read_expectation(one, f"{where} {index}") for index, one in enumerate(wanted, 1)]
    for index, one in enumerate(ones, 1):
        if one.meets is None:
            raise BadFile(f"{where} {index} happens at no moment of the call: write it outside of the list.")

    def failure(told: Told) -> str:
        left = iter(told.happenings)
        for index, one in enumerate(ones):
            if not any(one.meets and one.meets(happening, told) for happening in left):
                return one.failure(told) or _misplaced(one, ones[:index])
        return ""

    return Expectation(", then ".join(one.words for one in ones), failure)


def no_findings(wanted: Any, where: str) -> Expectation:
    """The platform found nothing wrong with the application."""
    if wanted is not True:
        raise BadFile(f"{where} has to be true.")

    def failure(told: Told) -> str:
        found = [one.words for one in told.happenings if one.kind == "finding"]
        return "" if not found else " ".join(found)

    return Expectation("nothing is wrong", failure)


_READERS: dict[str, Callable[[Any, str], Expectation]] = {
    "said": said,
    "not said": not_said,
    "listens": listens,
    "connected": connected,
    "rings": rings,
    "recorded": recorded,
    "event": event,
    "ends": ends,
    "no findings": no_findings,
    "in order": in_order,
}


def _met(kind: str, wanted: str, words: str) -> Expectation:
    def failure(told: Told) -> str:
        met = [str(one.data.get("party") or one.data.get("room")) for one in told.happenings if one.kind == kind]
        return "" if wanted in met else f"The call was not {words} {wanted}, but: {', '.join(met) or 'nobody'}."

    def meets(one: Happening, told: Told) -> bool:
        return one.kind == kind and wanted in {str(one.data.get("party")), str(one.data.get("room"))}

    return Expectation(f"is {words} {wanted}", failure, meets)


def _misplaced(one: Expectation, before: Sequence[Expectation]) -> str:
    what = one.words.removeprefix("is ")
    return f"It came about, but too early: {what}, which has to be after: {', '.join(each.words for each in before)}."


def _text(one: Happening) -> str:
    """What somebody hears."""
    return str(one.data.get("text") or one.data.get("url") or one.words)


def _short(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, default=str)


def _flat(words: str) -> str:
    """Leave out what is not heard: case, the space between words, the tags of SSML."""
    if words.lstrip().startswith("<speak"):
        words = html.unescape(_TAG.sub(" ", words))
    return " ".join(words.split()).casefold()


def _quoted(texts: Sequence[str]) -> str:
    return ", ".join(f"“{one}”" for one in texts) or "nothing"
