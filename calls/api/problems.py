"""Errors of the API, in one shape: problem details (RFC 9457)."""

import logging
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import ValidationError as Invalid
from django.db import IntegrityError, InterfaceError, OperationalError
from django.db.models import ProtectedError, RestrictedError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponsePermanentRedirect, JsonResponse
from django.urls import resolve
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import serializers
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler

from calls.control.refusals import Refused

logger = logging.getLogger(__name__)
PROBLEM_JSON = "application/problem+json"
BELOW = "/api/"
WHOLE = "non_field_errors"  # DRF's name for what is wrong with no single field
Errors = dict[str, list[str]]


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
        help_text="With 400 and 422: the reasons, by parameter or field; “numbers.0” is the first of a list.",
    )


class DatabaseAway(APIException):
    """Nothing can be read just now; webhooks are taken all the same."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_detail = "The database does not answer. Webhooks are taken meanwhile; ask again in a moment."


class Conflict(APIException):
    """It cannot be done as things stand."""

    status_code = HTTPStatus.CONFLICT
    default_detail = "Somebody else changed the same at this moment. Look at it again, then repeat."


class RefusedProblem(APIException):
    """What control refuses, as the API tells it."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(str(refused))
        self.status_code = refused.status
        if refused.retry_after:
            self.wait = refused.retry_after  # DRF makes Retry-After of it


class CannotBeDone(APIException):
    """What was asked for is well said, and something forbids it: `errors` says what."""

    status_code = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, detail: str, errors: Errors) -> None:
        super().__init__(detail)
        self.errors = errors


def problem_response(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Give every API error the fields of problem details.

    {"title": "Bad Request", "status": 400, "detail": "…", "errors": {"call": ["…"]}}
    """
    exc = _as_api_error(exc)
    response = exception_handler(exc, context)
    if response is None:  # a bug: Django logs it and answers 500
        return None
    problem: dict[str, Any] = {"title": HTTPStatus(response.status_code).phrase, "status": response.status_code}
    if isinstance(exc, ValidationError):
        errors = dict(_flat(exc.detail))
        response.data = problem | {"detail": "Some values are not valid.", "errors": errors}
    else:
        response.data = problem | {"detail": response.data["detail"]}
    if isinstance(exc, CannotBeDone):
        response.data |= {"errors": exc.errors}
    request = context.get("request")
    if request is not None:  # whatever was asked for, even the schema's YAML: a problem is JSON
        request.accepted_renderer, request.accepted_media_type = ProblemRenderer(), PROBLEM_JSON
    return response


def _as_api_error(exc: Exception) -> Exception:
    """Read what our own rooms and the databases raise as DRF's errors."""
    if isinstance(exc, OperationalError | InterfaceError):
        return DatabaseAway()
    if isinstance(exc, ProtectedError | RestrictedError):
        return Conflict(str(exc.args[0]))
    if isinstance(exc, IntegrityError):  # checks that passed a moment ago: somebody was faster
        logger.warning("A write met another one: %s", exc)
        return Conflict()
    if isinstance(exc, Refused):
        return RefusedProblem(exc)
    if isinstance(exc, Invalid):
        found = exc.message_dict if hasattr(exc, "error_dict") else {WHOLE: exc.messages}
        return ValidationError(found)
    return exc


def _flat(errors: Any, name: str = "") -> Iterator[tuple[str, list[str]]]:
    """Give the reasons by the fields' names, those inside lists and objects as "numbers.0"."""
    if isinstance(errors, dict):
        for key, inner in errors.items():
            here = WHOLE if key == NON_FIELD_ERRORS else key
            yield from _flat(inner, f"{name}.{here}" if name else str(here))
    elif isinstance(errors, list) and any(isinstance(one, dict | list) for one in errors):
        for place, inner in enumerate(errors):
            yield from _flat(inner, f"{name}.{place}" if name else str(place))
    elif isinstance(errors, list):
        yield name or WHOLE, [str(one) for one in errors]
    else:
        yield name or WHOLE, [str(errors)]


def server_error(request: HttpRequest) -> HttpResponse:
    """Tell a bug, which Django has logged: programs as a problem, people as their page does."""
    if not request.path.startswith(BELOW):
        return defaults.server_error(request)
    detail = "Something went wrong on the server, which has written down what. Tell whoever runs it."
    return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Tell what Django refuses before anything of ours has read it: an unknown host, thousands of parameters."""
    if not request.path.startswith(BELOW):
        return defaults.bad_request(request, exception)
    return _problem(HTTPStatus.BAD_REQUEST, "The request cannot be read: its host, its parameters or its headers.")


def _problem(status: HTTPStatus, detail: str) -> HttpResponse:
    told = {"title": status.phrase, "status": status, "detail": detail}
    return JsonResponse(told, status=status, content_type=PROBLEM_JSON)


class NoSuchAddress(APIView):
    """Answers below /api/ where nothing is, with a problem rather than a page."""

    permission_classes = [AllowAny]
    schema = None

    def initial(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        slash = "" if request.path.endswith("/") else " All end in a slash."
        raise NotFound(f"There is nothing at this address. /api/schema/ lists all there is.{slash}")


no_such_address = NoSuchAddress.as_view()


@csrf_exempt
def without_slash(request: HttpRequest, **_: Any) -> HttpResponseBase:
    """Lead whoever reads to the same address with its slash. A write would lose its body on that way: it is a 404."""
    known = resolve(f"{request.path_info}/").func is not no_such_address
    if known and request.method in {"GET", "HEAD"}:
        return HttpResponsePermanentRedirect(request.get_full_path(force_append_slash=True))
    return no_such_address(request)
