"""The caller is put through: one telephone after the other is rung, until somebody picks up."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from calls.flows import allowed, tokens
from calls.flows.program import AGAIN, END, Target
from calls.flows.run import Heard, Order, Run
from calls.flows.run import Step as Compiled
from calls.flows.standard import NOT_REACHED, PRESS_ONE
from calls.flows.steps.kind import Facts, beyond
from calls.flows.steps.spoken import Spoken
from calls.vonage import destinations, numbers

TYPES = ("phone", "sip", "app", "typed")
MOST_TARGETS = 10
MOST_SECONDS = 7_200
SIP = re.compile(r"sips?:[!-~]+@[!-~]+", re.IGNORECASE)
OURS, CALLERS = "ours", "caller"
BUSY, UNANSWERED, FAILED = "busy", "unanswered", "failed"
REACHED_NOBODY = {
    "busy": BUSY,
    "timeout": UNANSWERED,
    "unanswered": UNANSWERED,
    "rejected": FAILED,
    "failed": FAILED,
}
ACCEPT_KEY, ACCEPT_SECONDS = "1", 8


@dataclass(frozen=True)
class Forward(Spoken):
    """Rings each of `targets`, {"type": "phone", "to": "447700900456"}, for `ring_seconds`; `longest` bounds the talk.

    A target's type is phone, sip (an address), app (a user's name) or typed (what a digits step keeps by that name).
    `show` is who calls, as the telephone shows it: "ours" (the number that was called), "caller" (the caller's own,
    where the carrier allows it; else ours), or another number of ours. When nobody was reached the branch of why the
    last one was not leads on. Experimental: `whisper` is said to who picks up, and with `accept` they press 1 first.
    """

    ends = (BUSY, UNANSWERED, FAILED)

    targets: list[dict[str, str]] = field(default_factory=list)
    ring_seconds: int = 20
    longest: int = MOST_SECONDS
    show: str = OURS
    whisper: str = ""
    accept: bool = False
    language: str = ""
    style: int = 0
    premium: bool = False

    @property
    def title(self) -> str:
        who = ", then ".join(shown(target) for target in self.targets)
        return f"rings {who} for {self.ring_seconds} s" if who else "rings nobody"

    def texts(self) -> Mapping[str, str]:
        return {"whisper": self.whisper}

    def problems(self, facts: Facts) -> list[str]:
        wrong = super().problems(facts)
        if not self.targets:
            wrong.append("It rings nobody. Add a phone.")
        if len(self.targets) > MOST_TARGETS:
            wrong.append(f"It rings {len(self.targets)} phones in turn, which no caller waits for. Ring up to 10.")
        wrong += [reason for target in self.targets if (reason := refused(target, facts))]
        wrong += beyond(self.ring_seconds, 1, 120, "It rings for {} s, and Vonage 1 to 120 s.")
        wrong += beyond(self.longest, 1, MOST_SECONDS, "They may talk for {} s, and Vonage lets them 1 to 7,200 s.")
        if self.show not in {OURS, CALLERS} and not facts.owns(self.show):
            wrong.append(f"{self.show} is no number of ours, so carriers would refuse the call. Show one of ours.")
        return wrong

    def warnings(self, facts: Facts) -> list[str]:
        odd = super().warnings(facts)
        if self.show == CALLERS:
            odd.append("Not every carrier lets us show the caller’s number. Where it does not, ours is shown.")
        if self.whisper.strip() or self.accept:
            odd.append("What is said to who picks up is experimental. Try it with the phone that you ring.")
        return odd

    def play(self, step: Compiled, run: Run) -> Target | None:
        """Ring the first telephone that may be rung, from the one on that `run.state` names."""
        for at in range(run.state.get("target", 0), len(self.targets)):
            endpoint = self._endpoint(self.targets[at], run)
            if endpoint:
                run.state = run.state | {"target": at}
                run.actions.append(self._connect(endpoint, run))
                return None
        return self._lead_on(step, run, run.state.get("why", FAILED))

    def heard(self, step: Compiled, run: Run, heard: Heard) -> Target | None:
        if heard.kind == "input" and run.state.get("asks"):
            return self._accepted(step, run, heard)
        why = REACHED_NOBODY.get(heard.status) if heard.kind == "status" else None
        if why is None:
            return None
        if heard.status == "rejected" and heard.detail == "invalid_number" and self._shows_caller(run):
            run.state = run.state | {"ours": True}  # the carrier does not let us show theirs
            return AGAIN
        if heard.status == "rejected" and heard.detail == "declined":
            why = BUSY
        return self._next(step, run, why)

    def picked_up(self, step: Compiled, run: Run) -> None:
        asks = self.accept and bool(run.leg)
        run.say(self.whisper, vars(self), barge_in=asks)
        if asks:
            run.say_ours(PRESS_ONE, vars(self), barge_in=True)
            run.listen(keys={"maxDigits": 1, "timeOut": ACCEPT_SECONDS}, **run.state, asks=True)

    def _accepted(self, step: Compiled, run: Run, heard: Heard) -> Target | None:
        """Go on with both put through, or let the telephone go that nobody took the call at, and ring the next."""
        if heard.digits == ACCEPT_KEY:
            run.note(came="accepted")
            return None
        run.order = Order(let_go=heard.leg, move=run.leg)
        return self._next(step, run, UNANSWERED)

    def _next(self, step: Compiled, run: Run, why: str) -> Target | None:
        at = run.state.get("target", 0)
        run.note(came=why)
        if at + 1 < len(self.targets):
            run.state = {"target": at + 1, "why": why}
            return AGAIN
        run.state = {}
        return self._lead_on(step, run, why)

    def _lead_on(self, step: Compiled, run: Run, why: str) -> Target:
        """Who reached nobody hears so before the call ends, unless staff chose its end."""
        if why not in step.get("on", {}) and run.target(step, why) == END:
            run.say_ours(NOT_REACHED, vars(self))
        return run.target(step, why)

    def _shows_caller(self, run: Run) -> bool:
        return self.show == CALLERS and not run.state.get("ours") and bool(self._from(run) != run.number.msisdn)

    def _from(self, run: Run) -> str:
        theirs = run.caller.number
        if self.show == CALLERS and not run.state.get("ours") and numbers.dialable(theirs):
            return theirs
        return run.number.msisdn if self.show in {OURS, CALLERS} else self.show

    def _endpoint(self, target: Mapping[str, str], run: Run) -> dict[str, Any] | None:
        """What is rung; None where it must not be: what a caller typed is checked here."""
        kind, to = target["type"], target["to"]
        if kind == "typed":
            digits = allowed.international(run.kept.get(to, ""), run.number.msisdn)
            reason = allowed.refusal(digits, home=[run.number.msisdn], owns=lambda one: bool(run.world.number(one)))
            if reason:
                run.note(refused=reason)
                return None
            return {"type": "phone", "number": digits}
        if kind == "phone":
            return {"type": "phone", "number": destinations.digits_of(to)}
        return {"type": "sip", "uri": to} if kind == "sip" else {"type": "app", "user": to}

    def _connect(self, endpoint: dict[str, Any], run: Run) -> dict[str, Any]:
        if endpoint["type"] == "phone" and (self.whisper.strip() or self.accept):
            endpoint["onAnswer"] = {"url": tokens.url_of(run.place(**run.state), door="answer")}
        action: dict[str, Any] = {"action": "connect", "eventType": "synchronous", "eventUrl": [run.ask(**run.state)]}
        if endpoint["type"] != "app":
            action["from"] = self._from(run)
        action["timeout"] = self.ring_seconds
        if self.longest != MOST_SECONDS:
            action["limit"] = self.longest
        return action | {"endpoint": [endpoint]}


def shown(target: Mapping[str, str]) -> str:
    """Name a target for people."""
    kind, to = target.get("type"), target.get("to", "")
    return numbers.shown(destinations.digits_of(to)) if kind == "phone" else f"“{to}”" if kind == "typed" else to


def refused(target: Mapping[str, str], facts: Facts) -> str:
    """Why a target may not be rung, with the cure; "" where it may."""
    kind, to = target.get("type"), target.get("to", "")
    if kind not in TYPES or not to.strip():
        return "One of those that it rings has no number. Write it, or remove the line."
    if kind == "phone":
        return facts.refuse_destination(to)
    if kind == "sip" and not SIP.fullmatch(to):
        return f"“{to}” is no SIP address. Write one such as sip:anna@example.com."
    return ""
