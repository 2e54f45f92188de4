"""What programs send: JSON that is small enough, and that both databases can keep."""

import json
from http import HTTPStatus
from typing import IO, Any, NoReturn

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

from calls.flows.parsing import LARGEST, unstorable
from calls.models import sounds

MOST_BYTES = LARGEST  # the largest thing that is sent is a flow


class TooLarge(APIException):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE

    def __init__(self, most: int) -> None:
        super().__init__(f"The body is larger than {most // 1024:,} kB. Send less at once.")


class JsonBody(BaseParser):
    """Parses application/json. Raises ParseError, and TooLarge before it has read more than MOST_BYTES."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        content = whole(stream)
        try:
            found = json.loads(content.decode(), parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"The body is not JSON: {error}.") from error
        if reason := unstorable(found):
            raise ParseError(f"The body cannot be kept: {reason}.")
        return found


class FlowBody(BaseParser):
    """Gives a flow's text as it came, JSON or YAML: `{"text": bytes}`. flows/text.py reads it."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        return {"text": whole(stream)}


class YamlFlowBody(FlowBody):
    media_type = "application/yaml"


class SoundBody(BaseParser):
    """Gives a sound file as it came: `{"file": bytes}`."""

    media_type = "audio/*"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        return {"file": whole(stream, sounds.MOST_BYTES)}


def whole(stream: IO[Any], most: int = MOST_BYTES) -> bytes:
    """Read a body. Raises TooLarge."""
    content: bytes = stream.read(most + 1)
    if len(content) > most:
        raise TooLarge(most)
    return content


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number in JSON")
