"""What needs somebody: each with why it matters, what to do, and where. Nothing when all is well."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone

from calls.flows.hours import in_words
from calls.models import (
    Call,
    CallEvent,
    Chore,
    Heartbeat,
    Kind,
    PhoneNumber,
    Publication,
    Recording,
    RecordingState,
    Refusal,
    User,
    Voicemail,
)
from calls.models.recordings import NO_SOUND
from calls.records import spool
from calls.vonage import numbers

DAY = timedelta(days=1)
ALIVE = timedelta(minutes=2)  # since the heartbeat of a worker that lives
MOST_ANSWERS = 1_000  # the newest, that are looked through for those that failed
MOST_FAILED = 500  # recordings that are looked at: no index tells when an event was received
MOST_NAMED, MOST_COUNTED = 3, 99
OFTEN = 3  # failures in a row, before a chore is told of


@dataclass(frozen=True)
class Warned:
    """A note. `tone` is "bad" where callers or records suffer, "warn" where something is odd, "" for news."""

    tone: str
    title: str
    text: str
    url: str = ""
    link: str = ""
    code: str = ""  # a command that helps


def warnings_for(person: User, now: datetime) -> list[Warned]:
    """All that there is, what callers suffer from first. Eight queries. Links lead only to where they may go."""
    found = [*_numbers(person), *_answers(now), *_refusals(person, now), *_spool()]
    found += [*_worker(now), *_recordings(now), *_mails(), *_planned(person, now)]
    order = {"bad": 0, "warn": 1, "": 2}
    return sorted(found, key=lambda one: order[one.tone])


def _admin(person: User, page: str, permission: str, *args: object) -> str:
    """The address of an admin page, "" for those who may not open it."""
    return reverse(f"admin:{page}", args=args) if person.is_staff and person.has_perm(f"calls.{permission}") else ""


def _numbers(person: User) -> Iterator[Warned]:
    """Numbers whose callers hear nothing of a flow."""
    silent = list(PhoneNumber.objects.silent().values_list("pk", "msisdn", "label", "flow")[: MOST_COUNTED + 1])
    for without, title, said in (
        (True, "no flow", "Callers hear “This number is not in service.” Choose what they hear."),
        (False, "nothing published", "Callers hear that something is wrong. Publish the flow."),
    ):
        rows = [row for row in silent if (row[3] is None) == without]
        if not rows:
            continue
        names = [
            f"{label}, {numbers.shown(msisdn)}" if label else numbers.shown(msisdn) for _, msisdn, label, _ in rows
        ]
        many = len(rows) > 1
        page = "calls_phonenumber_changelist" if many else "calls_phonenumber_change"
        url = _admin(person, page, "view_phonenumber", *([] if many else [rows[0][0]]))
        which = f"{_count(len(rows))} numbers have {title}" if many else f"{names[0]} has {title}"
        more = f"{', '.join(names[:MOST_NAMED])}{' and others' if len(names) > MOST_NAMED else ''}. " if many else ""
        yield Warned("bad", which, more + said, url, "See the numbers" if many else "Choose a flow")


def _answers(now: datetime) -> Iterator[Warned]:
    """Answers that could not be given as they were meant, of the newest in 24 hours."""
    kinds = [Kind.ANSWER, Kind.FALLBACK, Kind.INPUT]
    calls = Call.objects.filter(started_at__gte=now - DAY).latest_first().values("pk")[:MOST_ANSWERS]
    answers = CallEvent.objects.filter(kind__in=kinds)
    recent = (answers.filter(call__in=calls), answers.without_call().filter(received_at__gte=now - DAY))
    columns = ("received_at", "call_id", "door", "payload__reason", "payload__reply__problem")
    told, loose = (rows.values_list(*columns) for rows in recent)
    rows = list(told.union(loose, all=True).order_by("-received_at"))
    yield from _fallbacks([(at, call, reason) for at, call, door, reason, _ in rows if door == "fallback"])
    failed = [(at, call, problem) for at, call, _, _, problem in rows if problem]
    if not failed:
        return
    at, call, problem = failed[0]
    many = len(failed) > 1
    title = (
        f"{_count(len(failed))} answers failed, the last at {_clock(at)}"
        if many
        else f"An answer failed, at {_clock(at)}"
    )
    text = f"{numbers.visible(str(problem))[:300]}. The caller heard a sentence in its place."
    url = reverse("call", args=[call]) if call else reverse("loose-events")
    yield Warned("bad", title, text[:1].upper() + text[1:], url, "See the call" if call else "See the event")


def _fallbacks(asked: Sequence[tuple[datetime, int | None, Any]]) -> Iterator[Warned]:
    """Requests to the fallback URL: Vonage had no answer of ours, or not in time."""
    if not asked:
        return
    at, call, reason = asked[0]
    many = f"{_count(len(asked))} times" if len(asked) > 1 else "once"
    said = f"It says: {numbers.visible(str(reason))[:300].rstrip('.')}. " if reason else ""
    text = (
        f"It had no answer of ours in 5 s. {said}See whether {settings.BASE_URL} is reached from outside, and how "
        "long answers take; the fallback URL answered meanwhile."
    )
    url = reverse("call", args=[call]) if call else reverse("loose-events")
    title = f"Vonage asked the fallback URL {many} in the last 24 hours, at {_clock(at)} last"
    yield Warned("bad", title, text, url, "See the call" if call else "See the event")


def _refusals(person: User, now: datetime) -> Iterator[Warned]:
    """Webhooks that were refused: where they are Vonage's, what is known of calls has holes."""
    rows = Refusal.objects.filter(at__gte=now - DAY)
    newest = rows.first()
    if newest is None:
        return
    count = rows.count() + (rows.aggregate(others=Sum("others"))["others"] or 0)
    signature = newest.http_status in {401, 403}
    cause = (
        "If it came from Vonage, the signature secret was changed there: set VONAGE_SIGNATURE_SECRET to the new one. "
        "Until then callers are not answered by us, and timelines have holes. Else a stranger knocked: nothing to do."
        if signature
        else "Look at what was sent."
    )
    title = f"{count:,} request{'s were' if count > 1 else ' was'} refused in the last 24 hours"
    url = _admin(person, "calls_refusal_changelist", "view_refusal")
    text = f"The last one at {_clock(newest.at)}: {numbers.visible(newest.reason)}. {cause}"
    yield Warned("bad" if signature else "warn", title, text, url, "See what was refused")


