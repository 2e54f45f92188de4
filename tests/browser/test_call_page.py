"""The page of one call in a real browser: it follows the call, and what is being read stays as it is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from calls.control.recordings import look
from calls.models import Call, Session
from calls.records.batch import write_batch
from calls.vonage.events import Event
from calls.vonage.heads import Head
from tests.browser.conftest import DESK, HASTE, PHONE, Opens
from tests.browser.test_pages import found_by_axe
from tests.factories import OURS, PERSON, keep, make_call, make_event, make_number
from tests.voicemails import record_event

HEAD = Head(
    "POST /event HTTP/1.1",
    (
        *(("Host", "calls.example.com"), ("User-Agent", "Vonage/1.0 " + "x" * 180), ("Accept", "*/*")),
        *(("Content-Type", "application/json"), ("X-Forwarded-For", "216.147.0.1"), ("Authorization", "Bearer •••")),
    ),
)


def same(call: Call) -> dict[str, Any]:
    """The identities that an event of the call bears."""
    return {"uuid": call.legs.oldest_first()[0].uuid, "conversation_uuid": call.conversation_uuid}


def make_ringing() -> Call:
    return make_call("started", "ringing", at=datetime.now(UTC))


def make_full_call() -> Call:
    """A call with a second leg, keys, an answer, something unknown, a recording and folds."""
    make_number(OURS, label="Main line")
    begun = datetime.now(UTC) - timedelta(minutes=5)
    room = {"conversation_uuid": "CON-full"}
    caller, person = room | {"uuid": "caller"}, room | {"uuid": "person", "to": PERSON, "direction": "outbound"}
    ncco = [{"action": "talk", "text": "For orders press 1."}, {"action": "input", "dtmf": {"timeOut": 3}}]
    reply = {"ncco": ncco, "milliseconds": 3_400, "version": None, "problem": "an odd thing"}
    times = {f"{name}_time": (begun + timedelta(seconds=at)).isoformat() for name, at in (("start", 45), ("end", 65))}
    told: list[tuple[float, dict[str, Any]]] = [
        (0, make_event("started") | caller),
        (0, make_event("ringing") | caller),
        (0.1, caller | {"to": OURS, "reply": reply}),
        (0.6, make_event("answered") | caller),
        (6, caller | {"dtmf": {"digits": "12", "timed_out": False}}),
        (12, caller | {"dtmf": {"digits": "", "timed_out": True}}),
        (15, caller | {"type": "rtc:leg:quality"}),
        (20, make_event("started") | person),
        (21, make_event("ringing") | person),
        (41, make_event("timeout") | person),
        (66, room | {"recording_url": "https://api.nexmo.com/v1/files/x"} | times),
        (70, make_event("completed") | caller),
    ]
    for seconds, payload in told:
        at = begun + timedelta(seconds=seconds)
        door = "answer" if "reply" in payload else "event"
        late = timedelta(seconds=6 if payload.get("status") == "timeout" else 0.05)
        told_at = payload | {"timestamp": at.isoformat()}
        head = HEAD if payload.get("uuid") == "caller" else None
        write_batch([Event(payload=told_at, door=door, received_at=at + late, head=head)])
    return Call.objects.of_leg("caller").get()


def event_row(page: Page, status: str) -> Any:
    return page.locator("[data-event-row]").filter(has=page.locator(".event-term", has_text=status))


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_page_is_good_to_use(open_page: Opens, size: dict[str, int]) -> None:
    page = open_page(f"/calls/{make_full_call().pk}/", size=size)
    if size == PHONE:
        page.get_by_text("Show the chart").click()
    for summary in page.locator("details > summary").all():
        summary.click()
    page.evaluate("scrollTo(0, 0)")  # a button that is half behind the header would count as too small
    assert found_by_axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]


@pytest.mark.smoke
def test_call_in_progress_is_followed_to_its_end(open_page: Opens) -> None:
    call = make_ringing()
    page = open_page(f"/calls/{call.pk}/")
    expect(page.locator("#story")).to_contain_text("Ringing")
    page.evaluate("window.stillHere = true")
    keep(make_event("answered") | same(call))
    expect(event_row(page, "answered")).to_be_visible()
    expect(page.locator("#story")).to_contain_text("is on the line now")
    expect(page.locator('#chart [data-bar="say"]')).to_have_count(1)
    expect(page.locator("[data-call-said]")).to_have_text("1 new event")
    keep(make_event("completed", duration="3", price="0.00022500") | same(call))
    expect(page.locator("#story")).to_contain_text("Heard a notice")
    expect(page.locator('#chart [data-end="dot"]')).to_have_count(1)
    expect(page.locator("#facts")).to_contain_text("€0.0002")
    assert page.evaluate("window.stillHere")


def test_events_come_in_where_they_belong(open_page: Opens) -> None:
    call = make_ringing()
    page = open_page(f"/calls/{call.pk}/")
    begun = call.started_at
    assert begun
    keep(make_event("completed", at=begun + timedelta(seconds=9)) | same(call))
    expect(event_row(page, "completed")).to_be_visible()
    keep(make_event("answered", at=begun + timedelta(seconds=1)) | same(call))
    expect(page.locator(".event-term")).to_have_text(["started", "ringing", "answered", "completed"])


def test_open_row_focus_and_scroll_stay(open_page: Opens) -> None:
    call = make_ringing()
    page = open_page(f"/calls/{call.pk}/", size=DESK | {"height": 500})
    row = event_row(page, "ringing")
    row.locator("summary").click()
    row.get_by_role("button", name="Copy the payload").focus()
    page.evaluate("scrollTo(0, 300)")
    before = row.bounding_box()
    call.events.filter(status="ringing").update(times_received=2)
    keep(make_event("answered") | same(call))
    expect(row).to_contain_text("received 2×")
    expect(row.locator("details")).to_have_attribute("open", "")
    expect(row.get_by_role("button", name="Copy the payload")).to_be_focused()
    after = row.bounding_box()
    assert before
    assert after
    assert after["y"] == pytest.approx(before["y"], abs=1)  # whatever grew above it


def test_selected_text_is_not_swept_away(open_page: Opens) -> None:
    call = make_ringing()
    page = open_page(f"/calls/{call.pk}/")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#story h1'))")
    keep(make_event("answered") | same(call))
    expect(event_row(page, "answered")).to_be_visible()
    assert "waits for us to pick up" in page.evaluate("getSelection().toString()")
    page.evaluate("getSelection().removeAllRanges()")
    expect(page.locator("#story")).to_contain_text("is on the line now")


def test_deleted_call_is_told_in_a_sentence_and_can_no_longer_be_acted_on(open_page: Opens) -> None:
    call = make_ringing()
    page = open_page(f"/calls/{call.pk}/")
    page.get_by_label("A note for your colleagues").fill("Half a note")
    page.get_by_role("button", name="Block").click()
    call.delete()
    expect(page.locator("[data-call-note]")).to_contain_text("This call was deleted")
    expect(page.get_by_role("link", name="See the calls")).to_be_focused()  # what had the focus is gone
    expect(page.locator("#story")).to_contain_text("+44 7700 900123")
    expect(page.locator("#call button:not(.event-open *, [data-copy]), .sheet")).to_have_count(0)
    expect(page.get_by_role("link", name="JSON")).to_have_count(0)
    expect(page.get_by_label("A note for your colleagues")).to_have_value("Half a note")
    expect(page.get_by_label("A note for your colleagues")).not_to_be_editable()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.locator("[data-call-note]")).to_be_in_viewport()


def test_what_is_done_to_a_deleted_call_is_answered_in_a_sentence(open_page: Opens) -> None:
    call = make_call("started", "ringing", "cancelled", at=datetime.now(UTC) - timedelta(hours=1))
    call.events.update(received_at=datetime.now(UTC) - timedelta(hours=1))  # nothing more is awaited
    pages = [open_page(f"/calls/{call.pk}/") for _ in range(2)]
    call.delete()
    pages[0].get_by_role("button", name="Mark as handled").click()
    expect(pages[0].locator("[data-call-note]")).to_contain_text("This call was deleted")
    expect(pages[0].get_by_role("button", name="Tag")).to_have_count(0)
    expect(pages[0].get_by_role("link", name="Call +44 7700 900123 back")).to_be_visible()
    pages[1].get_by_role("button", name="Block").click()
    pages[1].get_by_role("button", name="Block them").click()
    expect(pages[1].get_by_text("This call was deleted meanwhile. Nothing was done.")).to_be_visible()


NOTE_SHIFTS = """() => {
    window.shifts = [];
    const name = ({ node }) => node?.id || node?.className || node?.nodeName;
    const note = (list) =>
        window.shifts.push(...list.getEntries().map((entry) => [entry.value, entry.sources.map(name)]));
    new PerformanceObserver(note).observe({ type: "layout-shift", buffered: true });
}"""


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("read", ["#events summary >> nth=0", "#events summary >> nth=1", "#note"])
def test_nothing_shifts_while_a_message_and_its_recording_come(
    open_page: Opens, size: dict[str, int], read: str
) -> None:
    """The worker finds the recording between two events: it stands above the events once the page is loaded anew."""
    call = make_ringing()
    page = open_page(f"/calls/{call.pk}/", size=size)
    page.evaluate(NOTE_SHIFTS)
    page.locator(read).focus()
    keep(make_event("answered") | same(call))
    expect(event_row(page, "answered")).to_be_visible()
    keep(record_event(seconds=20) | {"conversation_uuid": call.conversation_uuid})
    look(5)
    expect(page.locator("#recordings section")).to_have_count(1)
    keep(make_event("completed", duration="3", price="0.00022500") | same(call))
    expect(page.locator("#story")).to_contain_text("left a 20 s message")
    expect(page.locator(read)).to_be_focused()
    page.wait_for_timeout(500)  # what moves late
    shifts = page.evaluate("window.shifts")
    assert sum(value for value, _ in shifts) < 0.01, shifts
    page.reload()
    tops = [page.locator(part).bounding_box() for part in ("#recordings", "#events")]
    assert size == DESK or tops[0]["y"] < tops[1]["y"]  # type: ignore[index]


def test_logged_out_is_told_in_a_sentence(open_page: Opens) -> None:
    call = make_ringing()
    page = open_page(f"/calls/{call.pk}/")
    Session.objects.all().delete()
    expect(page.locator("[data-call-note]")).to_contain_text("You are logged out")
    page.get_by_role("link", name="Log in").click()
    expect(page).to_have_url(f"{page.url.partition('/login')[0]}/login/?next=/calls/{call.pk}/")


def test_server_that_is_away_is_told_and_found_again(open_page: Opens) -> None:
    call = make_ringing()
    page = open_page(f"/calls/{call.pk}/")
    page.context.set_offline(True)
    expect(page.locator("[data-call-note]")).to_contain_text("Not live since")
    page.context.set_offline(False)
    expect(page.locator("[data-call-note]")).to_be_hidden()


def test_call_that_is_over_is_left_alone(open_page: Opens) -> None:
    call = make_call(at=datetime.now(UTC) - timedelta(hours=1))
    call.events.update(received_at=datetime.now(UTC) - timedelta(hours=1))
    page = open_page(f"/calls/{call.pk}/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(3_000 / HASTE)
    assert [url for url in asked if "/static/" not in url] == []  # the browser fetches the tab's icon when it likes


def test_arrow_keys_lead_through_the_chart_and_enter_opens_the_row(open_page: Opens) -> None:
    page = open_page(f"/calls/{make_full_call().pk}/")
    tip = page.locator(".chart-tip")
    page.locator(".chart-scroll").focus()
    page.keyboard.press("ArrowRight")
    expect(tip).to_contain_text("0.000 s")
    page.keyboard.press("ArrowUp")  # to what is nearest on the caller's lane: the keys pressed
    expect(tip).to_contain_text("Pressed 12")
    page.keyboard.press("Enter")
    row = event_row(page, "dtmf").filter(has_text="Pressed 1")
    expect(row.locator("details")).to_have_attribute("open", "")
    expect(row.locator("summary")).to_be_focused()
    expect(tip).to_be_hidden()


def test_mark_under_the_pointer_is_told_and_opens_its_row(open_page: Opens) -> None:
    page = open_page(f"/calls/{make_full_call().pk}/")
    mark = page.locator("#chart .chart-mark").filter(has=page.locator(".chart-unknown"))
    mark.hover()
    expect(page.locator(".chart-tip")).to_contain_text("Something we don’t know yet")
    mark.click()
    expect(event_row(page, "rtc:leg:quality").locator("details")).to_have_attribute("open", "")


def test_chart_of_a_phone_is_shown_on_demand(open_page: Opens) -> None:
    page = open_page(f"/calls/{make_full_call().pk}/", size=PHONE)
    expect(page.locator("#chart")).to_be_hidden()
    page.get_by_text("Show the chart").click()
    expect(page.locator("#chart")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_zoom_is_a_link(open_page: Opens) -> None:
    page = open_page(f"/calls/{make_full_call().pk}/")
    assert page.locator("[data-fold]").count() > 0
    page.get_by_role("link", name="Unfold").click()
    expect(page.locator("[data-fold]")).to_have_count(0)
    expect(page.get_by_role("link", name="Unfold")).to_have_attribute("aria-current", "true")


def test_markup_from_outside_runs_nowhere(open_page: Opens) -> None:
    nasty = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    names: dict[str, Any] = {"from": nasty, "to": nasty}
    call = make_call("started", extra=[{"type": nasty, nasty: nasty}], **names)
    page = open_page(f"/calls/{call.pk}/")
    asked: list[str] = []
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    page.locator(".chart-scroll").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".event-term").last).to_contain_text("<img src=x onerror")
    assert not asked
    assert page.locator("main img, main script").count() == 0
