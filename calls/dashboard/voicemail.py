"""The inbox: messages that callers left, played, noted and put away; its live update, and the count in the header."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import DateTimeField
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from calls.dashboard.away import tells_when_away
from calls.dashboard.paging import page_of
from calls.dashboard.recordings import Sound, sound_of
from calls.dashboard.rows import Party, called, caller
from calls.dashboard.watching import figure, number_in, watch
from calls.models import Call, User, Voicemail, VoicemailState
from calls.models.voicemail import INBOX, MOST_CHARACTERS, VoicemailQuerySet
from calls.records.names import Known, known_of
from calls.templatetags.calls_format import day_name, day_word, time_there

PAGE_SIZE = 25
OVERLAP = timedelta(seconds=10)  # what was changed is looked at again for so long: changes commit out of order
READ_ANEW = 205
BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class View:
    """What of the inbox is asked for: `?state=`."""

    key: str
    name: str
    states: tuple[str, ...]
    nothing: str

    @property
    def query(self) -> str:
        return f"state={self.key}" if self.key else ""

    def among(self) -> VoicemailQuerySet:
        return Voicemail.objects.filter(state__in=self.states)


VIEWS = (
    View(
        "", "Inbox", tuple(INBOX), "Messages that callers leave at a voicemail step stand here until they are archived."
    ),
    View("new", "New", (VoicemailState.NEW,), "Every message has been heard."),
    View("heard", "Heard", (VoicemailState.HEARD,), "Messages that were heard and are not archived stand here."),
    View("archived", "Archived", (VoicemailState.ARCHIVED,), "What you archive stands here, and can be brought back."),
)


def view_of(key: str) -> View:
    """The view that an address names; the inbox where it names none."""
    return next((view for view in VIEWS if view.key == key), VIEWS[0])


@dataclass(frozen=True)
class Message:
    """A message as the inbox shows it."""

    row: Voicemail
    sound: Sound
    caller: Party
    called: Party
    fits: bool  # it belongs to what is asked for
    there: str  # its time by the clock of the number, where that shows another one
    here: bool  # it stays where it is shown until the page is read anew; else it was archived or brought back just now

    @property
    def call(self) -> Call | None:
        return self.row.call

    @property
    def at(self) -> datetime:
        return self.row.recording.event.occurred_at

    @property
    def day(self) -> datetime:
        return timezone.localtime(self.at)

    @property
    def day_word(self) -> str:
        """Today, Yesterday, 23 November; with the year where it is not this one. The whole date stands in the title."""
        day = self.day.date()
        return day_word(day).rstrip(", ") or day_name(day).partition(" ")[2]

    @property
    def changed(self) -> int:
        return micros(self.row.changed_at)

    @property
    def is_new(self) -> bool:
        return self.row.state == VoicemailState.NEW

    @property
    def is_archived(self) -> bool:
        return self.row.state == VoicemailState.ARCHIVED

    @property
    def back(self) -> str:
        """Whom to call back."""
        return self.call.from_number if self.call else ""


def messages_of(rows: Sequence[Voicemail], view: View = VIEWS[0]) -> list[Message]:
    """Tell these messages, which were read with `told()`. One query."""
    calls = [row.call for row in rows if row.call]
    parties = {party for call in calls for party in (call.from_number, call.to_number)}
    known = known_of(parties) if parties else Known({})
    return [_message(row, view, known) for row in rows]


def _message(row: Voicemail, view: View, known: Known) -> Message:
    named, zone = known.names, known.zones.get(row.call.our_number, "") if row.call else ""
    from_, to = (row.call.from_number, row.call.to_number) if row.call else ("", "")
    who = caller(from_, named)
    sound = sound_of(row.recording, f"the message from {who.shown}")
    archived = VoicemailState.ARCHIVED
    here = (row.state == archived) == (archived in view.states)
    there = time_there(row.recording.event.occurred_at, zone)
    return Message(row, sound, who, called(to, named), row.state in view.states, there, here)


@never_cache
@require_safe
@tells_when_away
@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """Messages, newest first. `?state=` is "new", "heard" or "archived"; `?undo=` one that was just put elsewhere."""
    view = view_of(request.GET.get("state", ""))
    page = page_of(view.among().told(), request.GET, size=PAGE_SIZE)
    context = {"tab": "voicemail", "view": view, "views": VIEWS, "page": page, "most": MOST_CHARACTERS}
    context |= {"rows": messages_of(page.rows, view), "put": _put(request.GET.get("undo", ""))}
    context |= {"here": _query(view, request.GET.get("before"), request.GET.get("after"))}
    now, zone = timezone.now(), timezone.get_current_timezone_name()
    context |= {"seen": micros(now), "now": now, "zone_name": zone}
    return render(request, "calls/voicemail.html", context)


@never_cache
@require_safe
def inbox_live(request: HttpRequest) -> HttpResponse:
    """Messages that were changed since `?seen=`, anew. 204 nothing, 205 more than a page can take, 401 logged out."""
    seen = number_in(request.GET.get("seen", ""), digits=16)
    changed = Voicemail.objects.filter(changed_at__gt=BEGIN + (seen or 0) * MICROSECOND - OVERLAP)
    looks = {"count": figure("COUNT", changed), "newest": figure("MAX", changed, "changed_at", DateTimeField())}
    found = watch(request, **({} if seen is None else looks))
    if found is None:
        return HttpResponse(status=401)
    if seen is None:
        return HttpResponse(status=READ_ANEW)
    mark = f"{found['count']}-{micros(found['newest']) if found['newest'] else 0}"
    if not found["count"] or mark == request.GET.get("mark"):
        return HttpResponse(status=204)
    if found["count"] > PAGE_SIZE:
        return HttpResponse(status=READ_ANEW)
    view = view_of(request.GET.get("state", ""))
    rows = messages_of(list(changed.newest_first().told()), view)
    context = {"rows": rows, "mark": mark, "seen": micros(found["newest"]), "here": _query(view), "view": view}
    return render(request, "calls/voicemail_live.html", context | {"most": MOST_CHARACTERS})


@never_cache
@require_safe
def new_messages(request: HttpRequest) -> HttpResponse:
    """How many messages are new, for the header of a page that stays open. 401 logged out."""
    new = Voicemail.objects.filter(pk__in=Voicemail.objects.counted().values("pk"))
    found = watch(request, new=figure("COUNT", new))
    return HttpResponse(status=401) if found is None else JsonResponse({"new": found["new"]})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead to a message where it is now; or do with it what `does` says: hear, unhear, archive, back, note."""
    row = get_object_or_404(Voicemail.objects.told(), pk=pk)
    if request.method != "POST":
        view = next(view for view in (VIEWS[0], VIEWS[3]) if row.state in view.states)
        return redirect(f"{reverse('voicemail')}?{_query(view, before=str(pk + 1))}#message-{pk}")
    here = _here(request.POST.get("here", ""))
    if not do(row, request.POST.dict(), request.user if isinstance(request.user, User) else None):
        return HttpResponse("A message can be heard, archived, brought back, or noted.", status=400)
    if request.POST.get("fragment"):
        view = view_of(dict(here).get("state", ""))
        (told,) = messages_of([Voicemail.objects.told().get(pk=pk)], view)
        context = {"rows": [told], "here": urlencode(here), "view": view, "mark": "", "seen": ""}
        return render(request, "calls/voicemail_live.html", context | {"most": MOST_CHARACTERS})
    if request.POST.get("does") in {"archive", "back"} and not request.POST.get("undo"):
        here = [*here, ("undo", str(pk))]
    return redirect(f"{reverse('voicemail')}?{urlencode(here)}".rstrip("?") + f"#message-{pk}")


def do(row: Voicemail, given: dict[str, str], by: User | None) -> bool:
    """Act on a message. False where it is not known how."""
    match given.get("does"):
        case "hear":
            row.hear(by)
        case "unhear":
            row.unhear()
        case "archive":
            row.archive(by)
        case "back":
            row.bring_back()
        case "note":
            row.write_note(given.get("note", ""))
        case _:
            return False
    return True


def _query(view: View, before: str | None = None, after: str | None = None) -> str:
    given = {"state": view.key, "before": before, "after": after}
    return urlencode({name: value for name, value in given.items() if value})


def _here(query: str) -> list[tuple[str, str]]:
    """The page of the inbox that an action was asked for on, out of its own address and of nothing else."""
    given = dict(parse_qsl(query[:200]))
    return [(name, given[name]) for name in ("state", "before", "after") if given.get(name)]


def _put(pk: str) -> Message | None:
    """The message that was just archived or brought back, as long as that can be undone."""
    if not (pk.isascii() and pk.isdigit() and len(pk) <= 18):
        return None
    rows = Voicemail.objects.told().filter(pk=int(pk))
    return next(iter(messages_of(list(rows))), None)


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - BEGIN) // MICROSECOND
