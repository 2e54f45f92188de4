"""A question that the caller answers with a key, or with a word."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from calls.flows.program import AGAIN, Target
from calls.flows.run import Heard, Run
from calls.flows.run import Step as Compiled
from calls.flows.standard import NOT_A_CHOICE
from calls.flows.steps.kind import Facts
from calls.flows.steps.spoken import Spoken

KEYS = "1234567890*#"
LONGEST_WAIT = 10  # seconds that Vonage waits for a key
MOST_TRIES = 9
WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Menu(Spoken):
    """`prompt` is said, and a key may cut it off; then the caller has `seconds`. `tries` is how often it asks in all.

    After nothing `nothing` is said before the prompt, after a key without a branch `wrong`. The branches say where each
    key leads; that of "end" where those go on who pressed nothing right. `speech` lets callers say a branch's words.
    """

    ends = ("end",)

    prompt: str = ""
    seconds: int = 5
    tries: int = 2
    nothing: str = ""
    wrong: str = NOT_A_CHOICE
    speech: bool = False
    language: str = ""
    style: int = 0
    premium: bool = False

    @property
    def title(self) -> str:
        return f"asks {self.tries} times" if self.tries != 1 else "asks once"

    def texts(self) -> Mapping[str, str]:
        return {"prompt": self.prompt, "nothing": self.nothing, "wrong": self.wrong}

    def problems(self, facts: Facts) -> list[str]:
        wrong = super().problems(facts)
        keys = [key for key in facts.branches if key in set(KEYS)]
        if not self.prompt.strip():
            wrong.append("The menu has no prompt, so callers would not know what to press. Write what they hear.")
        if not keys:
            wrong.append("The menu has no key, so it leads nowhere. Add a key and where it goes.")
        if not 1 <= self.seconds <= LONGEST_WAIT:
            wrong.append(f"It waits {self.seconds} s for a key, and Vonage 1 to {LONGEST_WAIT} s. Write one of those.")
        if not 1 <= self.tries <= MOST_TRIES:
            wrong.append(f"It asks {self.tries} times. Ask 1 to {MOST_TRIES} times.")
        words = [word for key in keys for word in facts.branches[key]]
        doubled = next((word for word in words if words.count(word) > 1), "")
        if self.speech and doubled:
            wrong.append(f"“{doubled}” stands at two keys. Let each word lead to one place.")
        return wrong

    def play(self, step: Compiled, run: Run) -> Target | None:
        attempt = run.state.get("try", 1)
        run.say(self.prompt, vars(self), barge_in=True)
        run.listen(keys={"maxDigits": 1, "timeOut": self.seconds}, speech=self._speech(step, run), **{"try": attempt})
        return None

    def heard(self, step: Compiled, run: Run, heard: Heard) -> Target | None:
        if heard.kind != "input":
            return None
        key = self.key_of(step, heard)
        if key:
            run.note(key=key)
            return run.target(step, key)
        attempt = run.state.get("try", 1)
        said = self.nothing if heard.nothing else self.wrong
        if attempt >= self.tries:
            return self.give_up(step, run, "end", said)
        run.say(said, vars(self), barge_in=True)
        run.state = {"try": attempt + 1}
        return AGAIN

    def _speech(self, step: Compiled, run: Run) -> dict[str, Any] | None:
        if not self.speech:
            return None
        context = sorted({word for words in step.get("words", {}).values() for word in words})
        listened = {"language": run.voice(vars(self))["language"], "startTimeout": self.seconds}
        return listened | ({"context": context} if context else {})

    def key_of(self, step: Compiled, heard: Heard) -> str:
        """The key that was pressed or whose word was said; "" where it leads nowhere."""
        if heard.digits is not None:
            key = heard.digits[:1]
            return key if key in KEYS and key in step.get("on", {}) else ""
        for text in heard.spoken:
            said = f" {' '.join(WORD.findall(text.casefold()))} "
            for key, words in step.get("words", {}).items():
                if any(f" {word} " in said for word in words):
                    return str(key)
            if text.strip() in step.get("on", {}):  # "one" is understood as "1"
                return text.strip()
        return ""
