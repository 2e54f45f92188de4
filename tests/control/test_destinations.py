"""Which numbers may be called: a table of them, with what is said of each."""

import pytest

from calls.vonage.destinations import Destination, Refusal, read, refusal

pytestmark = pytest.mark.once

GOOD = {
    "447700900456": ("447700900456", "GB"),  # a number of films
    "+44 (7700) 900-456": ("447700900456", "GB"),
    "44 20 7946 0123": ("442079460123", "GB"),
    "442079460000": ("442079460000", "GB"),
    "441632960123": ("441632960123", "GB"),
    "441614960123": ("441614960123", "GB"),
    "+447911123456": ("447911123456", "GG"),  # looks British, is Guernsey
    "441534123456": ("441534123456", "JE"),
    "447797712345": ("447797712345", "JE"),
    "18765551234": ("18765551234", "JM"),  # looks American
    "12025550123": ("12025550123", "US"),
    "+48 22 123 45 67": ("48221234567", "PL"),
    "48.22.1234567": ("48221234567", "PL"),
    "33123456789": ("33123456789", "FR"),
    "4930123456": ("4930123456", "DE"),
}
BAD = {
    "": "Give the number",
    "   ": "Give the number",
    "abc": "no telephone number",
    "44770090045x": "no telephone number",
    "sip:alice@example.com": "an address",
    "alice@example.com": "an address",
    "tel:+447700900456": "an address",
    "07700900456": "no country code",
    "+0447700900456": "no country code",
    "4" * 30: "too long",
    "9991234567": "no country code",
    "442079": "short",
    "٤٤٧٧٠٠٩٠٠٤٥٦": "no telephone number",
}
FORBIDDEN = {
    "999": "short or an emergency",
    "112": "short or an emergency",
    "911": "short or an emergency",
    "449091234567": "premium rate",
    "448431234567": "premium rate",
    "447012345678": "personal number",
    "443001234567": "company's number",
    "8816123456789": "satellite",
    "8821234567890": "satellite",
    "870773123456": "satellite",
    "97912345678": "satellite",
    "441624123456": "no range",
    "447781": "short",
}


@pytest.mark.parametrize(("text", "found"), GOOD.items())
def test_number_is_read_with_its_country(text: str, found: tuple[str, str]) -> None:
    assert read(text) == Destination(*found)


@pytest.mark.parametrize(("text", "words"), BAD.items())
def test_what_is_no_number_is_told(text: str, words: str) -> None:
    told = read(text)
    assert isinstance(told, Refusal)
    assert words in told.reason


@pytest.mark.parametrize(("text", "words"), FORBIDDEN.items())
def test_number_that_is_not_called_is_told(text: str, words: str) -> None:
    told = read(text)
    assert isinstance(told, Refusal)
    assert told.kind == "forbidden"
    assert words in told.reason


def test_country_has_to_be_named() -> None:
    jersey = Destination("441534123456", "JE")
    assert refusal(jersey, ["JE"]) is None
    told = refusal(jersey, ["GB", "PL"])
    assert told
    assert told.reason == "441534123456 is in JE, and calls go to GB, PL only (OUTBOUND_COUNTRIES)."
    nobody = refusal(jersey, [])
    assert nobody
    assert "switched off" in nobody.reason
