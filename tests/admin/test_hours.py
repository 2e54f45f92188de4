"""Opening hours in the admin: a week that makes sense, closures, and what is set for a while."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from calls.control.hours import override
from calls.flows.hours import state
from calls.flows.hours_data import schedule_of
from calls.models import CallFlow, Closure, OpeningHours, Override, Revision, Step, User
from tests.admin.forms import errors_of, member_of_staff, messages_of, submit
from tests.flows.test_hours_data import make_hours

LIST, ADD = "/admin/calls/openinghours/", "/admin/calls/openinghours/add/"
NO_CLOSURES = {"closures-TOTAL_FORMS": 0, "closures-INITIAL_FORMS": 0}
MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def page_of(hours: OpeningHours) -> str:
    return f"{LIST}{hours.pk}/change/"


def filled(hours: OpeningHours | None = None, **days: str) -> dict[str, Any]:
    """Fill in the form: `filled(monday="09:00-12:00 13:00-17:00")`."""
    fields = {"name": "Shop", "time_zone": "Europe/London"} | NO_CLOSURES
    if hours:
        hours.refresh_from_db()
        fields["edited"] = hours.changed_at.isoformat()
    for day, spans in days.items():
        for n, span in enumerate(spans.split()):
            fields[f"{day}-{n}-opens"], _, fields[f"{day}-{n}-closes"] = span.partition("-")
    return fields


def closure_row(**fields: Any) -> dict[str, Any]:
    row = {"name": "Christmas", "first_day": "2026-12-25", "last_day": "", "message": "Merry."} | fields
    return {"closures-TOTAL_FORMS": 1, "closures-INITIAL_FORMS": 0} | {f"closures-0-{k}": v for k, v in row.items()}


def week_of(hours: OpeningHours) -> list[str]:
    return [str(span) for span in hours.spans.all()]


def test_a_week_is_kept_as_it_was_typed(login: Client, staff: User) -> None:
    times: dict[str, Any] = {"monday": "9-12.30 1:30pm-5pm", "friday": "18:00-24:00", "saturday": "00:00-0200"}
    assert submit(login, ADD, filled(**times)).status_code == 302
    hours = OpeningHours.objects.get()
    assert week_of(hours) == ["Monday 09:00–12:30", "Monday 13:30–17:00", "Friday 18:00–24:00", "Saturday 00:00–02:00"]
    assert hours.changed_by == staff


def test_a_changed_week_replaces_the_old_one_and_is_counted(login: Client) -> None:
    hours = make_hours()
    before = Revision.objects.get(topic="hours").number
    assert submit(login, page_of(hours), filled(hours, sunday="10:00-16:00")).status_code == 302
    assert week_of(hours) == ["Sunday 10:00–16:00"]
    assert Revision.objects.get(topic="hours").number > before


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("17:00-09:00", "It closes at 09:00, before it opens at 17:00. For hours over midnight, close this day"),
        ("09:00-09:00", "It opens and closes at 09:00. Leave both empty for a closed day"),
        ("09:00-12:00 11:00-17:00", "09:00–12:00 and 11:00–17:00 overlap."),
        ("09:00-", "Say both when it opens and when it closes"),
        ("-17:00", "Say both when it opens and when it closes"),
        ("09:00-24:01", "“24:01” is no time of day."),
        ("nine-17:00", "“nine” is no time of day."),
        ("09:60-17:00", "“09:60” is no time of day."),
        ("13pm-17:00", "“13pm” is no time of day."),
    ],
)
def test_a_day_that_makes_no_sense_is_refused_with_a_reason(login: Client, typed: str, reason: str) -> None:
    response = submit(login, ADD, filled(monday=typed, tuesday="09:00-17:00"))
    (told,) = errors_of(response)["monday"]
    assert told.startswith(reason)
    assert not OpeningHours.objects.exists()
    assert all(time in response.content.decode() for time in typed.replace("-", " ").split()), "what was typed stays"


def test_hours_that_touch_do_not_overlap(login: Client) -> None:
    assert submit(login, ADD, filled(monday="09:00-12:00 12:00-17:00")).status_code == 302


def test_an_empty_week_and_an_unknown_zone_are_refused(login: Client) -> None:
    told = errors_of(submit(login, ADD, filled() | {"time_zone": "Mars/Olympus"}))
    assert told["monday"][0].startswith("The week has no hours")
    assert told["time_zone"] == ["There is no time zone “Mars/Olympus”. Choose one of the list, such as Europe/London."]


def test_a_name_is_given_once(login: Client) -> None:
    make_hours("Shop")
    assert errors_of(submit(login, ADD, filled(monday="9-17")))["name"][0].startswith("There are opening hours of")


def test_a_closure_without_a_last_day_is_one_day(login: Client) -> None:
    assert submit(login, ADD, filled(monday="9-17") | closure_row(yearly="on")).status_code == 302
    closure = Closure.objects.get()
    assert (closure.first_day, closure.last_day, closure.yearly) == (date(2026, 12, 25), date(2026, 12, 25), True)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"last_day": "2026-12-24"}, "It ends before it begins"),
        ({"last_day": "2028-12-24", "yearly": "on"}, "It is longer than a year"),
        ({"first_day": "Christmas Day"}, "Enter a valid date."),
        ({"message": "Back {hours.nextopen}."}, "did you mean {hours.next_open}?"),
    ],
)
def test_a_closure_that_makes_no_sense_is_refused(login: Client, row: dict[str, str], reason: str) -> None:
    response = submit(login, ADD, filled(monday="9-17") | closure_row(**row))
    assert response.status_code == 200
    assert reason in response.content.decode()
    assert not OpeningHours.objects.exists(), "nothing is half saved"


def test_the_second_of_two_who_edit_at_once_is_told_of_the_first(login: Client) -> None:
    hours = make_hours()
    stale = filled(hours, monday="08:00-12:00")
    other = member_of_staff("change_openinghours", "view_openinghours", "add_closure")
    User.objects.filter(username__startswith="staff").update(first_name="Marta")
    assert submit(other, page_of(hours), filled(hours, tuesday="10:00-11:00")).status_code == 302
    response = submit(login, page_of(hours), stale)
    (told,) = errors_of(response)["__all__"]
    assert told.startswith("Marta changed these hours today at ")
    assert week_of(hours) == ["Tuesday 10:00–11:00"]
    assert "08:00" in response.content.decode()
    assert submit(login, page_of(hours), stale).status_code == 200, "to send it again changes nothing"


def set_for_a_while(browser: Client, hours: OpeningHours, **fields: str) -> Any:
    """Press a button of the section, and open the page to which it leads."""
    assert browser.get(page_of(hours)).status_code == 200
    sent = fields | {"csrfmiddlewaretoken": browser.cookies["csrftoken"].value}
    return browser.post(f"{LIST}{hours.pk}/override/", sent, follow=True)


def asked(state: str, until: str, **more: str) -> dict[str, str]:
    return {"override-state": state, "override-until": until} | {f"override-{k}": v for k, v in more.items()}


def test_closed_for_a_while_in_the_schedules_own_zone(login: Client, staff: User) -> None:
    with time_machine.travel(MONDAY, tick=False):
        hours = make_hours(zone="America/New_York")
        page = set_for_a_while(login, hours, **asked("closed", "2026-11-23T15:00", message="At a funeral."))
        row = Override.objects.get()
        assert (row.state, row.by, row.message) == ("closed", staff, "At a funeral.")
        assert row.until_at == datetime(2026, 11, 23, 15, tzinfo=ZoneInfo("America/New_York"))
        text = page.content.decode()
        assert "Closed until today at 15:00; then by the hours again." in text
        assert "Closed by sam until today at 15:00, then open" in text
        assert "set by sam" in text
        assert not state(schedule_of(hours), timezone.now()).open
        page = set_for_a_while(login, hours, end=str(row.pk))
        assert "By the hours again." in page.content.decode()
        assert not Override.objects.unfinished(timezone.now()).exists()


def test_a_part_of_a_coming_day_can_be_closed(login: Client) -> None:
    with time_machine.travel(MONDAY, tick=False):
        hours = make_hours()
        times = asked("closed", "2026-11-24T16:00", since="2026-11-24T14:00")
        page = set_for_a_while(login, hours, **times).content.decode()
        assert "Closed from tomorrow at 14:00 until tomorrow at 16:00; then by the hours again." in page
        assert "Open until today at 17:30" in page


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (asked("closed", "2026-11-23T04:00"), "This time is past, so nothing would change."),
        (asked("closed", ""), "It would never end. Say until when."),
        (asked("closed", "soon"), "This is no time."),
        (asked("closed", "9999-12-31T23:59"), "This is more than a year ahead."),
        (asked("ajar", "2026-11-23T15:00"), "Select a valid choice."),
        (asked("open", "2026-11-23T15:00", since="2026-11-23T16:00"), "It ends before it begins."),
        (asked("open", "2026-11-23T15:00", message="x" * 501), "has 501"),
        (asked("closed", "2026-11-23T15:00", message="<speak>We are"), "does not close it"),
    ],
)
def test_what_makes_no_sense_for_a_while_is_refused(login: Client, fields: dict[str, str], reason: str) -> None:
    with time_machine.travel(MONDAY, tick=False):
        page = set_for_a_while(
            login,
            make_hours(zone="America/New_York"),
            **fields,
        )
    assert "Nothing was changed" in page.content.decode()
    assert reason in page.content.decode()
    assert not Override.objects.exists()


def test_who_may_override_need_not_be_who_may_edit(db: None) -> None:
    hours, later = make_hours(), (timezone.now() + 2 * HOUR).astimezone(ZoneInfo("Europe/London"))
    fields = asked("closed", later.strftime("%Y-%m-%dT%H:%M"))
    reader = member_of_staff("view_openinghours")
    assert "override-form" not in reader.get(page_of(hours)).content.decode()
    assert set_for_a_while(reader, hours, **fields).status_code == 403
    assert not Override.objects.exists()
    desk = member_of_staff("view_openinghours", "add_override")
    assert set_for_a_while(desk, hours, **fields).status_code == 200
    assert Override.objects.count() == 1
    assert submit(desk, page_of(hours), filled(hours, sunday="9-10")).status_code == 403


def test_an_override_does_not_stand_in_the_way_of_an_edit(login: Client) -> None:
    hours = make_hours()
    fields = filled(hours, sunday="10:00-16:00")
    override(hours, "open", timezone.now() + HOUR, None)
    assert submit(login, page_of(hours), fields).status_code == 302


def test_the_page_tells_what_changes(login: Client) -> None:
    with time_machine.travel(MONDAY, tick=False):
        hours = make_hours()
        Closure.objects.create(hours=hours, name="Stocktaking", first_day="2026-11-24", last_day="2026-11-24")
        response = login.get(page_of(hours))
    told = [(f"{day.day:%a}", [f"{one.clock} {one.words}" for one in day.changes]) for day in response.context["ahead"]]
    assert told[:4] == [
        ("Mon", ["17:30 closes"]),
        ("Tue", ["00:00 stays closed: Stocktaking"]),
        ("Wed", ["00:00 stays closed", "09:00 opens", "17:30 closes"]),
        ("Thu", ["09:00 opens", "17:30 closes"]),
    ]
    today, tuesday, wednesday = response.context["lines"][:3]
    assert [(bar.kind, bar.x, bar.width) for bar in today.bars] == [("open", 90.0, 85.0)]
    assert today.now == 100.0
    assert (tuesday.bars, tuesday.closure) == ((), "Stocktaking")
    assert [(bar.kind, bar.x, bar.width) for bar in wednesday.bars] == [("open", 90.0, 85.0)]


def test_the_list_says_how_it_stands(login: Client) -> None:
    with time_machine.travel(MONDAY, tick=False):
        make_hours()
        page = login.get(LIST).content.decode()
    assert "Open until today at 17:30" in page
    assert "Monday to Friday 09:00–17:30" in page
    assert "Saturday and Sunday closed" in page


def test_hours_that_a_flow_asks_are_not_deleted(login: Client) -> None:
    hours, flow = make_hours(), CallFlow.objects.create(name="Orders line")
    Step.objects.create(flow=flow, kind="hours", settings={"hours": hours.pk})
    page = login.get(f"{LIST}{hours.pk}/delete/").content.decode()
    assert "Shop is asked by Orders line: 1 " in page
    submit(login, f"{LIST}{hours.pk}/delete/", {"post": "yes"})
    assert OpeningHours.objects.count() == 1
    Step.objects.all().delete()
    submit(login, f"{LIST}{hours.pk}/delete/", {"post": "yes"})
    assert OpeningHours.objects.count() == 0
    assert any("deleted" in message for message in messages_of(login))
