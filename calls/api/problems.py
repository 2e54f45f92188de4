"""Errors of the API, in one shape: problem details (RFC 9457)."""

from http import HTTPStatus
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler

PROBLEM_JSON = "application/problem+json"


class ProblemRenderer(JSONRenderer):
    """JSON that says in its media type that it is a problem."""

    media_type = PROBLEM_JSON


class Problem(serializers.Serializer[dict[str, Any]]):
    """What every answer from 400 up looks like."""

    title = serializers.CharField(help_text="The status in words.")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What was wrong, in a sentence.")
    errors = serializers.DictField(  # type: ignore[assignment]  # DRF takes it off the class: `errors` stays its own
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="With 400: the reasons, by parameter.",
    )


class DatabaseAway(APIException):
    """Nothing can be read just now; webhooks are taken all the same."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_detail = "The database does not answer. Webhooks are taken meanwhile; ask again in a moment."


def problem_response(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Give every API error the fields of problem details.

    {"title": "Bad Request", "status": 400, "detail": "…", "errors": {"call": ["…"]}}
    """
    if isinstance(exc, OperationalError | InterfaceError):
        exc = DatabaseAway()
    response = exception_handler(exc, context)
    if response is None:  # a bug: Django logs it and answers 500
        return None
    problem = {"title": HTTPStatus(response.status_code).phrase, "status": response.status_code}
    if isinstance(exc, ValidationError):
        errors = response.data if isinstance(response.data, dict) else {"non_field_errors": response.data}
        response.data = problem | {"detail": "Some values are not valid.", "errors": errors}
    else:
        response.data = problem | {"detail": response.data["detail"]}
    request = context.get("request")
    if request is not None:  # whatever was asked for, even the schema's YAML: a problem is JSON
        request.accepted_renderer, request.accepted_media_type = ProblemRenderer(), PROBLEM_JSON
    return response


class NoSuchAddress(APIView):
    """Answers below /api/ where nothing is, with a problem rather than a page."""

    permission_classes = [AllowAny]
    schema = None

    def initial(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        raise NotFound("There is nothing at this address. /api/schema/ lists all there is.")
