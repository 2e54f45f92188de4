"""The voice application that is rung: what its owner would set in the Vonage dashboard."""

from dataclasses import dataclass
from typing import Literal

Method = Literal["GET", "POST"]


@dataclass(frozen=True, kw_only=True)
class Application:
    """URLs and methods as an application has them. Without a `secret`, webhooks go unsigned, as to old applications."""

    answer_url: str
    event_url: str
    fallback_url: str = ""
    answer_method: Method = "GET"
    event_method: Method = "POST"
    fallback_method: Method = "GET"
    secret: str = ""
    api_key: str = ""
    application_id: str = ""
