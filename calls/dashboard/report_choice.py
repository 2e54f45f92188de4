"""What a page of reports may be asked for: the numbers, flows and versions there are to choose from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from calls.models import FlowVersion, PhoneNumber
from calls.vonage import numbers

MOST_CHOICES = 500  # of numbers, and of versions


@dataclass(frozen=True)
class Option:
    value: str
    label: str


def number_names() -> dict[str, str]:
    """Give our numbers and their labels: the numbers to choose from."""
    rows = PhoneNumber.objects.order_by("label", "msisdn").values_list("msisdn", "label")
    return dict(rows[:MOST_CHOICES])


def number_options(names: Mapping[str, str], chosen: str) -> list[Option]:
    """Give the numbers to choose from; the one that is chosen is among them."""
    named = ((msisdn, numbers.shown(msisdn), label) for msisdn, label in names.items())
    options = [Option(msisdn, f"{label}, {shown}" if label else shown) for msisdn, shown, label in named]
    return options if chosen in names or not chosen else [*options, Option(chosen, numbers.shown(chosen))]


def flow_options() -> tuple[Sequence[tuple[str, list[Option]]], dict[int, str]]:
    """Give the flows to choose from, each with its versions, the newest first; and their names by their keys."""
    rows = FlowVersion.objects.order_by("flow__name", "flow", "-number")
    flows: dict[int, tuple[str, list[Option]]] = {}
    names = {}
    for flow, name, number, pk in rows.values_list("flow", "flow__name", "number", "pk")[:MOST_CHOICES]:
        _, options = flows.setdefault(flow, (name, [Option(str(flow), f"{name}, all versions")]))
        names[pk] = f"{name} v{number}"
        options.append(Option(f"{flow}v{number}", names[pk]))
    return list(flows.values()), names


def version_names(versions: Collection[int], known: dict[int, str]) -> dict[int, str]:
    """Name these versions; of those that are not known yet the database is asked."""
    if not (unknown := set(versions) - known.keys() - {0}):
        return known
    rows = FlowVersion.objects.filter(pk__in=unknown).values_list("pk", "flow__name", "number")
    return known | {pk: f"{name} v{number}" for pk, name, number in rows}
