"""Forms of steps that put callers through to people, or take what they say: voicemail, forward, room."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms

from calls.admin.steps.form import SpokenText, StepForm
from calls.admin.steps.phones import PhonesField
from calls.admin.steps.spoken import FILLED
from calls.flows.naming import KEYS
from calls.flows.steps.forward import CALLERS, OURS
from calls.models import PhoneNumber
from calls.vonage import numbers

MOST_SHOWN = 100  # of our numbers, in one list
NOTICE_OFF = "Left empty, the notice is said. Many countries forbid to record without one: a reason given here is kept."
NOTICE = ("notice", "notice_off_reason")


class RecordedForm(StepForm):
    """A step that records: with a notice, or with the reason why there is none."""

    where: ClassVar[Sequence[tuple[str, str]]] = (("notice", "notice"),)

    notice = SpokenText(rows=2, label="Notice", help_text="Said before it records.")
    notice_off_reason = forms.CharField(label="No notice because", required=False, max_length=200, help_text=NOTICE_OFF)


class VoicemailForm(RecordedForm):
    main = "prompt"
    where = (
        ("notice", "notice"),
        ("message may last", "seconds"),
        ("of silence", "silence"),
        ("is no key", "key"),
    )
    end_labels = {"next": "After the message"}
    order = ("name", "prompt", "beep", "seconds", "silence", "key", "thanks", *NOTICE, "on_next", "voice")

    prompt = SpokenText(rows=2, help_text=FILLED)
    beep = forms.BooleanField(label="Beep", required=False, help_text="Before it records.")
    seconds = forms.IntegerField(label="Up to", min_value=3, max_value=7_200, help_text="seconds long.")
    silence = forms.IntegerField(
        label="Ends after", min_value=0, max_value=10, help_text="seconds of silence; 0: none."
    )
    key = forms.ChoiceField(label="Ends on key", required=False, choices=[("", "none"), *((key, key) for key in KEYS)])
    thanks = SpokenText(rows=1, label="Thanks", help_text="Said after the message. May be empty.")


class ForwardForm(StepForm):
    main = "targets"
    where = (
        ("rings for", "ring_seconds"),
        ("may talk for", "longest"),
        ("Show one of ours", "show"),
    )
    end_labels = {"busy": "When busy", "unanswered": "When nobody answers", "failed": "When not reached"}
    order = (
        "name",
        "targets",
        "ring_seconds",
        "show",
        "on_busy",
        "on_unanswered",
        "on_failed",
        "longest",
        "whisper",
        "accept",
        "voice",
    )

    targets = PhonesField(label="Rings", help_text="One after the other, until somebody picks up.")
    ring_seconds = forms.IntegerField(label="Each for", min_value=1, max_value=120, help_text="seconds.")
    show = forms.ChoiceField(label="Shows", help_text="The number that the phone displays.")
    longest = forms.IntegerField(label="At most", min_value=1, max_value=7_200, help_text="seconds of talk.")
    whisper = SpokenText(
        rows=1,
        label="Whisper",
        help_text="Said to who picks up, before the caller is there. Experimental; may be empty.",
    )
    accept = forms.BooleanField(
        label="Ask first", required=False, help_text="Who picks up presses 1 to take the call. Experimental."
    )

    def prepare(self) -> None:
        ours = list(PhoneNumber.objects.order_by("msisdn").values_list("msisdn", "label")[:MOST_SHOWN])
        own = self.initial["show"]
        if own not in {OURS, CALLERS, *(msisdn for msisdn, _ in ours)}:
            ours.append((own, ""))
        named = [(one, f"{numbers.shown(one)}{f', {label}' if label else ''}") for one, label in ours]
        choices = [(OURS, "The number that was called"), (CALLERS, "The caller’s own, where the carrier allows it")]
        self.fields["show"].choices = [*choices, *named]  # type: ignore[attr-defined]

    def _shown(self, name: str, value: Any) -> str:
        return ", then ".join(map(_in_words, value)) if name == "targets" else super()._shown(name, value)


def _in_words(target: Mapping[str, str]) -> str:
    to = target.get("to", "")
    return numbers.shown(to) if target.get("type") == "phone" else to


class RoomForm(RecordedForm):
    main = "room"
    where = (
        ("notice", "notice"),
        ("sound file", "sound"),
        ("streamUrl|stream", "music"),
        ("without a word", "ask"),
        ("PIN", "pin"),
        ("asks .* times", "tries"),
    )
    end_labels = {"refused": "PIN not known"}
    order = (
        "name",
        "room",
        "moderator",
        "waits",
        "sound",
        "music",
        "muted",
        "pin",
        "ask",
        "wrong",
        "tries",
        "on_refused",
        "record",
        *NOTICE,
        "voice",
    )

    room = forms.CharField(label="Room", required=False, help_text="Callers of the same room hear each other.")
    moderator = forms.BooleanField(
        label="Moderator", required=False, help_text="Opens the room, and closes it by leaving."
    )
    waits = forms.BooleanField(label="Waits", required=False, help_text="Until a moderator comes.")
    muted = forms.BooleanField(label="Muted", required=False, help_text="Hears the others, and is not heard.")
    music = forms.CharField(label="Or music from", required=False, help_text="The address of a sound: https://…")
    pin = forms.CharField(label="PIN", required=False, help_text="Digits that callers key in first. May be empty.")
    ask = SpokenText(rows=1, label="Asks for it")
    wrong = SpokenText(rows=1, label="Wrong PIN")
    tries = forms.IntegerField(label="Asks", min_value=1, max_value=9, help_text="times in all.")
    record = forms.BooleanField(label="Record", required=False, help_text="What is said in the room is kept.")

    def prepare(self) -> None:
        self.fields["sound"].label = "While waiting"
