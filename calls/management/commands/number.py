"""manage.py number: create or change numbers, and what their callers hear."""

import difflib
from argparse import ArgumentParser
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from calls.flows.numbers import Block, greeting_of, save_block
from calls.flows.steps import Greeting
from calls.models import PhoneNumber
from calls.vonage import numbers, voices
from calls.vonage.voices import Voice


class Command(BaseCommand):
    help = (
        "Create or change a number, or a block of consecutive ones, and publish what callers hear. Options that are "
        "not given leave the values of a number that is here; a new one gets the tutorial's greeting and voice. "
        "Numbers of a block that greet alike share one flow."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", help="with its country code: 442079460000")
        parser.add_argument("--label", help="its name for people: “Main line”")
        parser.add_argument("--greeting", help="what callers hear: plain text, or SSML in <speak>")
        parser.add_argument("--voice", help="an old name such as Russell, or language:style such as en-GB:1")
        parser.add_argument("--count", type=int, default=1, help="how many consecutive numbers (default: 1)")

    def handle(
        self,
        *,
        number: str,
        label: str | None,
        greeting: str | None,
        voice: str | None,
        count: int,
        **options: Any,
    ) -> None:
        spoken = find_voice(voice) if voice is not None else None

        def change(old: Greeting) -> Greeting:
            new = old if greeting is None else replace(old, text=greeting.strip())
            return spoken_by(spoken, new) if spoken else new

        try:
            block = save_block(numbers.typed(number), count, label=label, change=change)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(in_words(block))
        heard = greeting_of(PhoneNumber.objects.get(msisdn=block.first))
        for warning in heard.warnings() if heard and (block.made or block.changed) else ():
            self.stderr.write(f"Listen to it once: {warning}", self.style.WARNING)


def spoken_by(voice: Voice, greeting: Greeting) -> Greeting:
    """Give the greeting another voice. It stays premium where both voices leave that open."""
    before = voices.find(greeting.language, greeting.style)
    chosen = greeting.premium and not (before and before.premium_only)
    premium = voice.premium_only or (chosen and voice.premium)
    return replace(greeting, language=voice.language, style=voice.style, premium=premium)


def find_voice(given: str) -> Voice:
    """Find a voice by its old name or its code. Raises CommandError with what was perhaps meant."""
    found = voices.by_name(given) or voices.by_code(given.strip())
    if found:
        return found
    language = given.partition(":")[0].strip()
    known = [voice.code for voice in voices.styles(language)]
    if known:
        raise CommandError(f"There is no voice “{given}”. {language} has {', '.join(known)}.")
    names = {voice.name.casefold(): voice.name for voice in voices.VOICES if voice.name}
    near = difflib.get_close_matches(given.casefold(), names, n=1)
    meant = f" Did you mean {names[near[0]]}?" if near else ""
    raise CommandError(
        f"There is no voice “{given}”.{meant} Give an old name such as Russell, or language:style such as en-GB:1."
    )


def in_words(block: Block) -> str:
    """Say what was done, and what callers hear now."""
    number = PhoneNumber.objects.get(msisdn=block.first)
    who = numbers.shown(block.first) + (f" ({number.label})" if number.label else "")
    done = "Made" if block.made else "Changed" if block.changed else "Nothing to change:"
    if block.first != block.last:
        who = f"{numbers.shown(block.first)} to {numbers.shown(block.last)}"
        done = f"{block.made:,} made, {block.changed:,} changed, {block.same:,} as they were:"
    greeting = greeting_of(number) or Greeting()
    voice = voices.find(greeting.language, greeting.style)
    called = f"{voice}, was {voice.name}" if voice and voice.name else voice
    live = number.live_version
    version = live.number if live else "–"
    whose = "of the first " if block.first != block.last else ""
    since = "From the next call on callers" if block.made or block.changed else "Callers"
    return f"{done} {who}. {since} {whose}hear v{version}: {greeting.title} ({called})."
