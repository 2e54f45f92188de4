"""Digits are asked for, and kept with the call."""

from collections.abc import Mapping
from dataclasses import dataclass

from calls.flows.program import AGAIN, Target
from calls.flows.run import Heard, Run
from calls.flows.run import Step as Compiled
from calls.flows.steps.kind import Facts, beyond
from calls.flows.steps.menu import LONGEST_WAIT, MOST_TRIES
from calls.flows.steps.spoken import Spoken

MOST_DIGITS = 20


@dataclass(frozen=True)
class Digits(Spoken):
    """Asks with `prompt` for up to `most` digits, `tries` times in all, and keeps them as `keep`: "Order number".

    Each digit may take `seconds`; with `hash` the caller ends with #. After nothing `nothing` is said before the
    prompt; who keys in nothing goes on by the branch "nothing".
    """

    ends = ("nothing",)

    prompt: str = ""
    keep: str = "Digits"
    most: int = MOST_DIGITS
    hash: bool = True
    seconds: int = 5
    tries: int = 2
    nothing: str = ""
    language: str = ""
    style: int = 0
    premium: bool = False

    @property
    def title(self) -> str:
        return f"{self.keep}, up to {self.most} digits{', then #' if self.hash else ''}"

    def texts(self) -> Mapping[str, str]:
        return {"prompt": self.prompt, "nothing": self.nothing}

    def problems(self, facts: Facts) -> list[str]:
        wrong = super().problems(facts)
        if not self.prompt.strip():
            wrong.append("It has no prompt, so callers would not know what to key in. Write what they hear.")
        if not self.keep.strip() or len(self.keep) > 40 or not self.keep.isprintable():
            wrong.append("Name what is keyed in, in up to 40 letters, as the call’s page will show it: Order number.")
        wrong += beyond(self.most, 1, MOST_DIGITS, "It takes {} digits, and Vonage 1 to 20.")
        wrong += beyond(self.seconds, 1, LONGEST_WAIT, "It waits {} s for a digit, and Vonage 1 to 10 s.")
        return wrong + beyond(self.tries, 1, MOST_TRIES, "It asks {} times, and may 1 to 9 times.")

    def warnings(self, facts: Facts) -> list[str]:
        slow = not self.hash and self.most > 1
        return [*super().warnings(facts), *([f"{NO_HASH} {self.seconds} s."] if slow else [])]

    def play(self, step: Compiled, run: Run) -> Target | None:
        run.say(self.prompt, vars(self), barge_in=True)
        keys = {"maxDigits": self.most, "timeOut": self.seconds} | ({"submitOnHash": True} if self.hash else {})
        run.listen(keys=keys, **{"try": run.state.get("try", 1)})
        return None

    def heard(self, step: Compiled, run: Run, heard: Heard) -> Target | None:
        if heard.kind != "input":
            return None
        if heard.digits:
            digits = heard.digits[:MOST_DIGITS]
            run.kept = run.kept | {self.keep: digits}
            run.note(digits=digits, label=self.keep)
            return run.target(step, "next")
        attempt = run.state.get("try", 1)
        if attempt >= self.tries:
            run.state = {}
            return self.give_up(step, run, "nothing", self.nothing)
        run.say(self.nothing, vars(self), barge_in=True)
        run.state = {"try": attempt + 1}
        return AGAIN


NO_HASH = "Nothing ends it, so callers who key in fewer digits wait. Let # end it; else they wait"
