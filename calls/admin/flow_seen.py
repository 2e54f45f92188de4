"""What stands beside a flow's steps so that it can be seen: its picture, the same in sentences, who would answer, what
changes in the days ahead. It asks and changes nothing: all that is asked stands in the page's address.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from calls.admin.flow_ask import PREFIX, AskForm
from calls.admin.flow_page import ICONS
from calls.flows.diff import Change
from calls.flows.layout import draw
from calls.flows.naming import Known
from calls.flows.outlook import DAYS, outlook
from calls.flows.picture import Lit, Mark
from calls.flows.program import Program
from calls.flows.reading import Reading, known_of, number_for, zone_of
from calls.flows.run import Number, World
from calls.flows.sentences import sentences
from calls.flows.telling import Sound, headline, sounds, tell
from calls.flows.whatif import DRAFT, Asked, Outcome, WithDraft, ask, first_heard, lit_of, until_question
from calls.models import CallFlow, Contact, FlowVersion, PhoneNumber
from calls.models.sounds import FOLDER
from calls.templatetags.calls_format import pretty_json
from calls.vonage import numbers
from calls.vonage.ncco import Ncco

MOST_NUMBERS, MOST_CONTACTS = 50, 200


def seen_context(
    request: HttpRequest, flow: CallFlow, program: Program, changes: Iterable[Change] = ()
) -> dict[str, Any]:
    """Give what the boxes take: `program` is the draft's, `changes` is what callers will notice of it.

    Some twenty queries, and one walk through the flow for each change ahead: see outlook.
    """
    now = timezone.now()
    rows = list(PhoneNumber.objects.filter(flow=flow)[:MOST_NUMBERS])
    live, zone = flow.live_version(now), zone_of(rows, program)
    may_name = request.user.has_perm("calls.view_contact")
    data = request.GET if any(name.startswith(f"{PREFIX}-") for name in request.GET) else None
    form = AskForm(rows, now.astimezone(zone), data, has_live=live is not None, may_name=may_name)
    with timezone.override(zone):
        is_asked = data is not None and form.is_valid()
    shown = None  # the picture is of what staff edit, unless what is live was asked
    if is_asked and live and form.cleaned_data["by"] == "live":
        shown = _live_at(flow, form.cleaned_data["at"])
    version = live if data is None else shown
    marks = {} if shown else marks_of(changes)
    context: dict[str, Any] = {
        "ask_form": form,
        "ask_zone": zone.key.rpartition("/")[2].replace("_", " "),
        "ask_contacts": _contacts() if may_name else [],
        "ahead": _ahead(flow, program, version, form.row, zone, now),
        "asked": None,
    }
    lit, outcome = Lit(), None
    if is_asked:
        lit, outcome, context["asked"] = _asked(flow, program, shown, form, zone)
    said = (
        [one for answer in outcome.answers for one in until_question(answer)] if outcome else heard_first(flow, program)
    )
    context["sounds"] = [own(one) for one in sounds(said)]
    pictured = shown.program if shown else program
    return context | picture_context(pictured, known_of(pictured), program, lit, marks)


def picture_context(
    program: Program,
    known: Known,
    draft: Program | None = None,
    lit: Lit | None = None,
    marks: Mapping[str, Mark] | None = None,
) -> dict[str, Any]:
    """The picture with its links, and its sentences. Steps that the draft has too lead to their line on the page."""
    drawn = draw(program, flows=known.flows, lit=lit, marks=marks)
    here = (draft or {}).get("steps") or {}
    return {
        "drawn": drawn,
        "nodes": [
            (node, ICONS.get(node.kind, "flow"), f"#step-{node.step}" if node.step in here else "")
            for node in drawn.nodes
        ],
        "flow_links": [(one, _page_of(one.flow) if one.flow in known.flows else "") for one in drawn.flows],
        "told_steps": sentences(program, known),
    }


def marks_of(changes: Iterable[Change]) -> dict[str, Mark]:
    """What became of steps, for the picture."""
    sorts: dict[str, Mark] = {"new": "new", "changed": "changed", "moved": "changed"}
    return {change.step: sorts[change.sort] for change in changes if change.sort in sorts}


def heard_first(flow: CallFlow, program: Program) -> Ncco:
    """What a stranger hears now of a flow's program, up to the first question."""
    now = timezone.now()
    number = number_for(flow, PhoneNumber.objects.filter(flow=flow).first())
    return until_question(first_heard(WithDraft(Reading(now), flow.pk, program, number), number, now).ncco)


