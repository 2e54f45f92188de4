"""The parameters of a webhook by GET, or of a form."""

import re
from functools import lru_cache
from urllib.parse import parse_qsl

SPELT = re.compile(r"[%+]")  # what stands for something else


@lru_cache(maxsize=4)  # whoever checks its signature asks first, and then whoever reads it
def pairs_of(query: str) -> tuple[tuple[str, str], ...]:
    """Read names and values, empty ones too, in order.

    Vonage spells most queries without anything that stands for something else: then there is little to read.
    """
    if SPELT.search(query):
        return tuple(parse_qsl(query, keep_blank_values=True))
    return tuple([(name, value) for name, _, value in [pair.partition("=") for pair in query.split("&") if pair]])
