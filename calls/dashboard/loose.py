"""Events that belong to no call, as their page shows them."""

from dataclasses import dataclass
from functools import cached_property

from calls.dashboard.event_rows import Request, request_of
from calls.models import CallEvent
from calls.records.cast import Cast
from calls.records.words import Words, in_words
from calls.templatetags.calls_format import pretty_json
from calls.vonage import numbers
from calls.vonage.events import text_of

MOST_SHOWN = 20_000  # characters of one payload on a page of many
NOBODY = Cast(legs=[], labels={})


@dataclass(frozen=True)
class LooseEvent:
    """An event without a call, with as much of its payload as the page can hold."""

    event: CallEvent

    @cached_property
    def words(self) -> Words:
        return in_words(self.event, NOBODY)

    @property
    def parties(self) -> str:
        """Who it names: "+44 7700 900123 to +44 20 7946 0010", or one of them; "" for nobody."""
        payload = self.event.payload if isinstance(self.event.payload, dict) else {}
        caller, called = (text_of(payload.get(side)) for side in ("from", "to"))
        if not called:
            return f"from {numbers.shown(caller)}" if caller else ""
        return f"{numbers.shown(caller)} to {numbers.shown_called(called)}"

    @property
    def answered(self) -> bool:
        """It asked us something, and what we answered is kept with it."""
        return isinstance(self.event.payload, dict) and "reply" in self.event.payload

    @property
    def request(self) -> Request | None:
        """The head of the request, where it was kept."""
        found = request_of(self.event)
        return found if found and found.kept else None

    @property
    def payload(self) -> str:
        return self._text[:MOST_SHOWN]

    @property
    def left_out(self) -> int:
        """How many characters of the payload are not shown."""
        return max(len(self._text) - MOST_SHOWN, 0)

    @cached_property
    def _text(self) -> str:
        return pretty_json(self.event.payload)