def own(sound: Sound) -> Sound:
    """With its address as the browser has it here, where it is a file of ours: nothing is fetched from elsewhere."""
    ours = f"{settings.BASE_URL}/{FOLDER}/"
    return replace(sound, url=f"/{FOLDER}/{sound.url.removeprefix(ours)}" if sound.url.startswith(ours) else "")


def _live_at(flow: CallFlow, moment: datetime) -> FlowVersion | None:
    found = Reading(moment).live(flow.pk, moment)
    return FlowVersion.objects.filter(pk=found).first() if found else None


def _asked(
    flow: CallFlow, program: Program, version: FlowVersion | None, form: AskForm, zone: ZoneInfo
) -> tuple[Lit, Outcome, dict[str, Any]]:
    """Ask the engine, and tell what it says."""
    given = form.cleaned_data
    number = number_for(flow, form.row)
    reading = Reading(given["at"], given["caller"])
    world = _world(reading, flow, program, version, number)
    outcome = ask(world, Asked(number, given["caller"], given["at"], given["keys"], given["phones"] or "unanswered"))
    here = version.pk if version else DRAFT
    lit = lit_of(outcome, version.program if version else program, here)
    return (
        lit,
        outcome,
        {
            "headline": headline(outcome, zone, here),
            "told": tell(outcome, here),
            "answers": [pretty_json(without_tokens(answer)) for answer in outcome.answers],
            "by": f"v{version.number}" if version else "this draft",
            "elsewhere": bool(outcome.stops) and not lit.steps,
        },
    )


def _ahead(
    flow: CallFlow,
    program: Program,
    version: FlowVersion | None,
    row: PhoneNumber | None,
    zone: ZoneInfo,
    now: datetime,
) -> dict[str, Any]:
    number, reading = number_for(flow, row), Reading(now)
    found = outlook(reading, _world(reading, flow, program, version, number), number, now)
    new = [all(other.heard != one.heard for other in found.rows[:at]) for at, one in enumerate(found.rows)]
    return {
        "rows": [
            (one, one.moment.astimezone(zone).replace(tzinfo=None), is_new)  # templates leave a naive time as it is
            for one, is_new in zip(found.rows, new, strict=True)
        ],
        "more": found.more,
        "days": DAYS,
        "by_draft": version is None,
    }


def _world(reading: Reading, flow: CallFlow, program: Program, version: FlowVersion | None, number: Number) -> World:
    return reading if version else WithDraft(reading, flow.pk, program, number)


def without_tokens(ncco: Ncco) -> Ncco:
    """The same, with what is signed left out: it is long, and says nothing to people."""
    start = f"{settings.BASE_URL}/"

    def short(url: str) -> str:
        return f"{url.rpartition('/')[0]}/…" if url.startswith((f"{start}event/", f"{start}answer/")) else url

    return [
        {
            name: [short(str(url)) for url in value] if name == "eventUrl" and isinstance(value, list) else value
            for name, value in action.items()
        }
        for action in ncco
    ]


def _contacts() -> list[tuple[str, str]]:
    """Names with a number, for the list below the field."""
    rows = Contact.objects.order_by("name").prefetch_related("numbers")[:MOST_CONTACTS]
    return [(row.name, numbers.shown(next((one.party for one in row.numbers.all()), ""))) for row in rows]


def _page_of(flow: int) -> str:
    return reverse("admin:calls_callflow_change", args=[flow])
