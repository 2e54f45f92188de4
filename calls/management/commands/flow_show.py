"""manage.py flow_show: a flow in sentences, and what would happen if somebody called."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from calls.flows.compile import compile_draft
from calls.flows.program import Program
from calls.flows.reading import Reading, known_of, number_for, party_of, zone_of
from calls.flows.sentences import sentences
from calls.flows.telling import headline, tell
from calls.flows.whatif import DRAFT, Asked, WithDraft, ask, keys_of
from calls.management.flow_files import find_flow
from calls.models import CallFlow, FlowVersion, PhoneNumber


class Command(BaseCommand):
    help = (
        "Print a call flow in sentences, by name or number. With --at, --from or --press it also says what would "
        "happen if somebody called: where they come and what they hear. It changes nothing and rings nobody."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("flow", help="a flow's name, or a number")
        parser.add_argument("--live", action="store_true", help="what is live, instead of the draft")
        parser.add_argument("--at", help="the moment, 2026-11-23T14:07 in the zone of the number or its hours (now)")
        parser.add_argument("--from", dest="caller", help="who calls: a number, a contact’s name, or hidden")
        parser.add_argument("--press", help="the keys at each question: 2,1 or a dash for nothing")
        parser.add_argument("--phones", choices=["unanswered", "busy", "answered"], default="unanswered")

    def handle(self, *, flow: str, live: bool, **options: Any) -> None:
        found = find_flow(flow)
        version = found.live_version() if live else None
        if live and version is None:
            raise CommandError(f"Nothing of {found} is live. Publish it first: manage.py flow_publish.")
        program = version.program if version else compile_draft(found).program
        self.stdout.write(f"{found}, {f'v{version.number}' if version else 'the draft'}")
        for one in sentences(program, known_of(program)):
            self.stdout.write(f"{one.place:3} {one.name}: {one.text}")
        if not program["steps"]:
            self.stdout.write("No step yet.")
        if any(options[name] is not None for name in ("at", "caller", "press")):
            self.show_way(found, version, program, options)

    def show_way(self, flow: CallFlow, version: FlowVersion | None, program: Program, options: dict[str, Any]) -> None:
        rows = list(PhoneNumber.objects.filter(flow=flow)[:1])
        zone, number = zone_of(rows, program), number_for(flow, rows[0] if rows else None)
        try:
            party, pressed = party_of(options["caller"] or ""), keys_of(options["press"] or "")
            moment = _moment(options["at"], zone)
        except ValueError as error:
            raise CommandError(str(error)) from None
        reading = Reading(moment, party)
        world = reading if version else WithDraft(reading, flow.pk, program, number)
        outcome = ask(world, Asked(number, party, moment, pressed, options["phones"]))
        here = version.pk if version else DRAFT
        self.stdout.write(f"\n{headline(outcome, zone, here)}")
        for told in tell(outcome, here):
            more = ", ".join(part for part in (told.flow, told.did) if part)
            self.stdout.write(f"{told.place:3} {told.name}{f' ({more})' if more else ''}")
            for words in told.heard:
                self.stdout.write(f"      {words}")


def _moment(text: str | None, zone: ZoneInfo) -> datetime:
    if not text:
        return timezone.now()
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"“{text}” is no time. Write it as 2026-11-23T14:07.") from None
    return given if given.tzinfo else given.replace(tzinfo=zone)
