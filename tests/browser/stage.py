"""A small shop that never was, for pictures: its numbers, flows, hours and people, and what happened on its lines.

It is Monday 23 November 2026, shortly after two in London. Calls of today are told by Vonage's webhooks, at their
times; those of the weeks before are made by `seed_calls`. Names are made up, and numbers are those kept for fiction.
"""

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any

import time_machine
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone

from calls.control.hours import override
from calls.control.recordings import look
from calls.control.remarks import handle
from calls.flows.numbers import save_number
from calls.flows.publish import publish
from calls.flows.routing import directory
from calls.flows.steps import Greeting
from calls.models import (
    Block,
    Bookmark,
    Call,
    CallerRule,
    CallEvent,
    CallFlow,
    Closure,
    Heartbeat,
    OpeningHours,
    OpenSpan,
    PhoneNumber,
    Recording,
    Refusal,
    Tag,
    User,
)
from calls.records.counting import count_news, recount
from tests.factories import make_contact
from tests.flows.drafts import make_flow
from tests.voicemails import add_sound, make_message
from tests.vonage_client import VonageClient

NOW = datetime(2026, 11, 23, 14, 7, tzinfo=UTC)
ORDERS, WORKSHOP, SHOWROOM, SPARE = "442079460010", "442079460021", "442079460034", "442079460048"
ANNA, IVY, MARGARET, TOM, STRANGER = "447700900123", "447700900277", "447700900655", "447700900512", "447700900181"
SEEDED, DAYS = 1_300, 45
_serial = itertools.count(1)


def set_up(person: User, clock: time_machine.Traveller) -> None:
    """Set the whole stage. The clock is moved, and stands at NOW in the end."""
    clock.move_to(NOW - timedelta(days=DAYS))
    person.first_name = "Marta"
    person.save()
    make_people()
    make_flows(person)
    make_past(clock)
    make_today(person, clock)
    clock.move_to(NOW)
    make_news(person)
    while count_news(5):
        pass
    Bookmark.objects.update(seen=F("newest"))  # half a minute later all is seen for good


def make_people() -> None:
    make_contact("Anna Kowalska", ANNA, tags=["vip"])
    make_contact("Ivy Chen", IVY)
    make_contact("Margaret Llewellyn-Featherstonehaugh", MARGARET)
    make_contact("Tom Brandt", TOM, tags=["supplier"])
    Block.objects.create(pattern="447700900666", note="Sells window frames", hits=12)
    Block.objects.create(pattern="4477009008", kind="prefix", note="Robots in July")


def make_hours(name: str, zone: str, *spans: tuple[range, int, int]) -> OpeningHours:
    """`spans` are days, 0 is Monday, with the hours from and to."""
    hours = OpeningHours.objects.create(name=name, time_zone=zone)
    for days, opens, closes in spans:
        for day in days:
            OpenSpan.objects.create(hours=hours, weekday=day, opens=opens * 60, closes=closes * 60)
    return hours


def make_flows(person: User) -> None:
    """Three numbers with flows. Orders is published twice, and has a draft that is not published."""
    shop = make_hours("Shop", "Europe/London", (range(5), 9, 18), (range(5, 6), 10, 16))
    bench = make_hours("Workshop", "Europe/Madrid", (range(5), 9, 13), (range(5), 16, 19))
    first = date(2026, 12, 24)
    Closure.objects.create(
        hours=shop, name="Christmas", first_day=first, last_day=date(2026, 12, 28), message="We are back on the 29th."
    )
    workshop = named(
        make_flow(
            "Workshop",
            ("hours", {"hours": bench.pk}, {"closed": "3"}),
            ("forward", {"targets": [{"type": "phone", "to": TOM}], "ringing_seconds": 20}, {}),
            ("voicemail", {"prompt": "Nobody is at the bench. Tell us what is broken."}, {}),
            number=WORKSHOP,
            language="en-GB",
            style=1,
        ),
        "Workshop hours", "To Tom", "Leave a message",
    )  # fmt: skip
    publish(workshop, author=person, note="As it was on paper")
    keys = {"1": "4", "2": "Workshop", "end": "4"}
    orders = named(
        make_flow(
            "Orders",
            ("hours", {"hours": shop.pk}, {"closed": "5"}),
            ("greeting", {"text": "Good day {caller.name}, this is Harbour Cycles."}, {}),
            ("menu", {"prompt": "For orders press 1. For the workshop press 2."}, keys),
            ("forward", {"targets": [{"type": "phone", "to": STRANGER}], "ringing_seconds": 25}, {"busy": "5"}),
            ("voicemail", {"prompt": "Leave your name and number, and we ring you back."}, {}),
            number=ORDERS,
            language="en-GB",
            style=1,
        ),
        "Shop hours", "Welcome", "Main menu", "To the counter", "Leave a message",
    )  # fmt: skip
    publish(orders, author=person, note="The first one")
    orders.steps.filter(kind="menu").update(
        settings={"prompt": "For an order press 1. For repairs and the workshop press 2."}
    )
    publish(orders, author=person, note="Repairs named in the menu")
    orders.steps.filter(kind="voicemail").update(settings={"prompt": "Say who you are, and we ring you back today."})
    save_number(
        SHOWROOM, label="Showroom", greeting=Greeting(text="The showroom is in Quay Street 4. Come and see us.")
    )
    PhoneNumber.objects.filter(msisdn=ORDERS).update(label="Orders", time_zone="Europe/London")
    PhoneNumber.objects.filter(msisdn=WORKSHOP).update(label="Workshop", time_zone="Europe/Madrid")
    CallerRule.objects.create(tag=Tag.objects.get(name="vip"), flow=workshop)
    directory.look()


