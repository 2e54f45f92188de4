"""What our steps make is taken by the official models of the SDK, too: a second opinion beside our own rules."""

from typing import Any

import pytest
from pydantic import ValidationError
from vonage_voice import models

from calls.flows.routing import directory
from calls.flows.steps import STEPS
from calls.vonage import ncco
from tests.factories import CALLER, OURS, PERSON
from tests.flows.drafts import publish_flow

MODELS: dict[str, Any] = {
    "talk": models.Talk,
    "stream": models.Stream,
    "input": models.Input,
    "record": models.Record,
    "connect": models.Connect,
    "conversation": models.Conversation,
    "notify": models.Notify,
    "wait": models.Wait,
}
PHONE = {"type": "phone", "to": PERSON}
SETTINGS: dict[str, dict[str, Any]] = {
    "greeting": {"text": "Good day.", "loop": 2, "level": 0.5},
    "audio": {"url": "https://example.com/a.mp3", "level": -0.5},
    "menu": {"prompt": "Press 1.", "speech": True},
    "voicemail": {"prompt": "Speak.", "silence": 4, "key": "#"},
    "forward": {"targets": [PHONE], "ring_seconds": 30, "longest": 600, "whisper": "A call."},
    "room": {"room": "team", "record": True, "music": "https://example.com/m.mp3"},
    "digits": {"prompt": "Your order?", "most": 6},
    "notify": {"url": "https://example.com/hook", "payload": {"topic": "orders"}},
    "wait": {"seconds": 2.5},
    "hangup": {"text": "Goodbye."},
}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", sorted(SETTINGS))
def test_official_models_take_what_a_step_makes(kind: str, settings: Any) -> None:
    settings.OUTBOUND_COUNTRIES = ["GB"]
    settings.BASE_URL = "https://calls.example.com"
    publish_flow("Line", (kind, SETTINGS[kind], {"1 sales": "hang up"} if kind == "menu" else {}))
    said = directory.answer(OURS, CALLER).ncco
    assert ncco.errors(said) == []
    for action in said:
        given = {"from_" if name == "from" else name: value for name, value in action.items()}  # as Python can say it
        kept = MODELS[action["action"]].model_validate(given).model_dump(by_alias=True, exclude_none=True, mode="json")
        assert {name for name in action if name not in kept} == set(), action


def test_all_kinds_that_make_actions_of_their_own_are_here() -> None:
    assert set(STEPS) - set(SETTINGS) == {"goto", "hours", "ncco"}


@pytest.mark.parametrize(
    "action",
    [
        {"action": "talk", "text": ""},
        {"action": "talk", "text": "Hi", "level": 3},
        {"action": "record", "endOnSilence": 99},
        {"action": "connect", "endpoint": [{"type": "phone", "number": "nobody"}]},
        {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 99}},
        {"action": "conversation"},
        {"action": "notify", "payload": {}},
    ],
)
def test_what_both_refuse(action: dict[str, Any]) -> None:
    assert ncco.errors([action])
    if action != {"action": "talk", "text": ""}:  # theirs takes silence
        with pytest.raises(ValidationError):
            MODELS[action["action"]].model_validate(action)
