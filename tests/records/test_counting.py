"""The reports' figures are those of the call log, whatever comes late, moves, is read again or goes."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from calls.chores.duties import DUTIES
from calls.chores.loop import Loop
from calls.models import Bookmark, Call, CallEvent, CallFlow, Chore, Counted, FlowVersion, Leg, Recount, Tally
from calls.records import counting
from calls.records.batch import write_batch
from calls.records.counting import OVERLAP, count_news, recount, waits_since
from calls.records.figures import Sums
from calls.records.refold import refold, what_to_read
from calls.records.retention import prune
from calls.records.stats import Period, Which, calls_in, compared, figures
from calls.vonage.events import Event
from tests.factories import OURS, PERSON, make_call, make_event, make_number
from tests.records import histories, plain_count

pytestmark = pytest.mark.django_db
OTHER = "442079460001"
# Summer time ends in London and begins in Sydney and Lord Howe, whose clock is changed by half an hour.
CHANGES = {
    "Europe/London": datetime(2026, 10, 25, 1, tzinfo=UTC),
    "Australia/Lord_Howe": datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    "America/St_Johns": datetime(2026, 3, 8, 5, 30, tzinfo=UTC),
    "Asia/Kolkata": datetime(2026, 11, 23, tzinfo=UTC),
    "Asia/Kathmandu": datetime(2026, 7, 1, tzinfo=UTC),
}
LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def versions() -> list[int]:
    """Three versions of two flows."""
    for greeting in ("Good evening.", "Good morning."):
        make_number(OURS, greeting=greeting)
    make_number(OTHER)
    assert CallFlow.objects.count() == 2
    return list(FlowVersion.objects.order_by("pk").values_list("pk", flat=True))


def tell(choose: random.Random, serial: int, at: datetime, versions: list[int]) -> list[Event]:
    """Make a call: to a number of ours or placed by us, with whatever comes of it, its answers and its price."""
    uuid, conversation = f"leg-{serial}", f"CON-{serial}"
    ours = choose.choice([OURS, OTHER, "sip:front@example.com"])
    outbound = choose.random() < 0.25
    to, from_ = (PERSON, ours) if outbound else (ours, choose.choice(["447700900123", "Unknown"]))
    same: dict[str, Any] = {"conversation_uuid": conversation, "direction": "outbound" if outbound else "inbound"}
    same |= {"uuid": uuid, "to": to, "from": from_}
    events = []

    def say(seconds: float, status: str, **fields: Any) -> None:
        moment = at + timedelta(seconds=seconds)
        events.append(Event(payload=make_event(status, at=moment, **{**same, **fields}), received_at=moment))

    for _ in range(choose.choice([0, 1, 1, 1, 2])):
        reply = {"ncco": [], "milliseconds": choose.choice([0.42, 6.35, 84, 2999.9, 3000.1, 4812.0])}
        reply["version"] = choose.choice([*versions, None])
        asked = {"to": to, "from": from_, "uuid": uuid, "conversation_uuid": conversation, "reply": reply}
        door = choose.choice(["answer", "answer", "fallback"])
        events.append(Event(payload=asked, door=door, received_at=at + timedelta(seconds=0.1 + len(events))))
    say(0, "started")
    say(0.2, "ringing")
    how = choose.choice(["talk", "talk", "cancelled", "busy", "rejected", "failed", "unanswered", "going on", "record"])
    if how in ("talk", "record", "going on"):
        say(1, "answered")
    last = choose.choice([0.4, 20, 59, 60, 299, 301, 4000])
    price = {"price": choose.choice(["0.01", "0.00330001"])}
    if how == "talk" and choose.random() < 0.7:
        further = {"uuid": f"{uuid}-b", "direction": "outbound", "to": PERSON, "from": ours}
        wait = choose.choice([0, 5, 12, 61, 90])
        say(2, "started", **further)
        if choose.random() < 0.7:
            say(2 + wait, "answered", **further)
            say(2 + wait + last, "completed", **further, **price)
        else:
            say(2 + wait, choose.choice(["busy", "timeout", "rejected"]), **further, detail="declined")
    if how == "record":
        told = {"recording_url": "https://api.nexmo.com/v1/files/r", "conversation_uuid": conversation}
        events.append(Event(payload=told | {"recording_uuid": uuid}, received_at=at + timedelta(seconds=5)))
    if how in ("cancelled", "busy", "failed", "unanswered", "rejected"):
        reasons: list[dict[str, Any]] = [{}, {"detail": "declined"}, {"sip_code": 603}]
        say(3, how, **choose.choice(reasons))
    if how != "going on":
        say(100 + last, "completed", **price)
    return events


def see_for_good() -> None:
    """Let the overlap be over: from now on nothing is counted anew but what is told, or marked."""
    for _ in range(2):
        Bookmark.objects.update(noted_at=timezone.now() - OVERLAP)
        assert not count_news()
    assert waits_since() is None


def check(zone: ZoneInfo, around: datetime, versions: list[int]) -> None:
    """Compare the figures of several periods and choices with a plain count."""
    day = around.astimezone(zone).date()
    for which in (
        Which(),
        Which(outbound=True),
        Which(number=OURS),
        Which(flow=FlowVersion.objects.get(pk=versions[0]).flow_id),
        Which(version=versions[1], number=OURS),
    ):
        plain_count.check(Period(day - timedelta(days=2), day + timedelta(days=1), zone), which)
    plain_count.check(Period(day, day, zone), Which())
    for which in (Which(), Which(outbound=True), Which(number=OURS)):
        check_longer(Period(day - timedelta(days=70), day + timedelta(days=30), zone), which)


def check_longer(period: Period, which: Which) -> None:
    """Compare what is read by the week, by the month and at once with what its days come to."""
    days = figures(period, which)
    for unit in ("week", "month"):
        steps = figures(period, which, unit=unit).steps
        begins = [step.begins.date() for step in steps]
        assert begins[0] == period.first
        assert all(begin.weekday() == 0 if unit == "week" else begin.day == 1 for begin in begins[1:])
        assert [step.last for step in steps] == [*(begin - timedelta(days=1) for begin in begins[1:]), period.last]
        for step in steps:
            of_days = [day.sums for day in days.steps if step.begins.date() <= day.begins.date() <= step.last]
            assert Sums.together([step.sums]) == Sums.together(of_days), (step, period.zone)
    assert Sums.together(compared(period, which).values()) == days.total
    assert calls_in(period, which) == days.total.calls
    after = Period(period.last + timedelta(days=1), period.last + timedelta(days=period.days), period.zone)
    before = figures(after, which).before
    assert (before.endings, before.cost) == (days.total.endings, days.total.cost)


@pytest.mark.parametrize("name", CHANGES)
def test_figures_are_those_of_a_plain_count(settings: Settings, versions: list[int], name: str) -> None:
    choose, zone, around = random.Random(name), ZoneInfo(name), CHANGES[name]
    serial = 0
    waiting: list[Event] = []
    for round_number in range(3):
        for _ in range(25):
            serial += 1
            waiting += tell(choose, serial, plain_count.random_moment(choose, around), versions)
        choose.shuffle(waiting)
        late, now = waiting[:40], waiting[40:]
        for at in range(0, len(now), 30):
            write_batch(now[at : at + 30])
        waiting = late  # these come with the next round
        if round_number == 1:
            gone = choose.sample(sorted(Call.objects.values_list("pk", flat=True)), 8)
            CallEvent.objects.exclude(call__in=gone).update(received_at=timezone.now())
            CallEvent.objects.filter(call__in=gone).update(received_at=timezone.now() - timedelta(days=20))
            Call.objects.filter(pk__in=gone).update(outcome="answered")
            settings.CALL_DAYS = 10
            assert sum(done["calls deleted"] for done in prune()) == 8
        if round_number == 2:
            Leg.objects.update(direction="inbound")
            Call.objects.update(direction="inbound", outcome="busy", started_at=around)
            for _ in refold(*what_to_read()):
                pass
        assert not count_news()
        check(zone, around, versions)
        see_for_good()
    assert not Recount.objects.exists()


@pytest.mark.parametrize("seed", range(8))
def test_calls_that_win_and_lose_legs_are_counted_once(seed: int) -> None:
    choose = random.Random(seed)
    events = [event for n in range(4) for event in histories.tell(choose.choice, apart=f"-{n}")]
    choose.shuffle(events)
    period = Period(date(2026, 3, 1), date(2026, 3, 3), LONDON)
    for at in range(0, len(events), 5):
        write_batch(events[at : at + 5])
        assert not count_news()
        assert Counted.objects.count() == Call.objects.count()
        plain_count.check(period, Which())
        see_for_good()
    plain_count.check(period, Which(outbound=True))


def test_what_was_answered_stays_when_payloads_are_emptied(settings: Settings, versions: list[int]) -> None:
    for event in tell(random.Random(3), 1, NOW, versions):
        write_batch([event])
    period = Period(NOW.date(), NOW.date(), LONDON)
    count_news()
    before = figures(period, Which())
    assert before.total.calls == before.total.answers.total == 1
    version = Counted.objects.get().version
    Call.objects.update(outcome="answered")
    CallEvent.objects.update(received_at=timezone.now() - timedelta(days=20))
    settings.PAYLOAD_DAYS = 10
    assert sum(done["events emptied"] for done in prune())
    recount(Call.objects.values_list("pk", flat=True))
    count_news()
    assert figures(period, Which()).total.answers == before.total.answers
    assert Counted.objects.get().version == version


# How news are found


def turn_back(seconds: float) -> None:
    Bookmark.objects.update(noted_at=timezone.now() - timedelta(seconds=seconds))


def test_an_event_that_commits_late_is_found_though_its_key_is_smaller() -> None:
    make_call()
    held = make_call("started")
    rows = list(CallEvent.objects.filter(call=held))
    CallEvent.objects.filter(call=held).delete()  # as others see it until it commits
    Call.objects.filter(pk=held.pk).update(started_at=None)
    make_call()
    assert not count_news()
    assert Counted.objects.count() == 2
    CallEvent.objects.bulk_create(rows)
    Call.objects.filter(pk=held.pk).update(started_at=timezone.now())
    assert not count_news()
    assert Counted.objects.count() == 3


def test_what_was_seen_for_good_is_not_looked_at_again(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make_call()
    count_news()
    assert Bookmark.objects.get().seen == 0
    turn_back(16)
    count_news()
    assert waits_since() is None
    with django_assert_num_queries(2):
        assert not count_news()


@pytest.mark.parametrize("settled", [True, False])
def test_a_portion_at_a_time_comes_to_an_end(settled: bool) -> None:
    for _ in range(5):
        make_call()
    assert count_news(most=3)
    assert Counted.objects.count() == 1
    turn_back(16 if settled else 1)
    portions = 0
    while count_news(most=3) and portions < 20:
        portions += 1
        turn_back(16)
    assert Counted.objects.count() == 5
    assert 4 <= portions < 10


def test_more_than_comes_within_the_overlap_is_got_through(monkeypatch: pytest.MonkeyPatch) -> None:
    make_call()
    count_news()
    turn_back(16)
    count_news()
    for _ in range(5):  # all of a sudden, as from a spool
        make_call()
    turn_back(16)
    assert count_news(most=3)
    for _ in range(10):
        turn_back(16)
        count_news(most=3)
    assert Counted.objects.count() == 6
    assert waits_since() is None


def test_counting_again_writes_nothing() -> None:
    make_call()
    count_news()
    before = list(Tally.objects.values())
    count_news()
    assert list(Tally.objects.values()) == before


def test_a_call_that_began_earlier_than_thought_leaves_its_quarter() -> None:
    at = datetime(2026, 11, 23, 9, tzinfo=UTC)
    call = make_call("answered", at=at)
    count_news()
    write_batch([Event(payload=_again(call, "started", at - timedelta(hours=2)), received_at=timezone.now())])
    count_news()
    quarter = int(at.timestamp()) // 900 - 8
    rows = Tally.objects.values_list("span", "quarter", "calls")
    assert set(rows) == {(1, quarter, 1), (4, quarter // 4 * 4, 1), (96, quarter // 96 * 96, 1)}


def test_sums_are_made_of_quarters_that_lie_apart_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for hours in (0, 1, 1, 26, 300, 5_000):
        make_call(at=NOW - timedelta(hours=hours))
    monkeypatch.setattr(counting, "QUARTERS", 2)
    assert not count_news()
    for span, counts in ((1, [1, 1, 1, 1, 2]), (4, [1, 1, 1, 1, 2]), (96, [1, 1, 1, 3])):
        assert sorted(Tally.objects.filter(number="*", span=span).values_list("calls", flat=True)) == counts
    plain_count.check(Period(NOW.date() - timedelta(days=1), NOW.date(), LONDON), Which())


@pytest.mark.django_db(transaction=True)
def test_the_worker_counts() -> None:
    make_call()
    duties = [duty for duty in DUTIES if duty.name == "figures of the reports"]
    assert Loop(duties, name="w").turn()
    assert not Chore.objects.exclude(error="").exists()
    assert Tally.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_who_finds_another_at_it_leaves_it_to_that_one() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    make_call()
    count_news()
    make_call()
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT * FROM calls_bookmark FOR UPDATE")
            assert count_news()
            cursor.execute("ROLLBACK")
    finally:
        other.close()
    assert Counted.objects.count() == 1
    assert not count_news()
    assert Counted.objects.count() == 2


def _again(call: Call, status: str, at: datetime) -> dict[str, Any]:
    leg = Leg.objects.get(call=call)
    return make_event(status, at=at, uuid=leg.uuid, conversation_uuid=call.conversation_uuid)
