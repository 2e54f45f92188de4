"""What every request of the REST API goes through: whose it is, how many there were, what its body says."""

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from aiohttp import web

from calls.emulator.application import Application
from calls.emulator.limits import REQUESTS_A_SECOND, Limiter
from calls.emulator.platform import Platform
from calls.emulator.recordings import SDK_FILES
from calls.emulator.rest import tokens
from calls.emulator.rest.problems import Problem

logger = logging.getLogger(__name__)

PLATFORM = web.AppKey("platform", Platform)
LIMITER = web.AppKey("limiter", Limiter)
GUARDED = ("/v1/", SDK_FILES)
SENDER = web.RequestKey("sender", Application)
REQUEST_ID = web.RequestKey("id", str)
MOST_BYTES = 1024 * 1024  # of a body; inferred

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def limiter(platform: Platform) -> Limiter:
    return Limiter(platform.clock, REQUESTS_A_SECOND)


@web.middleware
async def tell_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give each request an id, and answer what goes wrong in the platform's shapes."""
    request[REQUEST_ID] = str(uuid4())
    try:
        answer = await handler(request)
    except ConnectionError:  # who asked has gone away in the middle of a long answer
        raise
    except Problem as problem:
        answer = problem.response(request[REQUEST_ID])
    except web.HTTPException as known:  # no such path, no such method, too long a body
        answer = Problem(known.status, known.reason).response(request[REQUEST_ID])
    except Exception:  # a bug of ours takes no call down
        logger.exception("%s %s", request.method, request.path)
        answer = Problem(500, "The local Vonage has a bug; its log tells more.").response(request[REQUEST_ID])
    is_good = answer.status < 400
    if not is_good or request.path.startswith(GUARDED):
        words = f"REST: {request.method} {request.path}: {answer.status}"
        told = {"status": answer.status, "method": request.method, "path": request.path}
        request.app[PLATFORM].note(words, detail=is_good, **told)
    return answer


@web.middleware
async def know_sender(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let nobody in whose token is not good. New calls are counted where they are made, all others here."""
    platform = request.app[PLATFORM]
    if request.path.startswith(GUARDED):
        try:
            header = request.headers.get("Authorization", "")
            request[SENDER] = tokens.application_of(header, platform.applications)
        except tokens.Unauthorized as reason:
            raise Problem(401, str(reason)) from None
        is_new_call = request.method == "POST" and request.path == "/v1/calls"
        if not is_new_call and not request.app[LIMITER].allows():
            raise Problem(429, f"{REQUESTS_A_SECOND} requests a second are taken.")
    return await handler(request)


def sender_of(request: web.Request) -> Application:
    return request[SENDER]


def account_of(request: web.Request) -> list[Application]:
    """Give the applications of the account that sends this. Raises Problem."""
    try:
        return tokens.account_of(request.headers.get("Authorization", ""), request.app[PLATFORM].applications)
    except tokens.Unauthorized as reason:
        raise Problem(401, str(reason)) from None


async def body_of(request: web.Request) -> dict[str, Any]:
    """Give the JSON object of the body. Raises Problem."""
    try:
        value = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise Problem(400, "The body is not JSON.") from None
    if not isinstance(value, dict):
        raise Problem(400, "The body is not a JSON object.")
    return value
