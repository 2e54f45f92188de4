"""What has to come of a call. Each is judged when the call is over, by what happened in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from calls.emulator.reading import BadFile, mapping, seconds, text
from calls.emulator.trace import Happening

HEARD = {"says", "plays", "hears"}
ENDS = ("by", "within", "status")
KINDS = ("said", "not said", "listens", "connected", "rings", "recorded", "event", "ends", "no findings")


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
        heard = [one for one in self.happenings if one.kind in HEARD and one.leg == self.leg]
        return [str(one.data.get("text") or one.data.get("url") or one.words) for one in heard]


@dataclass(frozen=True)
class Expectation:
    """`failure` gives a sentence where it does not hold, and nothing where it does."""

    words: str
    failure: Callable[[Told], str]


def read_expectation(value: Any, where: str) -> Expectation:
    """Read one, such as `said: closed`. A text alone is what has to be said. Raises BadFile."""
    if isinstance(value, str):
        value = {"said": value}
    given = mapping(value, where, KINDS)
    if len(given) != 1:
        raise BadFile(f"{where} has to be one of {', '.join(KINDS)}.")
    ((kind, wanted),) = given.items()
    return _READERS[kind](wanted, f"{where}: {kind}")


def said(wanted: Any, where: str) -> Expectation:
    """The caller hears this fragment; case and the space between words make no difference."""
    fragment = text(wanted, where)

    def failure(told: Told) -> str:
        if any(_flat(fragment) in _flat(heard) for heard in told.texts()):
            return ""
        return f"The caller did not hear “{fragment}”, but: {_quoted(told.texts())}."

    return Expectation(f"hears “{fragment}”", failure)


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

    return Expectation(f"is listened to for {wanted}", failure)


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

    return Expectation("is recorded" if wanted else "is not recorded", failure)


def event(wanted: Any, where: str) -> Expectation:
    """An event with these fields, and perhaps others, was sent."""
    if not isinstance(wanted, dict) or not wanted:
        raise BadFile(f"{where} has to be a mapping of some fields of the event.")

    def failure(told: Told) -> str:
        if any(all(name in one and one[name] == value for name, value in wanted.items()) for one in told.events):
            return ""
        return f"No event had {wanted}."

    return Expectation(f"event {wanted}", failure)


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


def no_findings(wanted: Any, where: str) -> Expectation:
    """The platform found nothing wrong with the application."""

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
}


def _met(kind: str, wanted: str, words: str) -> Expectation:
    def failure(told: Told) -> str:
        met = [str(one.data.get("party") or one.data.get("room")) for one in told.happenings if one.kind == kind]
        return "" if wanted in met else f"The call was not {words} {wanted}, but: {', '.join(met) or 'nobody'}."

    return Expectation(f"is {words} {wanted}", failure)


def _flat(words: str) -> str:
    return " ".join(words.split()).casefold()


def _quoted(texts: Sequence[str]) -> str:
    return ", ".join(f"“{one}”" for one in texts) or "nothing"
