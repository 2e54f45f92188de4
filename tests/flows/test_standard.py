"""Sentences and times that we bring along: in the language of whoever speaks them, or else told to be foreign."""

from datetime import UTC, datetime
from typing import Any

import pytest

from calls.flows import engine, standard, text, times
from calls.flows.compile import compile_draft
from calls.flows.draft import add_step, speak
from calls.flows.importing import take_in
from calls.flows.standard import GOODBYE, NO_ANSWER, NOT_A_CHOICE, NOTICE, OUT_OF_ORDER, SENTENCES
from calls.flows.steps.spoken import FLOWS_VOICE
from calls.models import Block, BlockAction, BlockKind, CallFlow, Step
from calls.vonage import voices
from tests.factories import CALLER, OURS, PERSON
from tests.flows.drafts import make_flow, publish_flow
from tests.flows.walking import came, press, ring, said

GERMAN: dict[str, Any] = {"language": "de-DE", "style": 0}
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)  # a Monday


@pytest.mark.once
def test_each_sentence_is_there_in_each_language_and_is_no_other() -> None:
    for english, others in SENTENCES.items():
        assert set(times.WORDS) <= set(others), english
    every = [one for english, others in SENTENCES.items() for one in {english, *others.values()}]
    assert len(every) == len(set(every))
    for code, _ in voices.languages():
        for english in SENTENCES:
            spoken = standard.spoken(english, code)
            assert (spoken is not None) == (standard.base_of(code) in times.LANGUAGES), (english, code)
            assert spoken is None or standard.foreign(spoken, code) == ""


@pytest.mark.once
@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en-GB", "today at 14:00; tomorrow at 01:00; on Thursday at 09:00; on 1 December at 09:00"),
        ("de-AT", "heute um 14:00 Uhr; morgen um 01:00 Uhr; am Donnerstag um 09:00 Uhr; am 1. Dezember um 09:00 Uhr"),
        ("fr-CA", "aujourd’hui à 14:00; demain à 01:00; jeudi à 09:00; le 1er décembre à 09:00"),
        ("es-MX", "hoy a las 14:00; mañana a la 01:00; el jueves a las 09:00; el 1 de diciembre a las 09:00"),
        ("it-IT", "oggi alle 14:00; domani all’01:00; giovedì alle 09:00; il primo dicembre alle 09:00"),
        ("pt-BR", "hoje às 14:00; amanhã à 01:00; na quinta-feira às 09:00; em 1º de dezembro às 09:00"),
        ("nl-NL", "vandaag om 14:00 uur; morgen om 01:00 uur; donderdag om 09:00 uur; op 1 december om 09:00 uur"),
        ("pl-PL", "dzisiaj o 14:00; jutro o 01:00; w czwartek o 09:00; 1 grudnia o 09:00"),
        ("sv-SE", "i dag klockan 14:00; i morgon klockan 01:00; på torsdag klockan 09:00; den 1 december klockan 09:00"),  # noqa: E501
        ("da-DK", "i dag klokken 14:00; i morgen klokken 01:00; på torsdag klokken 09:00; den 1. december klokken 09:00"),  # noqa: E501
        ("ja-JP", "today at 14:00; tomorrow at 01:00; on Thursday at 09:00; on 1 December at 09:00"),
    ],
)  # fmt: skip
def test_a_time_ahead_is_told_in_the_language_of_the_voice(language: str, told: str) -> None:
    ahead = [NOW.replace(hour=14), NOW.replace(day=24, hour=1), NOW.replace(day=26, hour=9)]
    ahead.append(datetime(2026, 12, 1, 9, tzinfo=UTC))
    assert "; ".join(times.in_words(moment, NOW, UTC, language) for moment in ahead) == told


@pytest.mark.once
def test_a_time_of_another_year_says_so() -> None:
    assert times.in_words(datetime(2027, 12, 1, 9, tzinfo=UTC), NOW, UTC, "pl-PL") == "1 grudnia 2027 roku o 09:00"


@pytest.mark.django_db
def test_a_new_step_speaks_the_language_of_its_flow_and_follows_it() -> None:
    flow = CallFlow.objects.create(name="Bestellungen", **GERMAN)
    menu = add_step(flow, "menu")
    assert menu.settings["wrong"] == "Das steht leider nicht zur Auswahl."
    add_step(flow, "voicemail")
    own = Step.objects.create(flow=flow, kind="menu", settings={"wrong": NOT_A_CHOICE, "language": "en-GB"})
    flow.language = "fr-FR"
    speak(flow)
    told = [step.settings["wrong"] for step in flow.steps.filter(kind="menu").order_by("pk")]
    assert told == ["Désolé, ce choix n’existe pas.", NOT_A_CHOICE]
    assert own.settings["wrong"] == NOT_A_CHOICE
    assert flow.steps.get(kind="voicemail").settings["notice"] == "Cet appel est enregistré."


