"""What all operations of the API have in common: their problems, and the key of those that write."""

from http import HTTPStatus
from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from calls.api.idempotency import HEADER
from calls.api.problems import PROBLEM_JSON, Problem

KEY = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    description="Up to 64 letters of your own. Sent again with the same request: the first answer, and nothing is "
    "done twice. With another request: 409.",
)
WRITES = {"POST", "PUT", "PATCH", "DELETE"}
ANYWHERE = (400, 401, 403, 404, 406, 503)
OF_WRITES = (409, 413, 415)


class Described(AutoSchema):
    """Describes an operation as drf-spectacular does, with that added.

    A view names in `problems` what else its methods may be refused with: {"POST": (422,)}.
    """

    def get_summary(self) -> str | None:
        summary: str | None = getattr(self.view, "summaries", {}).get(self.method) or super().get_summary()
        return summary

    def get_request_serializer(self) -> Any:
        """Describe what is sent to change rows as that, not as what comes back."""
        order = getattr(self.view, "order_class", None)
        if order is not None and self.method in {"POST", "PATCH"}:
            return order(partial=self.method == "PATCH")
        return super().get_request_serializer()

    def _is_create_operation(self) -> bool:
        return bool(super()._is_create_operation()) or (self.method == "POST" and hasattr(self.view, "order_class"))

    def get_override_parameters(self) -> list[Any]:
        return [KEY] if self.method in WRITES else []

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        told: dict[str, Any] = super()._get_response_bodies(direction)
        body = self.resolve_serializer(Problem, "response").ref
        further = getattr(self.view, "problems", {}).get(self.method, ())
        for status in (*ANYWHERE, *(OF_WRITES if self.method in WRITES else ()), *further):
            problem = {"content": {PROBLEM_JSON: {"schema": body}}, "description": HTTPStatus(status).phrase}
            told.setdefault(str(status), problem)
        return told
