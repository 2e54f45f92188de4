"""Somebody else's program is told that a caller came here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from calls.flows import words
from calls.flows.program import Target
from calls.flows.run import Run
from calls.flows.run import Step as Compiled
from calls.flows.steps.kind import Facts, Kind
from calls.vonage import ncco


@dataclass(frozen=True)
class Notify(Kind):
    """Vonage sends `payload`, an object whose texts may have placeholders, to `url`. An NCCO in the reply is obeyed."""

    url: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    method: str = "POST"

    @property
    def title(self) -> str:
        return f"tells {self.url}" if self.url else "tells nobody"

    def problems(self, facts: Facts) -> list[str]:
        if not self.url.strip():
            return ["It has no address, so nobody would be told. Write one: https://…"]
        wrong = [problem.message for problem in ncco.errors([self._action(self.payload)])]
        wrong += [problem for text in texts_in(self.payload) for problem in words.problems(text, spoken=False)]
        return [*dict.fromkeys(wrong)]

    def warnings(self, facts: Facts) -> list[str]:
        return [PLAIN] if self.url.startswith("http://") else []

    def play(self, step: Compiled, run: Run) -> Target | None:
        run.actions.append(self._action(filled(self.payload, run)))
        return run.target(step, "next")

    def _action(self, payload: Any) -> dict[str, Any]:
        return {"action": "notify", "payload": payload, "eventUrl": [self.url], "eventMethod": self.method}


PLAIN = "Its address begins with http, so who calls travels unencrypted. Write https where the other side has it."


def texts_in(value: Any) -> list[str]:
    """All texts within a value that JSON can hold."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [text for one in inner for text in texts_in(one)]


def filled(value: Any, run: Run) -> Any:
    """The same with its placeholders filled."""
    if isinstance(value, str):
        return run.plain(value)
    if isinstance(value, Mapping):
        return {name: filled(one, run) for name, one in value.items()}
    return [filled(one, run) for one in value] if isinstance(value, list) else value
