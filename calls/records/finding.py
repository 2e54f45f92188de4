"""Find the calls that a search means, at a cost that does not grow with the log.

A text that is rare is found through the index of trigrams, and its calls are named by their keys. One that many
calls have needs no index: the list goes through the calls, newest first, and looks at the text of each.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import Any

from django.db.models import Count, F, Lookup, Max, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan, IsNull

from calls.models import Call, CallSearch, Conversation, Leg
from calls.models.calls import CallQuerySet
from calls.records.names import parties_like
from calls.records.needles import Needles, needles_of
from calls.records.search import has_trigrams, text_from, texts_of
from calls.records.several import compiled
from calls.records.tables import ask, on_postgres

LOOKED_AT = 3_000  # of the newest: they tell whether a text is common
COMMON = 10  # of these: then a page of them is among the newest ten thousand
PLACES = 10  # of the log, at which as many are looked at together: they tell whether it always was
ELSEWHERE = 8  # of these: then the index would have thousands to name
MOST_KEYS = 5_000
MOST_SAMPLED = 1_000  # of many calls
LAST_DIGITS = 5  # by which numbers are told apart: those before them are of many
MOST_READ = 200_000  # texts, where no index finds a part of one
NOT_WRITTEN_YET = 300  # calls, the newest: the worker writes their texts within seconds

# Of the calls that begin with a party, the keys of some hundred of the newest. The first of them are looked at one by
# one: they tell all of a party that many calls have, and their texts may not be written yet. The index has the rest; it
# is asked apart, since Postgres might rather go through all texts from the newest on.
NEWEST_WITH = r"""
    WITH theirs AS MATERIALIZED
        (SELECT call_id FROM calls_callsearch WHERE (string_to_array(text, E'\n'))[1:2] @> ARRAY[%s])
    SELECT id FROM (SELECT id, from_number, to_number FROM calls_call ORDER BY id DESC LIMIT %s) AS newest
        WHERE %s IN (from_number, to_number)
    UNION ALL (SELECT call_id FROM theirs ORDER BY call_id DESC LIMIT %s) LIMIT %s
"""
NEWEST = 100
NOT_WRITTEN = f"""
    SELECT id, from_number, to_number
    FROM (SELECT id, from_number, to_number FROM calls_call ORDER BY id DESC LIMIT {NOT_WRITTEN_YET}) AS newest
    WHERE NOT EXISTS (SELECT 1 FROM calls_callsearch AS search WHERE search.call_id = newest.id)
