"""What actions mean to those after them: rules 17, 22, 24 and 25."""

from collections.abc import Callable, Sequence
from typing import Any

from calls.vonage.ncco.options import known_name
from calls.vonage.ncco.problems import Findings, Problem

ReturnsNcco = Callable[[str], bool]

_ENDS = {
    "conversation": "lasts to the end of the call",
    "transfer": "moves the call to another NCCO",
}
_END_CONDITIONS = ("endOnSilence", "endOnKey", "timeOut")


def check_order(actions: Sequence[Any], problems: list[Problem], returns_ncco: ReturnsNcco | None) -> None:
    """Look at the whole list. `actions` may hold anything: what is no action is met as one of another kind."""
    names = [known_name(item) for item in actions]
    _check_barge_in(actions, names, problems)
    _check_unreachable(names, problems)
    if names:
        _check_last(actions[-1], Findings(problems, len(names) - 1, names[-1]), returns_ncco)


def _check_barge_in(actions: Sequence[Any], names: list[str], problems: list[Problem]) -> None:
    """Rule 17, from the end: only talk and stream with bargeIn may stand before the input that they wait for."""
    input_follows = False
    for index in range(len(actions) - 1, -1, -1):
        name = names[index]
        if name == "input":
            input_follows = True
        elif name in ("talk", "stream") and actions[index].get("bargeIn") is True:
            if not input_follows:
                Findings(problems, index, name).error(
                    17,
                    "bargeIn",
                    "bargeIn is true, but no input takes the key: the next action would start at once. "
                    "Let an input follow, or remove bargeIn.",
                )
        else:
            input_follows = False


def _check_unreachable(names: list[str], problems: list[Problem]) -> None:
    """Rule 22, said once: at the first action that is never run."""
    for index, name in enumerate(names[:-1]):
        if name in _ENDS:
            Findings(problems, index + 1, names[index + 1]).warn(
                22,
                "",
                f"is never run, nor is anything after it: action {index + 1} ({name}) {_ENDS[name]}. "
                "Remove it, or move it before.",
            )
            return


def _check_last(action: Any, where: Findings, returns_ncco: ReturnsNcco | None) -> None:
    if where.action == "input":
        urls = action.get("eventUrl")
        if urls is None:
            where.warn(
                24,
                "eventUrl",
                "is the last action and asks no eventUrl of its own: without an NCCO in reply, the call ends. "
                "Name a URL that returns one, or let an action follow.",
            )
        elif (
            returns_ncco and isinstance(urls, list) and urls and isinstance(urls[0], str) and not returns_ncco(urls[0])
        ):
            where.warn(
                24,
                "eventUrl",
                "is the last action and its eventUrl returns no NCCO: the call ends after it. "
                "Name a URL that returns one, or let an action follow.",
            )
    elif where.action == "record" and not any(name in action for name in _END_CONDITIONS):
        where.warn(
            25,
            "",
            "is the last action and nothing ends it but the call, which ends at once: nothing is recorded. "
            "Set endOnSilence, endOnKey or timeOut.",
        )
