"""Reading files that people write: what is wrong is told with its place and the cure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


class BadFile(Exception):
    """A sentence that names the file, the place in it, and what should stand there."""


def read_yaml(path: Path) -> Any:
    """Give what a YAML file says. Raises BadFile."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise BadFile(f"{path} is not UTF-8 text.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        raise BadFile(f"{path}{line} is not YAML: {problem}.") from None


def mapping(value: Any, where: str, known: tuple[str, ...]) -> Mapping[str, Any]:
    """Give a mapping whose keys are known. Raises BadFile."""
    if not isinstance(value, dict):
        raise BadFile(f"{where} has to be a mapping with some of: {', '.join(known)}.")
    for key in value:
        if key not in known:
            raise BadFile(f"{where}: {key!r} is not known. Known are {', '.join(known)}.")
    return value


def text(value: Any, where: str) -> str:
    """Give a text; a number that was written without quotes counts as one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadFile(f"{where} has to be a text.")
    return str(value)


def seconds(value: Any, where: str) -> float:
    """Give a number of seconds, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise BadFile(f"{where} has to be a number of seconds, 0 or more.")
    return float(value)
