"""/api/flows/: drafts in their text form, what is wrong with them, and versions that go live."""

from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from calls.flows.draft import editing
from calls.models import CallerRule, CallFlow, FlowVersion, Publication, Tag, User
from tests.api.reading import get, problem, send
from tests.conftest import Get
from tests.factories import CALLER, OURS
from tests.flows.drafts import make_flow, publish_flow

pytestmark = pytest.mark.django_db
FLOWS = "/api/flows/"
GREETING = {"kind": "greeting", "settings": {"text": "Good day."}}
TEXT = {
    "callflow": 1,
    "name": "Orders",
    "voice": {"language": "en-GB", "style": 1, "premium": False},
    "steps": [GREETING, {"kind": "menu", "settings": {"prompt": "Press 1."}, "leads": {"1": {"to": {"step": 1}}}}],
}
YAML = "callflow: 1\nname: Orders\nsteps:\n  - kind: greeting\n    settings: {text: Good day.}\n"


def hear(get_answer: Get) -> str:
    return str(get_answer({"to": OURS, "from": CALLER}).content.decode())


def flow_of(name: str = "Orders", text: str = "Good day.") -> CallFlow:
    return publish_flow(name, ("greeting", {"text": text}, {}))


def test_a_list_of_flows_says_what_is_live_and_who_changed_the_draft(api: Client, staff: User) -> None:
    make_flow("Draft alone")
    live = flow_of()
    live.touch(staff)
    one, other = get(api, FLOWS)["results"]
    assert list(one) == [
        *["id", "name", "language", "style", "premium", "steps", "numbers", "live_version", "newest_version"],
        *["changed_at", "changed_by"],
    ]
    assert (one["name"], one["steps"], one["numbers"], one["live_version"]) == ("Orders", 1, 1, 1)
    assert (one["newest_version"], one["changed_by"]) == (1, staff.username)
    assert (other["steps"], other["numbers"], other["live_version"], other["changed_by"]) == (0, 0, None, None)
    assert get(api, f"{FLOWS}{live.pk}/") == one
    assert [flow["name"] for flow in get(api, FLOWS, q="draft")["results"]] == ["Draft alone"]
    assert [flow["name"] for flow in get(api, FLOWS, number=OURS)["results"]] == ["Orders"]


def test_a_flow_is_made_edited_published_and_heard(api: Client, get_answer: Get) -> None:
    made = send(api, "post", FLOWS, TEXT, status=201)
    draft = made["Location"]
    address = draft.removesuffix("draft/")
    read = send(api, "get", draft)
    assert read.json() == made.json()
    assert read["ETag"] == made["ETag"]
    assert (read.json()["name"], read.json()["voice"], len(read.json()["steps"])) == ("Orders", TEXT["voice"], 2)
    send(api, "post", "/api/numbers/", {"msisdn": OURS, "flow": CallFlow.objects.get().pk}, status=201)
    changed = send(api, "put", draft, {**TEXT, "steps": [GREETING]}, If_Match=read["ETag"])
    assert changed["ETag"] != read["ETag"]
    assert "Good day." not in hear(get_answer)
    version = send(api, "post", f"{address}publish/", {"note": "First."}, status=201, If_Match=changed["ETag"]).json()
    assert (version["number"], version["live"], version["note"], version["author"]) == (1, True, "First.", "sam")
    assert "Good day." in hear(get_answer)


def test_a_draft_goes_in_and_out_as_yaml(api: Client) -> None:
    made = api.post(FLOWS, YAML, content_type="application/yaml")
    assert made.status_code == 201
    told = api.get(made["Location"], headers={"Accept": "application/yaml"})
    assert told["Content-Type"].startswith("application/yaml")
    assert yaml.safe_load(told.content)["steps"] == [GREETING]
    text, headers = (
        told.content.replace(b"Good day.", b"Good night."),
        {"If-Match": told["ETag"], "Idempotency-Key": "k"},
    )
    first, again = (
        api.put(made["Location"], text, content_type="application/yaml", headers=headers).json() for _ in range(2)
    )
    assert first == again
    assert first["steps"][0]["settings"]["text"] == "Good night."
    refused = api.put(made["Location"], b"steps: [", content_type="application/yaml", headers={"If-Match": "*"})
    assert (refused.status_code, refused["Content-Type"]) == (400, "application/problem+json")


