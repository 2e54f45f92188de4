"""The page that staff keep open: what needs them, which numbers are open, who waits for a call, the day so far."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from calls.control import hours as control
from calls.dashboard.away import tells_when_away
from calls.dashboard.rows import rows_of
from calls.dashboard.standing import MOST_NUMBERS, standings
from calls.dashboard.voicemail import messages_of
from calls.dashboard.warnings import warnings_for
from calls.flows.hours_words import when
from calls.models import Call, OpeningHours, Outcome, OverrideState, PhoneNumber, User, Voicemail
from calls.records import tallies
from calls.records.figures import Sums
from calls.records.filters import CallFilters
from calls.records.quarters import DAY, HOUR, first_of, quarter_of
from calls.records.several import several
from calls.records.stats import Period, Which, sums_by_step
from calls.records.tallies import between
from calls.vonage.events import SANE_YEARS

SHOWN = 5  # missed calls, new messages
MOST_COUNTED = 99
WIDTH, HEIGHT = 17, 60  # of the hours' chart: px of an hour, of its bars


@dataclass(frozen=True)
class HourBar:
    """An hour of today: its calls, and those of the same hour a week ago; heights in px."""

    hour: int
    calls: int
    before: int
    x: int
    y: float
    height: float
    y_before: float
    is_now: bool


@dataclass(frozen=True)
class Today:
    """The figures of today's calls to us, beside those of the same weekday a week ago up to this time."""

    sums: Sums
    before: Sums
    bars: list[HourBar]

    @property
    def more(self) -> int:
        return self.sums.calls - self.before.calls

    @property
    def fewer(self) -> int:
        return -self.more

    @property
    def picked_up(self) -> str:
        return "–" if self.sums.answer_rate is None else f"{self.sums.answer_rate:.0%}".replace("%", " %")

    @property
    def in_words(self) -> str:
        """What the chart shows, for who does not see it."""
        most = max(self.bars, key=lambda bar: bar.calls, default=None)
        if most is None or not most.calls:
            return "Calls by hour today: none yet."
        return f"Calls by hour today: most, {most.calls:,}, between {most.hour:02d}:00 and {most.hour + 1:02d}:00."


@never_cache
@require_safe
@tells_when_away
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The whole page. Its script asks for it again and again, and takes the parts that changed."""
    now = timezone.now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    asked = CallFilters(show=("missed",), days="today")
    missed = asked.narrow(Call.objects.exclude(direction="outbound"))
    waiting, handled = missed.filter(handled_at=None), missed.exclude(handled_at=None)
    counts = several(
        {
            "on_line": ("COUNT(*)", Call.objects.filter(outcome=Outcome.IN_PROGRESS)),
            "waiting": ("COUNT(*)", waiting.order_by()[: MOST_COUNTED + 1]),
            "handled": ("COUNT(*)", handled.order_by()[: MOST_COUNTED + 1]),
            "numbers": ("COUNT(*)", PhoneNumber.objects.order_by()),
            "new_messages": ("COUNT(*)", Voicemail.objects.counted()),
            "oldest": ("MIN(id)", Voicemail.objects.new().order_by("pk")[:1]),
        }
    )
    new = list(Voicemail.objects.new().newest_first().told()[:SHOWN])
    person = request.user if isinstance(request.user, User) else User()
    zone = timezone.get_current_timezone_name()
    context: dict[str, Any] = {"tab": "home", "now": now, "zone_name": zone, "counts": counts}
    context |= {"new_messages": counts["new_messages"]}
    context |= {"warned": warnings_for(person, now), "standings": standings(now, zone)}
    context |= {"may_override": may_override(person), "more_numbers": max(0, counts["numbers"] - MOST_NUMBERS)}
    shown = list(waiting.latest_first()[:SHOWN])
    shown += handled.latest_first()[: SHOWN - len(shown)]
    context |= {"missed": rows_of(shown, now=now)[0], "most": MOST_COUNTED}
    context |= {"missed_count": counts["waiting"] + counts["handled"], "missed_query": asked.query}
    context |= {"waiting_query": asked.toggled("unhandled").query}
    context |= {"new": messages_of(new), "oldest": _waited(counts["oldest"], now)}
    context |= {"today": today(now, midnight)}
    return render(request, "calls/home.html", context)


def may_override(person: User) -> bool:
    return person.has_perm("calls.add_override")


def _waited(oldest: int | None, now: datetime) -> timedelta | None:
    """How long the oldest new message waits."""
    rows = Voicemail.objects.filter(pk=oldest or 0)
    row = rows.values_list("recording__event__occurred_at", flat=True).first()
    return max(now - row, timedelta()) if row else None


def today(now: datetime, midnight: datetime) -> Today:
    """Read today's figures and those of a week ago. Two queries."""
    zone = timezone.get_current_timezone()
    week_ago = (midnight - timedelta(days=7)).date()
    begin, begin_before = first_of(midnight.date(), zone), first_of(week_ago, zone)
    steps, steps_before = _by_hour(midnight.date(), zone), _by_hour(week_ago, zone)
    hour = timezone.localtime(now).hour
    until_now = Which().rows(between([begin_before, begin_before + quarter_of(now) - begin]))
    most = max([1, *(one.calls for one in steps.values()), *(one.calls for one in steps_before.values())])
    bars = [_bar(one, steps.get(one), steps_before.get(one), most, one == hour) for one in range(24)]
    return Today(sum(steps.values(), Sums()), tallies.total(until_now.filter(outbound=False)), bars)


def _by_hour(day: date, zone: tzinfo) -> dict[int, Sums]:
    found = sums_by_step(Period(day, day, zone), Which())
    return {step % (DAY // HOUR): sums for (step, outbound), sums in found.items() if not outbound}


def _bar(hour: int, sums: Sums | None, before: Sums | None, most: int, is_now: bool) -> HourBar:
    calls, earlier = (sums.calls if sums else 0), (before.calls if before else 0)
    height = round(calls / most * HEIGHT, 1)
    return HourBar(
        hour, calls, earlier, hour * WIDTH, HEIGHT - height, height, HEIGHT - earlier / most * HEIGHT, is_now
    )


@require_POST
@login_required
def override(request: HttpRequest, pk: int) -> HttpResponse:
    """Open or closed for a while, or by the hours again; then back to the page."""
    hours = get_object_or_404(OpeningHours, pk=pk)
    person = request.user if isinstance(request.user, User) else User()
    if not may_override(person):
        raise PermissionDenied
    does = request.POST.get("set", "")
    try:
        if does == "hours":
            ended = control.end_override(hours)
            messages.success(
                request, f"{hours.name}: by the hours again." if ended else f"{hours.name} goes by the hours."
            )
        else:
            made = control.override(hours, does, _moment(request.POST.get("until", "")), person)
            until = when(made.until_at, timezone.now(), hours.zone)
            word = "open" if does == OverrideState.OPEN else "closed"
            messages.success(request, f"{hours.name}: {word} until {until}, then by the hours again.")
    except ValidationError as error:
        messages.error(request, f"{hours.name}: nothing was changed. {' '.join(error.messages)}")
    return redirect(f"{reverse('home')}#numbers")


def _moment(text: str) -> datetime:
    """Read a time of the page's choice. Raises ValidationError."""
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None and moment.year in SANE_YEARS:
            return moment
    raise ValidationError("Choose until when.")
