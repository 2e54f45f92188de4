"""Opening hours as they are to be: the week, the closures, what is set for a while."""

from collections import defaultdict
from typing import Any

from django.core.exceptions import ValidationError as Invalid
from rest_framework import serializers

from calls.api.rows import Order, WholeRow
from calls.control.hours import MOST_CHARACTERS, message_problems
from calls.control.week import day_of, save_hours
from calls.flows.hours_words import Spans
from calls.models import Closure, OpeningHours, OverrideState, User
from calls.models.hours import DAYS

MOST_LETTERS = 20  # of a time


class SpanOrderSerializer(WholeRow):
    """Open from when to when. Over midnight these are two: until 24:00, and from 00:00 on the next day."""

    weekday = serializers.ChoiceField(DAYS)
    opens = serializers.CharField(max_length=MOST_LETTERS, help_text="Such as 09:00.")
    closes = serializers.CharField(max_length=MOST_LETTERS, help_text="Such as 17:30; midnight is 24:00.")


class ClosureOrderSerializer(WholeRow):
    """Whole days on which it is closed."""

    name = serializers.CharField(max_length=60, help_text="For people here: Christmas.")
    first_day = serializers.DateField()
    last_day = serializers.DateField(required=False, help_text="Without it: the first day alone.")
    yearly = serializers.BooleanField(required=False, help_text="On these days of each later year, too.")
    message = serializers.CharField(
        required=False, allow_blank=True, max_length=MOST_CHARACTERS, help_text="What callers hear first."
    )

    def validate_message(self, message: str) -> str:
        if reasons := message_problems(message):
            raise serializers.ValidationError(reasons)
        return message

    def validate(self, attrs: dict[str, Any]) -> Any:
        """Give the closure as a row that is not saved."""
        closure = Closure(**{"last_day": attrs["first_day"], **attrs})
        closure.full_clean(exclude=["hours"])
        return closure


class HoursOrderSerializer(Order):
    """Opening hours as they are to be. Lists that are given take the place of those there are."""

    name = serializers.CharField(max_length=60, help_text="What people here call it: Shop, Workshop.")
    time_zone = serializers.CharField(
        max_length=64, required=False, help_text="Whose times they are. Without it, new ones have Europe/London."
    )
    week = SpanOrderSerializer(many=True, required=False)
    closures = ClosureOrderSerializer(many=True, required=False)

    def validate_week(self, spans: list[dict[str, str]]) -> dict[str, Spans]:
        pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for span in spans:
            pairs[span["weekday"]].append((span["opens"], span["closes"]))
        week, wrong = {}, []
        for day, times in pairs.items():
            try:
                week[day] = day_of(times)
            except Invalid as error:
                wrong += [f"{day.capitalize()}: {reason}" for reason in error.messages]
        if wrong:
            raise serializers.ValidationError(wrong)
        return week

    def save_to(self, row: OpeningHours, by: User) -> None:
        given = dict(self.validated_data)
        week, closures = given.pop("week", None), given.pop("closures", None)
        for name, value in given.items():
            setattr(row, name, value)
        save_hours(row, by, week=week, closures=closures)


class NewHoursSerializer(HoursOrderSerializer):
    """New opening hours."""

    week = SpanOrderSerializer(many=True)


class OverrideOrderSerializer(serializers.Serializer[Any]):
    """Open or closed until a time. Times without an offset are those of the hours' own zone."""

    state = serializers.ChoiceField(OverrideState.choices)
    until = serializers.DateTimeField()
    since = serializers.DateTimeField(required=False, help_text="Without it: from now on.")
    message = serializers.CharField(
        required=False, allow_blank=True, max_length=MOST_CHARACTERS, help_text="What callers hear first."
    )
