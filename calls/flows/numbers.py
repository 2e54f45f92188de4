"""Numbers and the flows behind them: what one greets with, a block of numbers at once, removal."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from calls.flows.compile import voice_of
from calls.flows.publish import publish
from calls.flows.routing import directory
from calls.flows.steps import Facts, Greeting
from calls.models import Branch, CallerRule, CallFlow, PhoneNumber, Revision, Step, StepKind, User
from calls.models.numbers import PhoneNumberQuerySet

LARGEST_BLOCK = 100_000
CHUNK = 500  # ids in a statement: SQLite takes a limited number of them

Change = Callable[[Greeting], Greeting]


@dataclass(frozen=True)
class Block:
    """What became of a block of numbers."""

    first: str
    last: str
    made: int
    changed: int  # were here, and greet differently now or are called differently
    same: int


def greeting_of(number: PhoneNumber) -> Greeting | None:
    """What the number's flow says where that is one greeting and nothing else; None before it has one, or has more."""
    return _greetings({number.flow_id}).get(number.flow_id) if number.flow_id else None


def has_larger_flow(number: PhoneNumber) -> bool:
    """Whether its callers get more than one greeting, or will as soon as there are steps."""
    return number.flow_id is not None and greeting_of(number) is None


def save_number(
    msisdn: str, *, label: str | None = None, greeting: Greeting | None = None, author: User | None = None
) -> PhoneNumber:
    """Create or change one number as `save_block` does; None leaves a value as it is, or takes the tutorial's."""
    change: Change | None = (lambda _: greeting) if greeting else None
    save_block(msisdn, label=label, change=change, author=author)
    return PhoneNumber.objects.select_related("flow").get(msisdn=msisdn)


def give_flow(number: PhoneNumber, flow: CallFlow) -> None:
    """Save a number with this flow: its callers hear what is live of it. A greeting that nobody has then goes."""
    with transaction.atomic():
        before = PhoneNumber.objects.filter(pk=number.pk).values_list("flow_id", flat=True).first()
        number.flow = flow
        number.save()
        if before and before != flow.pk:
            _drop_unused(_greetings({before}))
        transaction.on_commit(directory.look, robust=True)


def save_block(
    first: str, count: int = 1, *, label: str | None = None, change: Change | None = None, author: User | None = None
) -> Block:
    """Create or change `count` consecutive numbers from `first` on, and publish what their callers hear.

    `change` makes the new greeting of each out of its old one (of the tutorial's, where a number is new); without
    it numbers whose flow is more than one greeting keep that, and without `label`, too, those that are here stay as
    they are. A greeting takes the place of a larger flow, which is kept. Those that end up with the same greeting
    share one flow: one that has no other numbers is changed in place and keeps its versions, else they get a new
    one, so a flow that others share is never disturbed. Raises ValidationError, and then nothing is changed.
    """
    names = _names(first, count)
    for name in {names[0], names[-1]}:
        PhoneNumber(msisdn=name, label=label or "").clean_fields(exclude=["flow"])
    flow_name = label or (names[0] if count == 1 else f"{names[0]} to {names[-1]}")
    with transaction.atomic():
        numbers = _numbers(names, label or "")
        made = sum(not number.pk for number in numbers)
        greetings = _greetings({number.flow_id for number in numbers if number.flow_id})
        relabelled = {number.pk for number in numbers if number.pk and label not in (None, number.label)}
        regreeted = _by_new_greeting(numbers, greetings, change)
        changed = relabelled.union(*({number.pk for number in those if number.pk} for those in regreeted.values()))
        for greeting, those in regreeted.items():
            _greet(those, greeting, name=flow_name, by=author, among=greetings)
        for pks in _chunks(relabelled):
            PhoneNumber.objects.filter(pk__in=pks).update(label=label, changed_at=timezone.now())
        _drop_unused(greetings)
    return Block(names[0], names[-1], made, len(changed), count - made - len(changed))


def delete_numbers(numbers: PhoneNumberQuerySet) -> None:
    """Remove numbers, and their flows where no other number has them. Their callers hear NUMBER_NOT_IN_SERVICE."""
    with transaction.atomic():
        flows = {pk for pk in numbers.values_list("flow_id", flat=True) if pk}
        alone = _greetings(flows)  # what staff put together of more steps stays
        numbers.delete()
        _drop_unused(alone)
        transaction.on_commit(directory.look, robust=True)