def test_who_writes_over_the_change_of_another_is_told(api: Client, staff: User) -> None:
    flow = flow_of()
    draft = f"{FLOWS}{flow.pk}/draft/"
    mine = send(api, "get", draft)["ETag"]
    olga = User.objects.create_user("olga", first_name="Olga")
    with editing(flow, by=olga):
        flow.steps.update(settings={"text": "Olga's."})
    told = problem(api, "put", draft, TEXT, status=412, If_Match=mine)
    assert "Olga changed this flow" in told["detail"]
    assert flow.steps.get().settings == {"text": "Olga's."}
    assert "If-Match" in problem(api, "put", draft, TEXT, status=428)["detail"]
    assert problem(api, "post", f"{FLOWS}{flow.pk}/publish/", {}, status=412, If_Match=mine)["detail"]
    theirs = send(api, "get", draft)["ETag"]
    send(api, "put", draft, TEXT, If_Match=f"{mine}, {theirs}")
    send(api, "put", draft, TEXT, If_Match="*")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ({}, "callflow: 1"),
        ({"callflow": 1, "name": "", "steps": []}, "name"),
        ({**TEXT, "steps": [{"kind": "greting"}]}, "Did you mean “greeting”?"),
        ({**TEXT, "steps": [{"kind": "hours", "settings": {"hours": "Shop"}}]}, "there is no opening hours “Shop”"),
        ({**TEXT, "steps": [{**GREETING, "leads": {"next": {"to": {"flow": "None"}}}}]}, "there is no flow “None”"),
        ({**TEXT, "voice": {"style": -1}}, "0"),
        ({**TEXT, "name": "a\u0000b"}, "U+0000"),
        ({**TEXT, "steps": [{"kind": "ncco", "settings": {"actions": [float("nan")]}}]}, "infinite"),
    ],
)
def test_a_text_that_is_no_flow_says_all_that_is_wrong(api: Client, text: Any, words: str) -> None:
    flow = flow_of("Sales")
    for verb, address in (("post", FLOWS), ("put", f"{FLOWS}{flow.pk}/draft/")):
        told = problem(api, verb, address, text, status=400, If_Match="*")
        assert words in " ".join(told["errors"]["draft"])
    assert flow.steps.get().settings["text"] == "Good day."


def test_a_name_that_another_flow_has_is_a_conflict(api: Client) -> None:
    flow_of()
    other = make_flow("Sales")
    assert "Orders" in problem(api, "post", FLOWS, TEXT, status=409)["detail"]
    problem(api, "put", f"{FLOWS}{other.pk}/draft/", TEXT, status=409, If_Match="*")


def test_a_draft_that_is_wrong_is_not_published_and_lint_says_where(api: Client) -> None:
    flow = make_flow("Orders", ("greeting", {"text": "Hello."}, {}), ("greeting", {"text": ""}, {}))
    found = get(api, f"{FLOWS}{flow.pk}/lint/")
    assert (found["publishable"], [one["step"] for one in found["errors"]]) == (False, [2])
    assert found["errors"][0]["message"]
    told = problem(api, "post", f"{FLOWS}{flow.pk}/publish/", {}, status=422)
    assert told["errors"]["draft"][0].endswith(found["errors"][0]["message"])
    assert not FlowVersion.objects.exists()
    fine = get(api, f"{FLOWS}{flow_of('Sales').pk}/lint/")
    assert (fine["publishable"], fine["errors"]) == (True, [])


def test_an_earlier_version_is_brought_back_and_the_list_says_which_is_live(api: Client, get_answer: Get) -> None:
    flow = flow_of(text="First.")
    address = f"{FLOWS}{flow.pk}/"
    flow.steps.update(settings={"text": "Second."})
    send(api, "post", f"{address}publish/", {}, status=201, Idempotency_Key="k")
    assert "Second." in hear(get_answer)
    told = send(api, "post", f"{address}versions/1/publish/", {"note": "Back."}, status=201).json()
    assert (told["number"], told["live"]) == (1, True)
    assert "First." in hear(get_answer)
    versions = get(api, f"{address}versions/")["results"]
    assert [(one["number"], one["live"]) for one in versions] == [(2, False), (1, True)]
    one = get(api, f"{address}versions/1/")
    assert one["program"]["name"] == "Orders"
    publications = get(api, f"{address}publications/")["results"]
    assert list(publications[0]) == ["id", "version", "from_at", "until_at", "note", "by", "made_at"]
    assert [(one["version"], one["note"]) for one in publications] == [(1, "Back."), (2, ""), (1, "")]