def named(flow: CallFlow, *names: str) -> CallFlow:
    for step, name in zip(flow.steps.in_order(), names, strict=True):
        step.name = name
        step.save()
    return flow


def make_past(clock: time_machine.Traveller) -> None:
    """Weeks of calls, with the versions that answered them, and answers of which one came nearly too late."""
    call_command("seed_calls", count=SEEDED, days=DAYS, seed=23, until=datetime(2026, 11, 23, 13, 20), verbosity=0)  # noqa: DTZ001
    versions = {}
    for row in PhoneNumber.objects.select_related("flow"):
        assert row.flow
        versions[row.msisdn] = list(row.flow.versions.order_by("number").values_list("pk", flat=True))
    events = list(CallEvent.objects.filter(kind="answer").order_by("occurred_at"))
    for place, event in enumerate(events):
        own = versions[event.payload["to"]]
        reply = event.payload["reply"]
        reply["version"] = own[min(place * 2 // len(events), len(own) - 1)]
        reply["milliseconds"] = round(0.6 + place * 37 % 23 / 10 + (80 if place % 97 == 0 else 0), 2)
    events[-60].payload["reply"]["milliseconds"] = 3_412.5
    CallEvent.objects.bulk_update(events, ["payload"], batch_size=200)
    recount({event.call_id for event in events if event.call_id})


class Line:
    """A call of today, as Vonage tells of it: each webhook at its time, with what our server says to it."""

    def __init__(self, clock: time_machine.Traveller, caller: str, to: str, begins: datetime) -> None:
        self.clock, self.caller, self.to, self.begins = clock, caller, to, begins
        self.vonage = VonageClient()
        serial = next(_serial)
        self.room = f"CON-7d2f4c1e-0b6a-4e8d-9c3f-{serial:012x}"
        self.legs = [f"{serial:02x}f4d0c3b1a2e5f6a7b8c9d0e1f2a3{number:02x}" for number in range(2)]
        self.answered_at: dict[int, float] = {}
        self.ncco: list[dict[str, Any]] = []
        self.status("started", 0)
        self.status("ringing", 0.01)
        directory.look()
        asked = {"from": caller, "to": to, "uuid": self.legs[0], "conversation_uuid": self.room}
        self.hear(self.vonage.post("/answer", asked))

    def hear(self, response: Any) -> None:
        assert response.status_code == 200, response.content
        self.ncco = response.json() if response.content else self.ncco

    def at(self, seconds: float) -> str:
        """Move the clock there, and write the time as Vonage does."""
        moment = self.begins + timedelta(seconds=seconds)
        self.clock.move_to(moment + timedelta(milliseconds=40))
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def status(self, word: str, seconds: float, leg: int = 0, *, path: str = "/event", **more: Any) -> None:
        parties = {"from": self.to, "to": STRANGER} if leg else {"from": self.caller, "to": self.to}
        names = {"uuid": self.legs[leg], "conversation_uuid": self.room, "direction": "outbound" if leg else "inbound"}
        if word == "answered":
            self.answered_at[leg] = seconds
            more |= {"start_time": None, "rate": None, "network": None}
        payload = {"headers": {}, **parties, **names, "status": word, "timestamp": self.at(seconds), **more}
        self.hear(self.vonage.post(path, payload))

    def completed(self, seconds: float, leg: int = 0, *, by: str = "user") -> None:
        lasted, rate = round(seconds - self.answered_at[leg]), 0.0227 if leg else 0.0045
        cost = {"duration": str(lasted), "rate": f"{rate:.8f}", "price": f"{rate * lasted / 60:.8f}"}
        self.status("completed", seconds, leg, network="GB-MOBILE", disconnected_by=by, sip_code=200, **cost)

    def url(self, action: str) -> str:
        """Where we want to be told what comes of an action."""
        url: str = next(one["eventUrl"][0] for one in self.ncco if one["action"] == action)
        return "/" + url.split("/", 3)[3]

    def press(self, digits: str, seconds: float) -> None:
        names = {"uuid": self.legs[0], "conversation_uuid": self.room, "from": self.caller, "to": self.to}
        told = {"dtmf": {"digits": digits, "timed_out": False}, "speech": {"error": "Speech was not enabled"}}
        self.hear(self.vonage.post(self.url("input"), {**names, **told, "timestamp": self.at(seconds)}))

    def ring(self, seconds: float) -> None:
        self.status("started", seconds, 1)
        self.status("ringing", seconds + 1.2, 1)

    def record(self, seconds: float, lasts: float) -> None:
        begins, ends = self.at(seconds), self.at(seconds + lasts)
        file = {"recording_url": "https://api.nexmo.com/v1/files/7d2f", "recording_uuid": "7d2f", "size": 120_000}
        payload = {"start_time": begins, "end_time": ends, **file, "conversation_uuid": self.room, "timestamp": ends}
        self.hear(self.vonage.post(self.url("record"), payload))


def make_today(person: User, clock: time_machine.Traveller) -> None:
    """Somebody left a message yesterday, two gave up, one left a message after the menu, one is talking now."""
    older = make_message(STRANGER, to=WORKSHOP, at=NOW - timedelta(days=1, minutes=63), seconds=12, sound=True)
    clock.move_to(NOW - timedelta(hours=23))
    older.hear(person)
    older.write_note("Wants his bike on Friday; rang back at 15:10.")
    for caller, minutes in ((STRANGER, 192), (IVY, 171)):
        gave_up = Line(clock, caller, ORDERS, NOW - timedelta(minutes=minutes))
        gave_up.status("cancelled", 11.3, sip_code=487)
        gave_up.status("completed", 11.3, sip_code=487)
    handle(Call.objects.filter(from_number=STRANGER).latest("pk"), by=person)
    left = Line(clock, MARGARET, ORDERS, NOW - timedelta(minutes=64))
    left.status("answered", 0.6)
    left.press("1", 9.4)
    left.ring(10.0)
    left.status("timeout", 35.2, 1, path=left.url("connect"), sip_code=480)
    left.record(40.1, 34.6)
    left.completed(76.0)
    look(5)
    add_sound(Recording.objects.latest("pk"), 34)
    talks = Line(clock, TOM, ORDERS, NOW - timedelta(seconds=96))
    talks.status("answered", 0.5)
    talks.press("1", 7.7)
    talks.ring(8.2)
    talks.status("answered", 14.9, 1)


def make_news(person: User) -> None:
    """A message, a number that nobody gave a flow, a refused request, a plan, a line that is held open."""
    make_message(ANNA, to=ORDERS, at=NOW - timedelta(minutes=22), seconds=35, sound=True)
    PhoneNumber.objects.create(msisdn=SPARE, label="Spare line")
    Refusal.objects.keep(Refusal(door="event", http_status=401, reason="the signature does not fit", others=2))
    override(OpeningHours.objects.get(name="Workshop"), "open", NOW + timedelta(hours=2), person)
    orders = CallFlow.objects.get(name="Orders")
    begins = timezone.localtime(NOW).replace(hour=8, minute=0) + timedelta(days=1)
    publish(orders, author=person, note="Stocktaking", from_at=begins, until_at=begins + timedelta(hours=4))
    Heartbeat.objects.beat("worker")