@pytest.mark.django_db
def test_what_a_text_leaves_out_is_in_the_language_of_the_voice_and_left_out_again() -> None:
    given = {
        "callflow": 1,
        "name": "Ordini",
        "voice": {"language": "it-IT", "style": 0, "premium": False},
        "steps": [
            {"kind": "menu", "settings": {"prompt": "Premi 1."}, "leads": {"1": {"to": "hang up"}}},
            {"kind": "voicemail", "settings": {"notice": NOTICE, "language": "en-GB"}},
        ],
    }
    flow = take_in(text.read(text.as_json(given).encode()))
    menu, voicemail = flow.steps.in_order()
    assert menu.settings["wrong"] == "Spiacenti, questa non è una delle opzioni."
    assert voicemail.settings["thanks"] == "Thank you. Goodbye."
    assert text.export(flow)["steps"] == [given["steps"][0], {"kind": "voicemail", "settings": {"language": "en-GB"}}]  # type: ignore[index]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "warned"),
    [
        ("de-DE", ["“This call is recorded.” is English … Write “Dieser Anruf wird aufgezeichnet.”"]),
        ("ja-JP", ["{hours.next_open} is said in English", "the voice speaks Japanese. Write it in that language"]),
        ("en-US", []),
    ],
)
def test_publishing_warns_of_what_a_voice_of_another_language_would_read(language: str, warned: list[str]) -> None:
    flow = make_flow(
        "Line",
        ("greeting", FLOWS_VOICE | {"text": "9: {hours.next_open}!"}, {}),
        ("voicemail", {"prompt": "…!", "thanks": "", "notice": NOTICE}, {}),
        language=language,
        style=0,
    )
    found = [one.message for one in compile_draft(flow).warnings if "voice speaks" in one.message]
    assert len(found) == len(warned)
    for message, words in zip(found, warned, strict=True):
        assert all(part in message for part in words.split(" … "))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("pressed", "wrong", "heard"),
    [
        ("7", "Falsch.", ["Falsch.", "Auf Wiederhören."]),
        (None, "Falsch.", ["Leider haben wir keine Antwort von Ihnen erhalten. Auf Wiederhören."]),
        ("7", "", ["Leider haben wir keine Antwort von Ihnen erhalten. Auf Wiederhören."]),
    ],
)
@pytest.mark.parametrize("end", [{}, {"end": "hang up"}])
def test_a_menu_never_ends_without_a_word(
    pressed: str | None, wrong: str, heard: list[str], end: dict[str, str]
) -> None:
    publish_flow("Line", ("menu", {"prompt": "Eins?", "tries": 1, "wrong": wrong}, {"1": "hang up", **end}), **GERMAN)
    served = press(ring(), pressed)
    assert said(served) == heard
    assert {talk["language"] for talk in served.ncco} == {"de-DE"}  # type: ignore[union-attr]


@pytest.mark.django_db
def test_digits_that_nobody_keyed_in_end_with_a_goodbye() -> None:
    publish_flow(
        "Line", ("digits", {"prompt": "Number?", "tries": 1, "nothing": "Nothing came."}, {"nothing": "hang up"})
    )
    assert said(press(ring())) == ["Nothing came.", GOODBYE]


@pytest.mark.django_db
def test_who_reaches_nobody_hears_so_unless_the_end_was_chosen() -> None:
    targets = {"targets": [{"type": "phone", "to": PERSON}]}
    publish_flow("Line", ("forward", targets, {"failed": "hang up"}), **GERMAN)
    assert said(came(ring(), "busy")) == ["Leider kann Ihr Anruf im Moment nicht angenommen werden. Auf Wiederhören."]
    ended = came(ring(), "failed")
    assert ended
    assert ended.ncco == engine.NOTHING_MORE


@pytest.mark.django_db
def test_what_nobody_could_write_is_said_in_the_voice_that_spoke_last_or_in_english() -> None:
    publish_flow("Line", ("menu", {"prompt": "Raz?", "language": "pl-PL"}, {"1": "again"}), **GERMAN)
    last = ring().ncco[-1]
    assert (last["text"], last["language"]) == (standard.spoken(OUT_OF_ORDER, "pl-PL"), "pl-PL")
    Step.objects.update(settings={"prompt": "一?", "tries": 1, "wrong": "", "language": "ja-JP"})
    publish_flow(
        "Other", ("menu", {"prompt": "一?", "tries": 1, "language": "ja-JP"}, {"1": "again"}), number="442079460001"
    )
    served = ring(to="442079460001")
    assert served.ncco[-1:] == engine.OUT_OF_ORDER
    talk = press(served).ncco[0]  # type: ignore[union-attr]
    assert (talk["text"], talk["language"]) == (NO_ANSWER, "en-GB")


@pytest.mark.django_db
def test_the_mailbox_of_blocked_callers_speaks_as_the_flow_does() -> None:
    Block.objects.create(kind=BlockKind.EXACT, pattern=CALLER, action=BlockAction.VOICEMAIL)
    publish_flow("Line", ("greeting", {"text": "Guten Tag."}, {}), number=OURS, **GERMAN)
    assert said(ring())[0] == "Dieser Anruf wird aufgezeichnet."
