"""`check`: everything that is wrong with an NCCO, whatever it is."""

from difflib import get_close_matches
from typing import Any

from calls.vonage.ncco import special, spoken
from calls.vonage.ncco.options import ACTIONS, check_options
from calls.vonage.ncco.order import ReturnsNcco, check_order
from calls.vonage.ncco.problems import Findings, Problem, shown
from calls.vonage.ncco.sendable import find_unsendable

_CURES = {
    "hangup": "To hang up, let the list run out.",
    "pay": "It was removed.",
}
_ALSO = {
    "talk": spoken.check_talk,
    "stream": spoken.check_loop,
    "input": special.check_input,
    "record": special.check_record,
    "conversation": special.check_conversation,
    "transfer": special.check_transfer,
    "wait": special.check_wait,
}


def check(ncco: object, *, called_number: str = "", returns_ncco: ReturnsNcco | None = None) -> list[Problem]:
    """Every problem of an NCCO, in the order of its actions. Never raises, whatever it is given.

    `called_number` is the number whose callers get it (rule 28). `returns_ncco` tells whether a URL answers an
    `input` with an NCCO (rule 24); without it any eventUrl is believed to.
    """
    if not isinstance(ncco, list):
        cure = "Put it in square brackets." if isinstance(ncco, dict) else "Write [{…}]."
        text = f"The NCCO is {shown(ncco)}, but Vonage reads an array of actions, also for one. {cure}"
        return [Problem(1, "error", "", text)]
    unsendable, readable = find_unsendable(ncco)
    if not readable:
        return unsendable
    problems: list[Problem] = []
    for index, item in enumerate(ncco):
        _check_action(item, Findings(problems, index), called_number)
    check_order(ncco, problems, returns_ncco)
    if unsendable:
        said = {problem.path for problem in problems if problem.severity == "error"}
        problems.extend(problem for problem in unsendable if problem.path not in said)
    if len(problems) > 1:
        problems.sort(key=_position)
    return problems


def errors(ncco: object) -> list[Problem]:
    """The problems for which Vonage would refuse the NCCO: those of `check` but for the warnings."""
    return [problem for problem in check(ncco) if problem.severity == "error"]


def _position(problem: Problem) -> int:
    return int(problem.path.partition(".")[0])


def _check_action(item: Any, where: Findings, called_number: str) -> None:
    if not isinstance(item, dict):
        where.error(2, "", f'is {shown(item)}, where an object with an action belongs. Write {{"action": …}}.')
        return
    name = item.get("action")
    if not isinstance(name, str) or name not in ACTIONS:
        where.error(2, "action", _about_action(item))
        return
    where = where.named(name)
    check_options(item, ACTIONS[name], where, own="action")
    if name == "connect":
        special.check_connect(item, where, called_number)
    elif also := _ALSO.get(name):
        also(item, where)


def _about_action(item: dict[Any, Any]) -> str:
    if "action" not in item:
        return f"has no action, so Vonage refuses the NCCO. Write one of {_NAMES}."
    name = item["action"]
    if not isinstance(name, str):
        return f"action is {shown(name)}, where text belongs. Write one of {_NAMES}."
    close = get_close_matches(name[:40].strip().casefold(), list(ACTIONS), n=1)
    cure = _CURES.get(name) or (f'Write "{close[0]}".' if close else f"Write one of {_NAMES}.")
    return f"action is {shown(name)}, which Vonage does not know, so it refuses the NCCO. {cure}"


_NAMES = ", ".join(ACTIONS)
