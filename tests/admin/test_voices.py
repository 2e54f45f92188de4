"""The voice picker as a form field: what is sent becomes a voice, or a reason why not."""

import pytest
from django import forms
from django.http import QueryDict

from calls.admin.voices import FLOWS_VOICE, Chosen, VoiceField, flows_by_voice, old_names
from calls.vonage import voices
from tests.flows.drafts import make_flow

pytestmark = pytest.mark.django_db

EMMA = Chosen("en-GB", 1)


class StepForm(forms.Form):
    prompt = VoiceField(default=EMMA)
    voice = VoiceField()


def sent(**fields: str) -> StepForm:
    data = QueryDict(mutable=True)
    data.update({"one-voice": "en-AU:3"} | {f"one-{name}": value for name, value in fields.items()})
    return StepForm(data, prefix="one")


@pytest.mark.parametrize(
    ("fields", "chosen"),
    [
        ({"voice": "en-GB:1"}, EMMA),
        ({"voice": "en-GB:1", "voice_old_name": " rUSSELL "}, Chosen("en-AU", 3)),
        ({"voice": "", "voice_old_name": "Chipmunk"}, Chosen("en-US", 8)),
        ({"voice": "en-US:9", "voice_premium": "on"}, Chosen("en-US", 9, True)),
        ({"voice": "ca-ES:3", "voice_premium": "on"}, Chosen("ca-ES", 3, True)),
    ],
)
def test_what_is_sent_becomes_a_voice(fields: dict[str, str], chosen: Chosen) -> None:
    form = sent(**fields)
    assert form.is_valid(), form.errors
    assert form.cleaned_data == {"voice": chosen, "prompt": FLOWS_VOICE}
    assert voices.find(chosen.language, chosen.style)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"voice": ""}, "No voice is chosen. Choose one, or fill in an old name."),
        ({"voice": "xx-XX:0"}, "There is no voice “xx-XX:0”. Choose one of the list."),
        ({"voice": "en-GB"}, "There is no voice “en-GB”."),
        ({"voice_old_name": "Rusell"}, "Did you mean Russell?"),
        ({"voice_old_name": "x" * 5_000}, "No voice was ever called “xxx"),
        ({"voice_premium": "on"}, "English (Australia), style 3 has no premium variant."),
        ({"voice": "ca-ES:3"}, "is premium only, which costs more. Switch premium on."),
    ],
)
def test_what_is_no_voice_is_refused_with_a_reason(fields: dict[str, str], reason: str) -> None:
    form = sent(**fields)
    assert not form.is_valid()
    (error,) = map(str, form.errors["voice"])
    assert reason in error
    assert len(error) < 200


def test_the_flows_voice_is_the_first_choice_where_there_is_one() -> None:
    form = StepForm()
    first = '<option value="">The flow’s voice: English (United Kingdom), style 1, female, was Emma</option>'
    assert first in str(form["prompt"])
    assert 'data-default="en-GB:1"' in str(form["prompt"])
    assert "The flow’s voice" not in str(form["voice"])


@pytest.mark.parametrize(
    ("initial", "selected"), [(EMMA, "Style 1, female, was Emma"), (Chosen("lt-LT", 2), "Style 2, which is not in")]
)
def test_what_is_kept_is_what_is_selected(initial: Chosen, selected: str) -> None:
    html = str(StepForm(initial={"voice": initial})["voice"])
    assert html.count(" selected") == 1
    assert html.partition(" selected")[2].partition(">")[2].startswith(selected)


def test_a_form_that_comes_back_holds_what_was_typed() -> None:
    html = str(sent(voice_old_name='<b>"Rusell', voice_premium="on")["voice"])
    assert 'value="&lt;b&gt;&quot;Rusell"' in html
    assert 'id="id_one-voice_premium" checked' in html
    assert 'value="en-AU:3" selected' in html


def test_it_knows_whether_it_was_changed() -> None:
    def changed(initial: Chosen, **fields: str) -> list[str]:
        kept = {"voice": initial, "prompt": FLOWS_VOICE}
        return list(StepForm(sent(**fields).data, prefix="one", initial=kept).changed_data)

    assert changed(Chosen("en-AU", 3)) == []
    assert changed(EMMA) == ["voice"]
    assert changed(Chosen("en-AU", 3), voice_old_name="nobody") == ["voice"]


def test_every_old_name_is_one_and_means_a_voice() -> None:
    names = old_names()
    assert len(names) == len(set(names)) > 90
    assert all(voices.by_name(name) for name in names)


def test_each_voice_is_an_option_once() -> None:
    html = str(StepForm()["voice"])
    assert all(html.count(f'value="{voice.code}"') == 1 for voice in voices.VOICES)
    assert len(html) < 50_000


def test_a_card_tells_in_how_many_flows_its_voice_speaks() -> None:
    for name in ("One", "Two"):
        make_flow(
            name, ("greeting", {"text": "Hi", "language": "en-GB", "style": 1}, {}), ("menu", {"language": ""}, {})
        )
    make_flow("Silent", ("wait", {}, {}))
    assert flows_by_voice() == {"en-GB:1": 2, "en-AU:3": 2}
    html = str(StepForm())
    assert 'value="en-GB:1" data-used="2 flows"' in html
    assert html.count("data-used") == 4  # of two pickers
