"""Writes that may be sent twice: with an `Idempotency-Key` the second gets the answer of the first.

Placing a call has a memory of its own, as its answer grows: see control/placing.py. The rules are the same.
"""

import hashlib
import json
from collections.abc import Callable
from functools import partial, wraps
from http import HTTPStatus
from typing import Any, TypeVar, cast

from django.db import IntegrityError, transaction
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from calls.models import IdempotencyKey, User
from calls.models.keys import MOST_LETTERS

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
OTHER = "This idempotency key was used for another request. Use a new one."
STILL = "The first request with this idempotency key is not answered yet. Ask again in a moment."
TOLD = ("ETag", "Location")  # headers of ours that belong to an answer

Handler = TypeVar("Handler", bound=Callable[..., Response])
Act = Callable[[], Response]


class KeyConflict(APIException):
    status_code = HTTPStatus.CONFLICT


def key_of(request: Request) -> str:
    """Give the key that came along, "" for none. Raises ValidationError for one that cannot be kept."""
    key = request.headers.get(HEADER, "").strip()
    if len(key) > MOST_LETTERS or not (key.isascii() and key.isprintable()):
        raise ValidationError({HEADER: [f"A key has up to {MOST_LETTERS} letters, digits and signs of ASCII."]})
    return key


def user_of(request: Request) -> User:
    """Give who asks."""
    if not isinstance(request.user, User):  # the permission let nobody else in
        raise TypeError("nobody is logged in")
    return request.user


def idempotent(handler: Handler) -> Handler:
    """Run a handler and keep its answer in one transaction: both are there, or neither. Errors are not kept."""

    @wraps(handler)
    def answer(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        act = partial(handler, view, request, *args, **kwargs)
        key = key_of(request)
        with transaction.atomic():
            return _once(request, key, act) if key else act()  # what raises takes the key's row along

    answer.keeps_keys = True  # type: ignore[attr-defined]  # a test looks for it at every write
    return cast(Handler, answer)


def idempotent_outside(handler: Handler) -> Handler:
    """The same for what happens outside of the database, such as at the platform: no transaction waits for that.

    Where the process ends in between, it is not known what came of it: the key gets a 409 until it expires.
    """

    @wraps(handler)
    def answer(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        act = partial(handler, view, request, *args, **kwargs)
        key = key_of(request)
        return _once(request, key, act, outside=True) if key else act()

    answer.keeps_keys = True  # type: ignore[attr-defined]
    return cast(Handler, answer)


def _once(request: Request, key: str, act: Act, *, outside: bool = False) -> Response:
    digest = _digest(request)
    row, is_new = _claim(user_of(request), key, digest)
    if not is_new:
        return _again(row, digest)
    try:
        response = act()
    except BaseException:
        if outside:
            row.delete()
        raise
    body = "" if response.data is None else JSONRenderer().render(response.data).decode()
    row.keep(response.status_code, {name: response[name] for name in TOLD if name in response}, body)
    return response


def _claim(user: User, key: str, digest: str) -> tuple[IdempotencyKey, bool]:
    """Make the key's row. Whoever comes second waits until the first transaction is through, and finds its row."""
    mine = IdempotencyKey.objects.filter(user=user, key=key)
    mine.expired().delete()
    try:
        with transaction.atomic():
            return IdempotencyKey.objects.create(user=user, key=key, digest=digest), True
    except IntegrityError:
        found = mine.first()
    if found is None:  # it expired this very moment
        raise KeyConflict(STILL)
    return found, False


def _again(row: IdempotencyKey, digest: str) -> Response:
    if row.digest != digest:
        raise KeyConflict(OTHER)
    if row.status is None:
        raise KeyConflict(STILL)
    body = json.loads(row.body) if row.body else None
    return Response(body, status=row.status, headers=row.headers | {REPLAYED: "true"})


def _digest(request: Request) -> str:
    """Tell requests apart. Reading the body comes first: one that cannot be read is refused, with a key or without."""
    body = json.dumps(request.data, sort_keys=True, default=_hash)
    parts = [request.method or "", request.get_full_path(), request.headers.get("If-Match", ""), body]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _hash(content: bytes) -> str:
    """Stand in for a flow's text or a sound, which are bytes as they came."""
    return hashlib.sha256(content).hexdigest()
