"""What every kind of step is made of: settings that staff fill in, what is wrong with them, what a caller meets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from types import UnionType
from typing import Any, ClassVar, Self, get_args, get_origin

from calls.flows.program import Target
from calls.flows.run import Heard, Run
from calls.flows.run import Step as Compiled
from calls.vonage.ncco.problems import shown as said

SHOWN_LENGTH = 60


@dataclass(frozen=True)
class SoundFile:
    """A sound file that steps may play. `path` is where Vonage fetches it, at BASE_URL."""

    name: str
    path: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What a draft is checked against. `branches` are those of the step at hand: name → words."""

    owns: Callable[[str], bool] = lambda msisdn: False
    number: str = ""  # one of the flow's, whose callers get it
    branches: Mapping[str, Sequence[str]] = field(default_factory=dict)
    voice: Mapping[str, Any] = field(default_factory=dict)  # of the flow
    hours: Mapping[int, str] = field(default_factory=dict)  # id → name of the opening hours there are
    asks_hours: bool = True  # a step of the flow does
    sounds: Mapping[int, SoundFile] = field(default_factory=dict)  # id → those that the steps play
    refuse_destination: Callable[[str], str] = lambda number: ""  # the reason why it may not be rung, or ""


NOTHING_KNOWN = Facts()


@dataclass(frozen=True)
class Kind:
    """Settings of one step. Subclasses add fields with defaults, all JSON-able: they are kept and exported as such."""

    ends: ClassVar[tuple[str, ...]] = ()  # words of branches that lead on from here, beside a menu's keys
    records: ClassVar[bool] = False
    is_last: ClassVar[bool] = False  # after it the call ends, unless its branch "next" leads on

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Take what is known of the settings. What another release put there, or does not fit, is left out."""
        fit = fitting(cls)
        return cls(**{name: value for name, value in settings.items() if name in fit and fit[name](value)})

    @classmethod
    def from_program(cls, settings: Mapping[str, Any]) -> Self:
        """Take those of a published program, which were looked at before: an answer waits for it."""
        known = cls.__dataclass_fields__
        return cls(**{name: value for name, value in settings.items() if name in known})

    @classmethod
    def misfits(cls, settings: Mapping[str, Any]) -> list[str]:
        """Say which settings are not of the kind that belongs there; other names are passed over."""
        fit = fitting(cls)
        wrong = [name for name, value in settings.items() if name in fit and not fit[name](value)]
        return [f"{name} is {said(settings[name])}, which does not belong there. Choose it anew." for name in wrong]

    def settings(self) -> dict[str, Any]:
        return dict(vars(self))

    @property
    def title(self) -> str:
        """What it does, short enough for a list."""
        raise NotImplementedError

    def problems(self, facts: Facts) -> list[str]:
        """What forbids to publish it, each with its reason and cure."""
        return []

    def warnings(self, facts: Facts) -> list[str]:
        """What may not be as it is meant."""
        return []

    def compiled(self, facts: Facts) -> dict[str, Any]:
        """The settings that go into the program: whatever the engine would have to look up is in them."""
        return self.settings()

    def play(self, step: Compiled, run: Run) -> Target | None:
        """Add the step's actions to `run`, and say where the caller goes on. None: the platform asks us first."""
        raise NotImplementedError

    def heard(self, step: Compiled, run: Run, heard: Heard) -> Target | None:
        """Say where the caller goes on after what was heard. None, and no action: the call goes on as it was."""
        return None

    def picked_up(self, step: Compiled, run: Run) -> None:
        """Add what a telephone that the step rang hears before it is put through."""


def beyond(value: float, low: float, high: float, words: str) -> list[str]:
    """Say that a number is out of its range: `words` with it in the place of {}, and the cure."""
    return [] if low <= value <= high else [f"{words.format(value)} Write a number in that range."]


def fitting(kind: type[Kind]) -> dict[str, Callable[[Any], bool]]:
    """For each setting of a kind, what may stand there."""
    return {one.name: partial(fits, one.type) for one in fields(kind)}


def fits(wanted: Any, value: Any) -> bool:
    """Whether a value that JSON can hold is of a field's type; of lists, each of its items."""
    if isinstance(wanted, UnionType):
        return any(fits(one, value) for one in get_args(wanted))
    if isinstance(value, bool) or wanted is bool:
        return isinstance(value, bool) and wanted is bool
    if wanted is float:
        return isinstance(value, int | float)
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin is list:
        return isinstance(value, list) and all(fits(inner[0], one) for one in value)
    if origin is dict:
        return isinstance(value, dict) and all(inner[1] is Any or fits(inner[1], one) for one in value.values())
    return isinstance(value, wanted)


def short(text: str) -> str:
    """One line of a text, in quotes, for a list."""
    line = " ".join(text.split())
    return f"“{line if len(line) <= SHOWN_LENGTH else line[: SHOWN_LENGTH - 1].rstrip() + '…'}”"
