"""Reading YAML and JSON that people wrote: small, plain, and every fault told with its place and the cure."""

import difflib
import json
import math
import re
from collections.abc import Collection, Iterator
from typing import Any

import yaml

LARGEST = 256 * 1024  # bytes; the longest flow of 50 steps has some 100 kB
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


class BadText(ValueError):
    """What is wrong with a text: each reason with its place and the cure."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def parse(content: bytes) -> Any:
    """Parse YAML, or JSON, which is YAML too but for its numbers. Raises BadText."""
    if len(content) > LARGEST:
        raise BadText(f"It has {len(content) // 1024:,} kB; a flow has up to {LARGEST // 1024} kB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadText("It is not UTF-8 text.") from None
    try:
        if text.lstrip()[:1] in {"{", "["}:
            found = json.loads(text, object_pairs_hook=_once)
        else:
            found = yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a SafeLoader
        if reason := unstorable(found):
            raise ValueError(reason)
        return found
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        raise BadText(f"{line}{getattr(error, 'problem', None) or 'it cannot be parsed'}.") from None
    except RecursionError:
        raise BadText("It cannot be read: it is nested too deeply.") from None
    except ValueError as error:
        raise BadText(f"It cannot be read: {error}.") from None


def unstorable(value: Any) -> str:
    """Say what in plain data no database takes: U+0000, half a surrogate pair, infinity. "" for nothing."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and UNSTORABLE.search(one):
            return "a text in it has U+0000, or half a surrogate pair"
        if isinstance(one, float) and not math.isfinite(one):
            return "a number in it is none, or infinite"
        if isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one
    return ""


class _Loader(yaml.SafeLoader):
    """YAML without aliases, which can blow a small file up to gigabytes, and without doubled keys."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(
                None, None, "aliases (*name) are not read here; write it out", getattr(event, "start_mark", None)
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str | int) and key in seen:
                raise yaml.MarkedYAMLError(None, None, f"{key!r} stands there twice", key_node.start_mark)
            seen.add(key if isinstance(key, str | int) else id(key_node))
        return super().construct_mapping(node, deep)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"“{doubled}” stands there twice")
    return found


def strangers(given: Any, known: Collection[str], where: str) -> Iterator[str]:
    """Say that it is no mapping, or which of its keys nobody knows."""
    if not isinstance(given, dict):
        yield f"{where} has to be a mapping with {', '.join(known)}."
        return
    for key in given:
        if key not in known:
            cure = near(str(key), known) or f" Known are {', '.join(known)}."
            yield f"{where}: “{short(key)}” is not known.{cure}"


def near(word: str, known: Collection[str]) -> str:
    """Say what was perhaps meant, " Did you mean …?", or ""."""
    found = difflib.get_close_matches(word[:60], list(known), n=1)
    return f" Did you mean “{found[0]}”?" if found else ""


def short(value: Any) -> str:
    """Cut what somebody wrote to a length that a sentence bears."""
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