def delete_flows(flows: Collection[CallFlow]) -> None:
    """Remove flows with their versions. Raises ProtectedError while a number or a rule has one of them."""
    with transaction.atomic():
        CallFlow.objects.filter(pk__in=[flow.pk for flow in flows]).delete()
        Revision.bump("flows")
        transaction.on_commit(directory.look, robust=True)


def _names(first: str, count: int) -> list[str]:
    if not 1 <= count <= LARGEST_BLOCK:
        raise ValidationError(f"A block has 1 to {LARGEST_BLOCK:,} numbers, not {count:,}.")
    if not (first.isascii() and first.isdigit() and len(first) <= 15) or first.startswith("0"):
        return [first]  # the field says what is wrong with it
    return [str(int(first) + step) for step in range(count)]


def _numbers(names: Sequence[str], label: str) -> list[PhoneNumber]:
    """Give the block's numbers in order, locked where they are here, made but not saved where they are not."""
    between = PhoneNumber.objects.with_live().select_for_update().filter(msisdn__gte=min(names), msisdn__lte=max(names))
    there = {number.msisdn: number for number in between}
    return [there.get(name) or PhoneNumber(msisdn=name, label=label) for name in names]


def _greetings(flows: Collection[int]) -> dict[int, Greeting]:
    """The greetings of those flows that say one greeting and nothing else, with their voices."""
    others = Step.objects.filter(flow=OuterRef("flow")).exclude(pk=OuterRef("pk"))
    found = {}
    for pks in _chunks(flows):
        alone = Step.objects.filter(~Exists(others), flow__in=pks, kind=StepKind.GREETING)
        for step in alone.select_related("flow"):
            greeting = Greeting.from_settings(step.settings)
            found[step.flow_id] = replace(greeting, **greeting.voice(Facts(voice=voice_of(step.flow))))
    return found


def _by_new_greeting(
    numbers: Sequence[PhoneNumber], greetings: dict[int, Greeting], change: Change | None
) -> dict[Greeting, list[PhoneNumber]]:
    """Group those whose callers are to hear something else than they do now."""
    groups: dict[Greeting, list[PhoneNumber]] = defaultdict(list)
    for number in numbers:
        old = greetings.get(number.flow_id or 0)
        if change is None and old is None and number.flow_id:
            continue
        new = change(old or Greeting()) if change else old or Greeting()
        if new != old or not getattr(number, "live_id", None):
            groups[new].append(number)
    return groups


def _greet(
    numbers: Sequence[PhoneNumber], greeting: Greeting, *, name: str, by: User | None, among: Collection[int]
) -> None:
    """Let these numbers have one flow, which says this greeting: a new one, or one `among` those that say no more."""
    flow = _flow_of_their_own(numbers, among) or CallFlow.objects.create(name=name)
    Step.objects.update_or_create(
        flow=flow, position=1, kind=StepKind.GREETING, defaults={"settings": greeting.settings()}
    )
    for pks in _chunks([number.pk for number in numbers if number.pk and number.flow_id != flow.pk]):
        PhoneNumber.objects.filter(pk__in=pks).update(flow=flow, changed_at=timezone.now())
    new = [number for number in numbers if not number.pk]
    for number in new:
        number.flow = flow
    PhoneNumber.objects.bulk_create(new, batch_size=CHUNK)
    publish(flow, author=by)
    transaction.on_commit(directory.look, robust=True)  # the version may be what is live already


def _flow_of_their_own(numbers: Sequence[PhoneNumber], among: Collection[int]) -> CallFlow | None:
    """Find a flow that these numbers have and no others: the one that most of them have."""
    for pk, count in Counter(number.flow_id for number in numbers if number.flow_id).most_common():
        if pk in among and PhoneNumber.objects.filter(flow=pk).count() == count:
            return CallFlow.objects.get(pk=pk)
    return None


def _drop_unused(flows: Collection[int]) -> None:
    numbers, rules = (model.objects.filter(flow=OuterRef("pk")) for model in (PhoneNumber, CallerRule))
    branches = Branch.objects.filter(to_flow=OuterRef("pk"))
    for pks in _chunks(flows):
        CallFlow.objects.filter(~Exists(numbers), ~Exists(rules), ~Exists(branches), pk__in=pks).delete()


def _chunks(pks: Collection[int]) -> Iterator[list[int]]:
    every = sorted(pks)
    return (every[start : start + CHUNK] for start in range(0, len(every), CHUNK))
