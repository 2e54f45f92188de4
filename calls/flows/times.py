"""A time that is ahead, as a voice says it in its language: "am Montag um 09:00 Uhr". Pure."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from calls.flows import hours


@dataclass(frozen=True)
class Words:
    """How a language tells a day and a time. `days` begin with Monday's, with all that stands before them."""

    name: str  # of the language, in English
    today: str
    tomorrow: str
    days: tuple[str, ...]
    months: tuple[str, ...]
    date: str  # "am {day}. {month}"
    at: str  # "um {time} Uhr"
    at_one: str = ""  # where one o'clock is told otherwise
    first: str = ""  # where the first of a month is
    year: str = " {year}"


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


WORDS = {
    "da": Words(
        "Danish",
        "i dag",
        "i morgen",
        _split("på mandag, på tirsdag, på onsdag, på torsdag, på fredag, på lørdag, på søndag"),
        _split("januar, februar, marts, april, maj, juni, juli, august, september, oktober, november, december"),
        "den {day}. {month}",
        "klokken {time}",
    ),
    "de": Words(
        "German",
        "heute",
        "morgen",
        _split("am Montag, am Dienstag, am Mittwoch, am Donnerstag, am Freitag, am Samstag, am Sonntag"),
        _split("Januar, Februar, März, April, Mai, Juni, Juli, August, September, Oktober, November, Dezember"),
        "am {day}. {month}",
        "um {time} Uhr",
    ),
    "es": Words(
        "Spanish",
        "hoy",
        "mañana",
        _split("el lunes, el martes, el miércoles, el jueves, el viernes, el sábado, el domingo"),
        _split("enero, febrero, marzo, abril, mayo, junio, julio, agosto, septiembre, octubre, noviembre, diciembre"),
        "el {day} de {month}",
        "a las {time}",
        at_one="a la {time}",
        year=" de {year}",
    ),
    "fr": Words(
        "French",
        "aujourd’hui",
        "demain",
        _split("lundi, mardi, mercredi, jeudi, vendredi, samedi, dimanche"),
        _split("janvier, février, mars, avril, mai, juin, juillet, août, septembre, octobre, novembre, décembre"),
        "le {day} {month}",
        "à {time}",
        first="le 1er {month}",
    ),
    "it": Words(
        "Italian",
        "oggi",
        "domani",
        _split("lunedì, martedì, mercoledì, giovedì, venerdì, sabato, domenica"),
        _split(
            "gennaio, febbraio, marzo, aprile, maggio, giugno, luglio, agosto, settembre, ottobre, novembre, dicembre"
        ),
        "il {day} {month}",
        "alle {time}",
        at_one="all’{time}",
        first="il primo {month}",
    ),
    "nl": Words(
        "Dutch",
        "vandaag",
        "morgen",
        _split("maandag, dinsdag, woensdag, donderdag, vrijdag, zaterdag, zondag"),
        _split("januari, februari, maart, april, mei, juni, juli, augustus, september, oktober, november, december"),
        "op {day} {month}",
        "om {time} uur",
    ),
    "pl": Words(
        "Polish",
        "dzisiaj",
        "jutro",
        _split("w poniedziałek, we wtorek, w środę, w czwartek, w piątek, w sobotę, w niedzielę"),
        _split(
            "stycznia, lutego, marca, kwietnia, maja, czerwca, lipca, sierpnia, września, października, "
            "listopada, grudnia"
        ),
        "{day} {month}",
        "o {time}",
        year=" {year} roku",
    ),
    "pt": Words(
        "Portuguese",
        "hoje",
        "amanhã",
        _split(
            "na segunda-feira, na terça-feira, na quarta-feira, na quinta-feira, na sexta-feira, no sábado, no domingo"
        ),
        _split("janeiro, fevereiro, março, abril, maio, junho, julho, agosto, setembro, outubro, novembro, dezembro"),
        "em {day} de {month}",
        "às {time}",
        at_one="à {time}",
        first="em 1º de {month}",
        year=" de {year}",
    ),
    "sv": Words(
        "Swedish",
        "i dag",
        "i morgon",
        _split("på måndag, på tisdag, på onsdag, på torsdag, på fredag, på lördag, på söndag"),
        _split("januari, februari, mars, april, maj, juni, juli, augusti, september, oktober, november, december"),
        "den {day} {month}",
        "klockan {time}",
    ),
}
LANGUAGES = {"en": "English"} | {base: words.name for base, words in WORDS.items()}  # in which times are told


def in_words(moment: datetime, now: datetime, zone: tzinfo, language: str) -> str:
    """Say a time that is ahead in the language of a voice ("de-AT"), as hours.in_words does; else in English."""
    words = WORDS.get(language.partition("-")[0])
    if words is None:
        return hours.in_words(moment, now, zone)
    there = moment.astimezone(zone)
    days = (there.date() - now.astimezone(zone).date()).days
    at = (there.hour == 1 and words.at_one) or words.at
    return f"{_day(words, there, days)} {at.format(time=f'{there:%H:%M}')}"


def _day(words: Words, there: datetime, days: int) -> str:
    if days in {0, 1}:
        return words.tomorrow if days else words.today
    if 1 < days < 7:
        return words.days[there.weekday()]
    date = (there.day == 1 and words.first) or words.date
    year = words.year.format(year=there.year) if abs(days) > hours.SAME_YEAR else ""
    return date.format(day=there.day, month=words.months[there.month - 1]) + year
