"""Parameters: read as Python reads them, whichever way."""

from urllib.parse import parse_qsl, urlencode

from hypothesis import given
from hypothesis import strategies as st

from calls.vonage.queries import pairs_of

PIECES = st.sampled_from(["to", "=", "&", "%41", "%", "+", "%C3%A4", "ä", ";", " ", "\x00", "\udcff", "#"])


@given(st.lists(PIECES | st.text(max_size=3), max_size=12).map("".join))
def test_it_is_read_as_python_reads_it(query: str) -> None:
    assert pairs_of(query) == tuple(parse_qsl(query, keep_blank_values=True))


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_what_is_spelt_is_read(pairs: list[tuple[str, str]]) -> None:
    assert pairs_of(urlencode(pairs)) == tuple(pairs)
