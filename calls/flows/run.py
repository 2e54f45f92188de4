"""One answer in the making: what a step needs in order to play, and what it adds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from calls.flows import hours, standard, times, tokens, words
from calls.flows.callers import Caller, Callers
from calls.flows.hours import Schedule
from calls.flows.program import Program, Target
from calls.flows.tokens import Place
from calls.vonage import ncco
from calls.vonage.events import Payload, text_of
from calls.vonage.ncco import Ncco

Step = Mapping[str, Any]  # of a program
ENGLISH: dict[str, Any] = {"language": "en-GB", "style": 0}  # a voice for what is known in English alone


@dataclass(frozen=True)
class Number:
    """A number of ours, as answers know it."""

    msisdn: str
    flow: int | None = None
    label: str = ""
    time_zone: str = ""


class World(Protocol):
    """All that a flow may ask about, in memory."""

    def number(self, msisdn: str) -> Number | None: ...
    def program(self, version: int) -> Program | None: ...
    def schedule(self, hours: int) -> Schedule: ...
    @property
    def callers(self) -> Callers: ...
    def live(self, flow: int, moment: datetime) -> int | None:
        """The version of the flow that is live then; None: nothing was published."""


@dataclass(frozen=True)
class Heard:
    """What the platform says of a caller who was asked something, or of a telephone that was rung.

    `digits` is None where no key was pressed; `spoken` holds what was understood, the likeliest first.
    """

    kind: str  # as an event has it: "input", "status", "notify", …
    status: str = ""
    digits: str | None = None
    spoken: tuple[str, ...] = ()
    leg: str = ""
    detail: str = ""  # why a telephone was not reached

    @classmethod
    def of(cls, payload: Payload, kind: str, status: str = "") -> "Heard":
        """Read an event. In 2018 `dtmf` was the digits themselves."""
        dtmf, speech = payload.get("dtmf"), payload.get("speech")
        digits = text_of(dtmf.get("digits") if isinstance(dtmf, dict) else dtmf)
        results = speech.get("results") if isinstance(speech, dict) else None
        spoken = [text_of(one.get("text")) for one in results or [] if isinstance(one, dict)] if results else []
        leg, detail = text_of(payload.get("uuid")), text_of(payload.get("detail"))
        return cls(kind, status.lower(), digits or None, tuple(text for text in spoken if text), leg, detail.lower())

    @property
    def nothing(self) -> bool:
        return self.digits is None and not self.spoken


@dataclass(frozen=True)
class Order:
    """What the platform is to do beside what a reply says: let a telephone go, and move the caller on to an NCCO."""

    let_go: str  # the leg of the telephone
    move: str  # the caller's own leg


@dataclass
class Run:
    """A walk through a program. Steps add to `actions`; `path` notes which steps there were."""

    world: World
    number: Number
    caller: Caller
    moment: datetime
    version: int = 0
    program: Program = field(default_factory=dict)
    visits: int = 0
    actions: Ncco = field(default_factory=list)
    path: list[dict[str, Any]] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)  # what the step gave along when it asked
    begins: list[tuple[int, int, int]] = field(default_factory=list)  # of each step: its place in both, its version
    problem: str = ""
    here: str = ""  # the id of the step that plays
    hours: int | None = None  # the opening hours that were asked last
    kept: dict[str, str] = field(default_factory=dict)  # what the caller keyed in, by its name
    leg: str = ""  # the caller's own
    questions: set[str] = field(default_factory=set)  # the addresses at which we wait to be asked
    order: Order | None = None  # to be given to the platform beside the reply

    def voice(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The voice of a step's settings; of its flow where it has none of its own."""
        own = settings if settings.get("language") else self.program.get("voice") or {}
        return {
            "language": own.get("language") or "en-AU",
            "style": own.get("style") or 0,
            "premium": bool(own.get("premium")),
        }

    def say(self, text: str, settings: Mapping[str, Any], *, barge_in: bool = False, **options: Any) -> None:
        """Add a `talk` in the step's voice, unless there is nothing to say."""
        voice = self.voice(settings)
        text = self.words(text, voice["language"])
        if text.strip():
            self.actions.append(ncco.talk(text, **voice, barge_in=barge_in, **options))

    def say_ours(self, english: str, settings: Mapping[str, Any], *, barge_in: bool = False) -> None:
        """Add a sentence of ours in the language of the step's voice; in English where it is not known in that."""
        text = standard.spoken(english, self.voice(settings)["language"])
        self.say(text or english, settings if text else ENGLISH, barge_in=barge_in)

    def words(self, text: str, language: str) -> str:
        """Fill what may stand in braces, as a voice of that language says it."""
        known = words.names_in(text) if "{" in text else set()
        if not known:
            return text
        return words.fill(text, self._values(known, language))

    def plain(self, text: str) -> str:
        """Fill what may stand in braces, for programs: a number stays its digits."""
        return words.insert(text, self._values(words.names_in(text), ENGLISH["language"]))

    def _values(self, wanted: set[str], language: str) -> dict[str, str]:
        values = self.caller.values() | {"number.label": self.number.label or self.number.msisdn}
        return values | self._hours(language) if wanted & words.OF_HOURS else values

    def _hours(self, language: str) -> dict[str, str]:
        """When it opens and closes, by the opening hours that were asked last, or else the first of the flow."""
        steps = self.program.get("steps", {}).values()
        first = next((step["settings"].get("hours") for step in steps if step["kind"] == "hours"), None)
        asked = self.hours or first
        if not asked:
            return {}
        schedule = self.world.schedule(asked)
        now = hours.state(schedule, self.moment)
        ahead = {"hours.next_open": now.next_open, "hours.closes": now.closes}
        return {
            name: times.in_words(time, self.moment, schedule.zone, language)
            for name, time in ahead.items()
            if time is not None
        }

    def ask(self, **state: Any) -> str:
        """The address at which the platform asks this step again, and gives `state` along."""
        return tokens.url_of(self.place(**state))

    def listen(self, *, keys: Mapping[str, Any], speech: Mapping[str, Any] | None = None, **state: Any) -> None:
        """Add an `input`, whose answer comes to this step with `state`."""
        url = self.ask(**state)
        self.questions.add(url)
        action = {"action": "input", "type": ["dtmf"], "eventUrl": [url], "dtmf": dict(keys)}
        self.actions.append(action | ({"type": ["dtmf", "speech"], "speech": dict(speech)} if speech else {}))

    def note(self, **what: str) -> None:
        """Note what a caller chose, for those who read the call."""
        step = self.program["steps"][self.here]
        self.path.append({"step": self.here, "kind": step["kind"], "name": step.get("name", ""), **what})

    def place(self, **state: Any) -> Place:
        caller, visits = self.caller.number, self.visits
        return Place(
            self.version, self.here, self.number.msisdn, caller, visits, state, self.kept, self.hours, self.leg
        )

    def target(self, step: Step, on: str) -> Target:
        """Where the step leads in this case: its branch, or the next step."""
        found: Target = step.get("on", {}).get(on) or step["next"]
        return found
