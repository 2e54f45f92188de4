"""What the page of a flow shows: its steps in order, what callers will notice, what stands in the way, its versions."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone

from calls.flows.compile import Compiled, Finding, compile_draft
from calls.flows.diff import Change, differences
from calls.flows.naming import Known, summary
from calls.flows.program import Program
from calls.flows.reading import known_of
from calls.models import CallFlow, FlowVersion, Publication, Step
from calls.records.answered import served

ICONS = {
    "greeting": "notice",
    "audio": "audio",
    "menu": "keys",
    "voicemail": "message",
    "forward": "forward",
    "room": "room",
    "hours": "clock",
    "goto": "flow",
    "digits": "digits",
    "notify": "outside",
    "wait": "pause",
    "hangup": "hang-up",
    "ncco": "ncco",
}
SHOWN_VERSIONS = 8
MOST_TAGS = 2


@dataclass(frozen=True)
class Row:
    """A step in the list."""

    step: Step
    place: int
    icon: str
    summary: str
    tags: Sequence[str]
    errors: Sequence[str]
    url: str

    @property
    def name(self) -> str:
        return self.step.name or self.step.get_kind_display()


@dataclass(frozen=True)
class Warned:
    """A warning to accept: `key` names it in the form, and changes when its words do."""

    key: str
    finding: Finding


@dataclass(frozen=True)
class FlowPage:
    """A draft beside what is live."""

    flow: CallFlow
    compiled: Compiled
    program: Program  # of the draft, as it would be kept
    rows: Sequence[Row]
    live: Publication | None
    newest: FlowVersion | None
    changes: Sequence[Change]
    warned: Sequence[Warned]
    planned: Sequence[Publication]
    versions: Sequence[FlowVersion]

    @property
    def live_version(self) -> FlowVersion | None:
        return self.live.version if self.live else None

    @property
    def next_number(self) -> int:
        """The number that publishing gives: that of the newest version where the draft says the same."""
        if self.newest is None:
            return 1
        return self.newest.number + (0 if plain(self.newest.program) == self.program else 1)

    @property
    def same_as_live(self) -> bool:
        """Whether publishing would let callers hear nothing else."""
        version = self.live_version
        return bool(self.live and version and self.live.until_at is None and plain(version.program) == self.program)

    @property
    def has_older_versions(self) -> bool:
        return bool(self.versions and self.versions[-1].number > 1)


def page_of(flow: CallFlow) -> FlowPage:
    """Compile the draft and lay it beside what is live: a dozen queries, however long the flow is."""
    compiled = compile_draft(flow)
    program = plain(compiled.program)
    now = timezone.now()
    live = Publication.objects.live_at(now).filter(flow=flow).select_related("version__author", "by").first()
    heard = live.version.program if live else None
    known = known_of(program, heard)
    changes = differences(heard, program, known)
    return FlowPage(
        flow=flow,
        compiled=compiled,
        program=program,
        rows=_rows(flow, compiled, program, changes if live else [], known),
        live=live,
        newest=flow.newest_version(),
        changes=changes,
        warned=[Warned(key_of(one), one) for one in compiled.warnings],
        planned=[
            one
            for one in Publication.objects.ahead_of(now).filter(flow=flow).select_related("version", "by")
            if one.from_at > now or one.until_at
        ],
        versions=with_served(flow.versions.select_related("author").order_by("-number")[:SHOWN_VERSIONS]),
    )


def _rows(
    flow: CallFlow, compiled: Compiled, program: Program, changes: Sequence[Change], known: Known
) -> Sequence[Row]:
    rows = []
    for place, step in enumerate(flow.steps.in_order(), 1):
        key = str(step.pk)
        tags = [change.tag for change in changes if change.step == key and change.sort != "gone"]
        rows.append(
            Row(
                step=step,
                place=place,
                icon=ICONS.get(step.kind, "flow"),
                summary=summary(program, program["steps"][key], known),
                tags=tags if len(tags) <= MOST_TAGS else [f"{len(tags)} changes"],
                errors=[one.message for one in compiled.errors if one.step and one.step.pk == step.pk],
                url=reverse("admin:calls_callflow_step", args=[flow.pk, step.pk]),
            )
        )
    return rows


def with_served(versions: Iterable[FlowVersion]) -> list[FlowVersion]:
    """Add `served` to each: how many calls it answered first, as text."""
    rows = list(versions)
    counts = served(row.pk for row in rows)
    for row in rows:
        row.served = counts[row.pk]  # type: ignore[attr-defined]
    return rows


def plain(program: Program) -> Program:
    """A program as it is after a journey through JSON."""
    found: Program = json.loads(json.dumps(program))
    return found


def key_of(finding: Finding) -> str:
    """A short name for a warning, the same as long as it says the same of the same step."""
    said: Any = f"{finding.step.pk if finding.step else ''} {finding.message}"
    return hashlib.sha256(said.encode()).hexdigest()[:12]