def _spool() -> Iterator[Warned]:
    """What waits on this host's disk, and what the database refused."""
    depth = spool.depth()
    if depth.bad:
        one = depth.bad == 1
        title = f"{depth.bad:,} event{' was' if one else 's were'} set aside"
        text = (
            f"The database refused {'it' if one else 'them'} five times, so calls may lack something. "
            f"The log says why; once that is mended, to try again:"
        )
        yield Warned("bad", title, text, code="manage.py spool replay")
    if depth.files:
        one = depth.files == 1
        title = f"{depth.files:,} event{' waits' if one else 's wait'} on this host’s disk"
        it = "it" if one else "them"
        text = (
            f"The database did not take {it} in time. Nothing is lost: calls are complete once it does. "
            "Where that lasts, see whether the database is well; to store what waits now:"
        )
        yield Warned("warn", title, text, code="manage.py spool drain")


def _worker(now: datetime) -> Iterator[Warned]:
    """The worker fetches recordings, finds messages, sends mails: without it these stand still."""
    beat = Heartbeat.objects.order_by("-beat_at").values_list("beat_at", flat=True).first()
    if beat is None or beat < now - ALIVE:
        since = f" since {_clock(beat)}" if beat else ""
        text = (
            "Calls are answered and kept, but recordings are not fetched, no message comes in, no mail is sent. "
            "Start the worker:"
        )
        yield Warned("bad", f"The worker is not running{since}", text, code="manage.py worker")
        return
    for chore in Chore.objects.filter(failures__gte=OFTEN)[:MOST_NAMED]:
        text = (
            f"It failed {chore.failures:,} times in a row: {numbers.visible(chore.error).rstrip('.')}. "
            "It is tried again by itself; the worker’s log says more."
        )
        yield Warned("warn", f"The worker cannot do “{chore.name}”", text)


def _recordings(now: datetime) -> Iterator[Warned]:
    """Recordings of the last day that will not be fetched, but for those that never were."""
    newest = Recording.objects.filter(state=RecordingState.FAILED).order_by("-pk").values("pk")[:MOST_FAILED]
    failed = Recording.objects.filter(pk__in=newest, event__received_at__gte=now - DAY).exclude(problem=NO_SOUND)
    rows = list(failed.order_by("-pk").values_list("pk", "event__call", "problem")[: MOST_COUNTED + 1])
    if not rows:
        return
    pk, call, problem = rows[0]
    title = (
        "A recording could not be fetched" if len(rows) == 1 else f"{_count(len(rows))} recordings could not be fetched"
    )
    url = reverse("call", args=[call]) if call else ""
    text = f"{numbers.visible(problem)} Vonage keeps recordings for 30 days; to try again:"
    yield Warned("warn", title, text, url, "See the call", code=f"manage.py recordings fetch {pk}")


def _mails() -> Iterator[Warned]:
    """Mails that a mail server does not take."""
    waiting = Voicemail.objects.filter(mail_at__isnull=False).exclude(mail_problem="").order_by("mail_at")
    rows = list(waiting.values_list("mail_problem", flat=True)[: MOST_COUNTED + 1])
    if rows:
        title = "A mail about a message waits" if len(rows) == 1 else f"{_count(len(rows))} mails about messages wait"
        text = f"{numbers.visible(rows[0])} See whether EMAIL_URL is right; they are tried again by themselves."
        yield Warned("warn", title, text)


def _planned(person: User, now: datetime) -> Iterator[Warned]:
    """What goes live, or back, before tomorrow ends."""
    zone = timezone.get_current_timezone()
    ends = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) + 2 * DAY
    rows: Any = Publication.objects.filter(from_at__gt=now, from_at__lt=ends) | Publication.objects.filter(
        from_at__lte=now, until_at__gt=now, until_at__lt=ends
    )
    for one in rows.select_related("version", "flow", "by").order_by("from_at")[:MOST_NAMED]:
        begins = one.from_at > now
        at = in_words(one.from_at if begins else one.until_at, now, zone)
        until = f", and goes back {in_words(one.until_at, now, zone)}" if begins and one.until_at else ""
        by = f" Planned by {one.by.get_short_name() or one.by.get_username()}." if one.by else ""
        title = f"{one.flow.name}: v{one.version.number} {'goes live' if begins else 'goes back'} {at}{until}"
        url = _admin(person, "calls_callflow_change", "view_callflow", one.flow_id)
        url = url and f"{url}#planned-heading"
        note = f"{one.note.rstrip('.')}." if one.note else ""
        yield Warned("", title, f"{note}{by}".strip() or "As it was planned.", url, "See the plan")


def _clock(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local:%H:%M}" if local.date() == timezone.localdate() else f"{local.day} {local:%B, %H:%M}"


def _count(many: int) -> str:
    return f"Over {MOST_COUNTED}" if many > MOST_COUNTED else str(many)