"""  # noqa: S608 -- a number of ours


class AnyOf(Lookup):
    """Whether a key is one of many. They go to the database as one text: of `IN` each is a value, read and planned.

    Postgres sees the keys only once the plan is made. So it looks each of them up, however many: knowing them, it might
    go through all calls in order of start instead, which is slow where the calls are old.
    """

    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        sql, params = self.process_lhs(compiler, connection)
        if connection.vendor == "postgresql":
            return f"{sql} = ANY(ARRAY(SELECT unnest(%s::bigint[])))", [*params, self.rhs]
        return f"{sql} IN (SELECT value FROM json_each(%s))", [*params, self.rhs]  # noqa: S608 -- a column


def in_one_text(keys: Collection[int]) -> str:
    """Spell keys as AnyOf wants them."""
    spelt = ",".join(map(str, keys))
    return f"{{{spelt}}}" if on_postgres() else f"[{spelt}]"


def is_one_of(keys: Collection[int]) -> Q:
    return Q(AnyOf(F("pk"), in_one_text(keys))) if keys else Q(pk__in=())


@dataclass(frozen=True)
class Found:
    """What a search finds: the keys of some calls, or, where `keys` is None, those with the text: they are many.

    `named` are the keys of up to a thousand of many, or the newest calls are known to have the text, from `since` on.
    """

    needles: Needles
    keys: frozenset[int] | None = None
    cut: bool = False  # only the newest were looked at
    named: frozenset[int] = frozenset()
    since: int = 0

    @classmethod
    def of(cls, text: str, named: Collection[str] | None = None) -> "Found":
        """Look a search up. `named` are parties whose name has it in it, where they are known. Four queries at most."""
        needles = needles_of(text)
        if needles.ids and (keys := frozenset(_by_id(needles.ids))):
            return cls(needles, keys)
        needles = needles.or_any(parties_like(text).named if named is None else named)
        oldest = CallSearch.objects.order_by("pk").values("pk")[:1]
        newest = CallSearch.objects.order_by("-pk")[:LOOKED_AT]
        fit = Count("pk", filter=has(needles))
        told = newest.aggregate(of=Count("pk"), fit=fit, least=Min("pk"), most=Max("pk"), oldest=Min(Subquery(oldest)))
        many = told["of"] == LOOKED_AT or told["fit"] > MOST_SAMPLED
        if told["fit"] >= COMMON and many and _is_common_throughout(needles, told["oldest"], told["most"]):
            return cls(needles, since=told["least"])
        rows, least = CallSearch.objects.filter(_has_by_index(needles)), (told["most"] or 0) - MOST_READ
        if not has_trigrams():
            rows = rows.filter(pk__gt=least)
        keys, waiting = _keys_of(rows[: MOST_KEYS + 1])
        if len(keys) > MOST_KEYS:
            return cls(needles, named=frozenset(sorted(keys)[-MOST_SAMPLED:]))
        keys |= {pk for pk, parties in waiting.items() if needles.are_in(text_from(parties))}
        return cls(needles, keys, cut=not has_trigrams() and least > 0)

    @cached_property
    def some(self) -> frozenset[int]:
        """The keys of up to a thousand of many."""
        if not self.since:
            return self.named
        rows = CallSearch.objects.filter(has(self.needles), pk__gte=self.since).order_by("-pk")
        return frozenset(rows.values_list("pk", flat=True)[:MOST_SAMPLED])

    @cached_property
    def in_one_text(self) -> str:
        """The keys of calls that are few."""
        return in_one_text(self.keys or ())

    @property
    def condition(self) -> Q:
        """What it asks of a call."""
        if self.keys is None:
            # Looked up call by call. With EXISTS Postgres might read all texts beforehand.
            text = CallSearch.objects.filter(has(self.needles), call=OuterRef("pk"))
            return Q(IsNull(Subquery(text.values("pk")[:1]), False))
        return Q(AnyOf(F("pk"), self.in_one_text)) if self.keys else Q(pk__in=())

    @classmethod
    def among(cls, text: str, calls: Collection[int]) -> set[int]:
        """Of these calls, those that a search means, also where the worker has yet to write what they are found by."""
        needles = needles_of(text)
        if needles.ids and (keys := set(_by_id(needles.ids))):
            return keys & set(calls)
        needles = needles.or_any(parties_like(text).named)
        return {call for call, found in texts_of(calls).items() if needles.are_in(found)}


def newest_with(party: str) -> CallQuerySet:
    """The calls that somebody began or got; where they have more than a hundred, about so many of the newest."""
    calls = Call.objects.filter(Q(from_number=party) | Q(to_number=party))
    if not has_trigrams():
        return calls.filter(Found.of(party, ()).condition)
    keys = RawSQL(NEWEST_WITH, [text_from([party]), LOOKED_AT, party, NEWEST, NEWEST])  # noqa: S611 -- no text of others
    return calls.filter(pk__in=keys)


def _by_id(ids: tuple[str, ...]) -> Iterator[int]:
    legs = Leg.objects.filter(uuid__in=ids).values_list("call_id", flat=True)
    rooms = Conversation.objects.filter(uuid__in=ids).values_list("call_id", flat=True)
    born = Call.objects.filter(origin_uuid__in=ids).values_list("pk", flat=True)
    yield from (pk for pk in legs.union(rooms, born) if pk)


def _part(text: str) -> Q:
    return Q(text__contains=text)


def _part_unindexed(text: str) -> Q:
    """The same where Postgres shall not think of the index, which may have to name a tenth of all calls."""
    return Q(GreaterThan(StrIndex("text", Value(text)), 0))


def _number(digits: str) -> Q:
    return _part_unindexed(digits) & _part(digits[-LAST_DIGITS:])


def has(needles: Needles, part: Callable[[str], Q] = _part) -> Q:
    """The text has everything of one of the ways. `part` says how it is asked for a part."""
    ways = [Q(*map(part, way)) for way in needles.ways]
    return reduce(or_, ways, Q(pk__in=[])) if ways else Q(pk__in=[])


def _is_common_throughout(needles: Needles, oldest: int, newest: int) -> bool:
    """Whether a text is as common in all of the log: in calls of any age, so many of each as stand together."""
    if not has_trigrams():
        return True
    starts = [oldest + (newest - oldest) * place // PLACES for place in range(PLACES)]
    near = [Q(pk__gte=start, pk__lt=start + LOOKED_AT // PLACES) for start in starts]
    return CallSearch.objects.filter(reduce(or_, near), has(needles, _part_unindexed))[:ELSEWHERE].count() == ELSEWHERE


def _has_by_index(needles: Needles) -> Q:
    """The same, asked so that the index has little to read: for the last digits of a number alone.

    It has each three digits that stand together, and those with which numbers begin stand in nearly all texts. What the
    last ones find is looked through for the rest.
    """
    return has(needles, lambda part: _number(part) if part.isdecimal() and len(part) > LAST_DIGITS else _part(part))


def _keys_of(rows: QuerySet[CallSearch]) -> tuple[frozenset[int], dict[int, Collection[str]]]:
    """Read the keys of calls that were found by their texts. The second: of the newest calls, those whose text the
    worker has yet to write, with their numbers.
    """
    sql, values = compiled(rows, "pk") or ("SELECT 0 AS id WHERE FALSE", ())
    found = ask(f"SELECT found.*, NULL, NULL FROM ({sql}) AS found UNION ALL {NOT_WRITTEN}", *values)  # noqa: S608 -- Django's
    keys = frozenset([row[0] for row in found if row[1] is None])
    return keys, {row[0]: row[1:] for row in found if row[1] is not None}
