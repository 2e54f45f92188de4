"""Parameters: read as Python reads them, whichever way."""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.vonage.queries import pairs_of

PIECES = st.sampled_from(["to", "=", "&", "%41", "%", "+", "%C3%A4", "ä", ";", " ", "\x00", "\udcff", "#"])


@given(st.lists(PIECES | st.text(max_size=3), max_size=12).map("".join))
def test_it_is_read_as_python_reads_it(query: str) -> None:
    assert pairs_of(query) == parse_qsl(query, keep_blank_values=True)


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_what_is_spelt_is_read(pairs: list[tuple[str, str]]) -> None:
    assert pairs_of(urlencode(pairs)) == pairs


@pytest.mark.parametrize("field", ["a=b", "%41=b"])
def test_too_many_are_refused(field: str) -> None:
    assert len(pairs_of("&".join([field] * 5), most=5)) == len(pairs_of("&".join([field] * 5))) == 5
    with pytest.raises(ValueError, match="Max number of fields exceeded"):
        pairs_of("&".join([field] * 6), most=5)