def test_a_version_is_planned(api: Client) -> None:
    flow = flow_of()
    begins = timezone.now() + timedelta(hours=1)
    times = {"from_at": begins.isoformat(), "until_at": (begins + timedelta(hours=1)).isoformat()}
    send(api, "post", f"{FLOWS}{flow.pk}/versions/1/publish/", times, status=201)
    planned = Publication.objects.latest("pk")
    assert (planned.from_at, planned.until_at) == (begins, begins + timedelta(hours=1))
    past = {"from_at": "2020-01-01T00:00Z"}
    for act in ("publish/", "versions/1/publish/"):
        told = problem(api, "post", f"{FLOWS}{flow.pk}/{act}", past, status=400)
        assert "has passed" in told["errors"]["from_at"][0]


@pytest.mark.parametrize("rest", ["", "draft/", "lint/", "versions/", "versions/1/", "publications/"])
def test_a_flow_that_is_not_there_is_a_404(api: Client, rest: str) -> None:
    problem(api, "get", f"{FLOWS}9/{rest}", status=404)
    problem(api, "get", f"{FLOWS}{'9' * 30}/{rest}", status=404)


def test_a_version_of_another_flow_is_a_404(api: Client) -> None:
    flow_of()
    other = make_flow("Sales")
    problem(api, "get", f"{FLOWS}{other.pk}/versions/1/", status=404)
    problem(api, "post", f"{FLOWS}{other.pk}/versions/1/publish/", {}, status=404)


@pytest.mark.parametrize("count", [1, 12])
def test_lists_cost_the_same_queries(
    api: Client, staff: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    flow = flow_of()
    for serial in range(count):
        make_flow(f"Flow {serial}", ("greeting", {"text": "Hello."}, {})).touch(staff)
        version = FlowVersion.objects.create(flow=flow, number=serial + 2, program={}, author=staff)
        Publication.objects.create(flow=flow, version=version, by=staff)
    get(api, FLOWS)
    with django_assert_num_queries(2):
        assert len(get(api, FLOWS)["results"]) == count + 1
    with django_assert_num_queries(4):  # the token, the flow, which is live, the versions
        assert len(get(api, f"{FLOWS}{flow.pk}/versions/")["results"]) == count + 1
    with django_assert_num_queries(3):
        assert len(get(api, f"{FLOWS}{flow.pk}/publications/")["results"]) == count + 1


def test_a_flow_is_removed_with_its_versions_once_nothing_leads_there(api: Client, get_answer: Get) -> None:
    shop = publish_flow("Shop", ("greeting", {"text": "Good day."}, {}), number="")
    menu = publish_flow("Menu", ("menu", {"prompt": "Press 1."}, {"1": "Shop"}))
    vip = CallerRule.objects.create(tag=Tag.objects.named(["vip"])[0], flow=shop)
    address = f"{FLOWS}{shop.pk}/"

    def refused() -> str:
        return str(problem(api, "delete", address, status=409)["detail"])

    assert refused() == (
        "Callers come to “Shop” from the rule vip → Shop, Menu: 1 Menu, Menu v1, which callers hear. "
        "Lead them elsewhere first, and publish."
    )
    vip.delete()
    menu.steps.all().delete()
    assert "from Menu v1, which callers hear." in refused()
    publish_flow("Other", ("greeting", {"text": "Hello."}, {}), number="442079460001")
    assert OURS in str(problem(api, "delete", f"{FLOWS}{menu.pk}/", status=409)["detail"])
    FlowVersion.objects.filter(flow=menu).delete()
    send(api, "delete", address, status=204)
    problem(api, "get", address, status=404)
    assert not FlowVersion.objects.filter(flow=shop.pk).exists()
