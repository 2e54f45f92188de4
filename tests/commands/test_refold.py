"""manage.py refold: says what changed, in how many rows, and refuses what makes no sense."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from calls.models import Call, CallEvent, Leg
from tests.factories import keep, make_call

pytestmark = pytest.mark.django_db


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def refold(*words: str, **options: Any) -> str:
    """Run the command, give what it says."""
    out = StringIO()
    call_command("refold", *words, stdout=out, stderr=options.pop("stderr", StringIO()), **options)
    return out.getvalue()


@pytest.fixture
def garbled() -> list[Call]:
    calls = [make_call(), make_call("started", "busy"), make_call()]
    Leg.objects.filter(call=calls[1]).update(status="garbled")
    Call.objects.filter(pk__in=[calls[0].pk, calls[1].pk]).update(outcome="failed")
    CallEvent.objects.filter(status="busy").update(kind="unknown", rank=0)
    return calls


def test_it_says_what_changed(garbled: list[Call]) -> None:
    keep({"hello": "world"})
    assert refold() == ("3 calls and 1 event without a call were read again; 2 calls, 1 leg, 1 event changed.\n")
    assert refold() == "3 calls and 1 event without a call were read again; nothing changed.\n"


def test_a_dry_run_says_what_would_change(garbled: list[Call]) -> None:
    said = "3 calls and 0 events without a call were read again; 2 calls, 1 leg, 1 event would change.\n"
    assert refold("--dry-run") == said
    assert refold("--dry-run") == said
    assert Leg.objects.filter(status="garbled").exists()


def test_verbose_names_the_rows_and_their_columns(garbled: list[Call]) -> None:
    lines = refold("-v", "2").splitlines()[:-1]
    busy = CallEvent.objects.get(status="busy")
    leg = Leg.objects.get(call=garbled[1])
    assert sorted(lines) == sorted(
        [
            f"call {garbled[0].pk}: outcome",
            f"call {garbled[1].pk}: outcome",
            f"leg {leg.uuid}: status",
            f"event {busy.pk}: kind, rank",
        ]
    )


def test_one_call_by_its_number_or_any_of_its_names(garbled: list[Call]) -> None:
    leg = Leg.objects.get(call=garbled[1])
    for name in (str(garbled[1].pk), leg.uuid, garbled[1].conversation_uuid):
        said = refold("--dry-run", "--call", name)
        assert said == "1 call and 0 events without a call were read again; 1 call, 1 leg, 1 event would change.\n"


def test_calls_that_were_told_of_since_a_time(garbled: list[Call]) -> None:
    CallEvent.objects.filter(call=garbled[1]).update(received_at="2026-03-02T10:00:00Z")
    for since in ("2026-03-03", "2026-03-02T10:01", "2026-03-02T11:01+01:00"):
        assert refold("--dry-run", "--since", since).startswith("2 calls and 0 events")
    assert refold("--dry-run", "--since", "2026-03-02 10:00Z").startswith("3 calls and 0 events")


@pytest.mark.parametrize("since", ["yesterday", "2026-02-30", "", "12:00"])
def test_a_time_that_is_none_is_refused(since: str) -> None:
    with pytest.raises(CommandError, match="is no time"):
        refold("--since", since)


@pytest.mark.parametrize("name", ["9999999", "CON-nobody", "", "9" * 400, "٣"])
def test_a_call_that_is_not_there_is_told(name: str) -> None:
    with pytest.raises(CommandError, match="There is no call"):
        refold("--call", name)


def test_a_sealed_call_is_not_read_again(garbled: list[Call]) -> None:
    Call.objects.filter(pk=garbled[1].pk).update(sealed=True)
    with pytest.raises(CommandError, match=f"Call {garbled[1].pk} is sealed: its payloads were emptied"):
        refold("--call", str(garbled[1].pk))
    assert refold() == "2 calls and 0 events without a call were read again; 1 call, 0 legs, 0 events changed.\n"


def test_a_terminal_sees_how_far_it_is(garbled: list[Call]) -> None:
    screen = Terminal()
    refold(stderr=screen)
    assert "█" * 30 + "  3 of 3" in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[K")


def test_a_log_sees_nothing_of_it(garbled: list[Call]) -> None:
    log = StringIO()
    refold(stderr=log)
    assert log.getvalue() == ""
