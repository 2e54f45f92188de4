"""What the page of a flow shows: its steps in order, what callers will notice, what stands in the way, its versions."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone

from calls.flows.compile import Compiled, Finding, compile_draft
from calls.flows.diff import Change, differences
from calls.flows.naming import Names, summary
from calls.flows.program import Program
from calls.models import CallFlow, FlowVersion, Publication, Step

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
    names = flow_names([program, live.version.program if live else None])
    changes = differences(live.version.program if live else None, program, names)
    return FlowPage(
        flow=flow,
        compiled=compiled,
        program=program,
        rows=_rows(flow, compiled, program, changes if live else [], names),
        live=live,
        newest=flow.newest_version(),
        changes=changes,
        warned=[Warned(key_of(one), one) for one in compiled.warnings],
        planned=[
            one
            for one in Publication.objects.ahead_of(now).filter(flow=flow).select_related("version", "by")
            if one.from_at > now or one.until_at
        ],
        versions=list(flow.versions.select_related("author").order_by("-number")[:SHOWN_VERSIONS]),
    )


def _rows(
    flow: CallFlow, compiled: Compiled, program: Program, changes: Sequence[Change], names: Names
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
                summary=summary(program, program["steps"][key], names),
                tags=tags if len(tags) <= MOST_TAGS else [f"{len(tags)} changes"],
                errors=[one.message for one in compiled.errors if one.step and one.step.pk == step.pk],
                url=reverse("admin:calls_callflow_step", args=[flow.pk, step.pk]),
            )
        )
    return rows


def flow_names(programs: Sequence[Program | None]) -> dict[int, str]:
    """The names of the flows that these programs lead to. One query."""
    led = {
        target["flow"]
        for program in programs
        for step in (program or {}).get("steps", {}).values()
        for target in step.get("on", {}).values()
        if "flow" in target
    }
    return dict(CallFlow.objects.filter(pk__in=led).values_list("pk", "name")) if led else {}


def plain(program: Program) -> Program:
    """A program as it is after a journey through JSON."""
    found: Program = json.loads(json.dumps(program))
    return found


def key_of(finding: Finding) -> str:
    """A short name for a warning, the same as long as it says the same of the same step."""
    said: Any = f"{finding.step.pk if finding.step else ''} {finding.message}"
    return hashlib.sha256(said.encode()).hexdigest()[:12]
