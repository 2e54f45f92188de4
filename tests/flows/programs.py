"""Programs for tests that need no database: any that could be, and some to look at."""

import random
from typing import Any

from hypothesis import strategies as st

from calls.flows.program import AGAIN, END, Program, to_flow, to_step
from calls.flows.steps import STEPS

KEYS = "1234567890*#"
WORDS = ("end", "open", "closed", "busy", "unanswered", "failed", "nothing", "next", "something new")
KINDS = [*sorted(STEPS), "of another release"]


def step(kind: str, place: int, after: Any, on: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A step as compiling gives it; what is not its name or words is a setting."""
    name, words = fields.pop("name", ""), fields.pop("words", {})
    return {
        "kind": kind,
        "place": place,
        "name": name,
        "settings": fields,
        "next": after,
        "on": on or {},
        "words": words,
    }


def program(*steps: dict[str, Any], flow: int = 1, **fields: Any) -> Program:
    """A program whose steps have the ids "1", "2", …"""
    voice = {"language": "en-GB", "style": 1, "premium": False}
    whole = {"schema": 2, "flow": flow, "name": "Line", "voice": voice, "start": "1" if steps else None}
    return whole | {"steps": {str(one["place"]): one for one in steps}} | fields


def any_program(seed: int, count: int) -> Program:
    """A program of that many steps: jumps forth and back, circles, flows, steps nobody comes to or that are not."""
    chance = random.Random(seed)

    def target() -> Any:
        likely = [END, AGAIN, to_flow(chance.randint(7, 9)), to_step(count + 1), to_step(chance.randint(1, count))]
        return chance.choice([*likely, *(to_step(chance.randint(1, count)) for _ in range(5))])

    steps = []
    for place in range(1, count + 1):
        kind = chance.choice([*KINDS, "menu"])
        keys = chance.sample(KEYS, chance.randint(0, 12)) if kind == "menu" else []
        on = {case: target() for case in [*keys, *chance.sample(WORDS, chance.randint(0, 3))]}
        after = to_step(place + 1) if place < count else END
        name = "".join(chance.choice("Wimä 漢\n<é") for _ in range(chance.randint(0, 60)))
        steps.append(step(kind, place, chance.choice([after, after, target()]), on, name=name))
    return program(*steps, start=str(chance.choice([1, chance.randint(0, count + 1)])) if count else None)


def programs() -> st.SearchStrategy[Program]:
    return st.builds(any_program, st.integers(0, 1_000_000), st.integers(0, 50))
