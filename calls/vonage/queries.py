"""The parameters of a webhook by GET, or of a form."""

import re
from urllib.parse import parse_qsl

SPELT = re.compile(r"[%+]")  # what stands for something else


def pairs_of(query: str, most: int | None = None) -> list[tuple[str, str]]:
    """Read names and values, empty ones too, in order. Raises ValueError for more than so many.

    Vonage spells most queries without anything that stands for something else: then there is little to read.
    """
    if SPELT.search(query) or (most and query.count("&") >= most):
        return parse_qsl(query, keep_blank_values=True, max_num_fields=most)
    return [(name, value) for name, _, value in (pair.partition("=") for pair in query.split("&") if pair)]
