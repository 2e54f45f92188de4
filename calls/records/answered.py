"""Which calls a flow or a version of it answered first, as the reports count them: a call is known within seconds."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.lookups import IsNull

from calls.models import Counted, FlowVersion
from calls.records.several import several

FLOW = re.compile(r"([0-9]{1,9})(?:v([0-9]{1,9}))?", re.ASCII)  # "3", "3v13"
MOST_KEYS = 2_000
MOST_SERVED = 1_000  # calls of a version that are counted
AT_ONCE = 100  # versions: a statement has a limited number of columns


@dataclass(frozen=True)
class Answered:
    """The calls that some versions answered: their keys or, where `keys` is None, those that say so: they are many."""

    versions: tuple[int, ...]
    keys: frozenset[int] | None

    @classmethod
    def of(cls, flow: str) -> "Answered":
        """Look up "3", any version of flow 3, or "3v13". Two queries. Of a flow that is not there: none."""
        found = FLOW.fullmatch(flow)
        pk, number = (found[1], found[2]) if found else ("0", None)
        versions = FlowVersion.objects.filter(flow=int(pk))
        versions = versions.filter(number=int(number)) if number else versions
        those = tuple(versions.values_list("pk", flat=True))
        rows = Counted.objects.filter(version__in=those).values_list("pk", flat=True)
        keys = frozenset(rows[: MOST_KEYS + 1]) if those else frozenset[int]()
        return cls(those, keys if len(keys) <= MOST_KEYS else None)

    @property
    def condition(self) -> Q:
        """What it asks of a call."""
        if self.keys is not None:
            return Q(pk__in=self.keys)
        # Looked up call by call. With EXISTS Postgres might read all of them beforehand.
        row = Counted.objects.filter(version__in=self.versions, call=OuterRef("pk"))
        return Q(IsNull(Subquery(row.values("pk")[:1]), False))


def served(versions: Iterable[int]) -> dict[int, str]:
    """Say how many calls each version answered first: "12", "1,000+". A query for 100 of them."""
    rows, those = Counted.objects.annotate(id=F("call")), list(versions)
    counts: dict[str, int] = {}
    for start in range(0, len(those), AT_ONCE):
        some = those[start : start + AT_ONCE]
        counts |= several({str(pk): ("COUNT(*)", rows.filter(version=pk)[: MOST_SERVED + 1]) for pk in some})
    return {int(pk): f"{MOST_SERVED:,}+" if count > MOST_SERVED else f"{count:,}" for pk, count in counts.items()}
