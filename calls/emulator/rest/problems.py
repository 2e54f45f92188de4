"""Errors, in the shapes in which the platform tells them."""

import json
from http import HTTPStatus

from aiohttp import web

DOCS = "https://developer.vonage.com/api-errors"
SLUGS = {401: "unauthorized", 403: "forbidden", 404: "not-found", 429: "throttled", 500: "internal"}
TITLES = {429: "Rate Limit Hit"}


class Problem(Exception):
    """A request that is refused. `invalid` are pairs of name and reason, for a 400."""

    def __init__(self, status: int, detail: str = "", *, invalid: list[tuple[str, str]] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.invalid = invalid

    def response(self, request_id: str) -> web.Response:
        """Give it as the platform does: 400 names parameters, all others are problem details."""
        title = TITLES.get(self.status, HTTPStatus(self.status).phrase)
        if self.status == 400 and self.invalid:
            body: object = {
                "type": 400,
                "title": title,
                "invalid_parameters": [{"reason": reason, "name": name} for name, reason in self.invalid],
            }
        elif self.status == 400:
            body = {"type": "BAD_REQUEST", "error_title": title}
        else:
            type_ = f"{DOCS}#{SLUGS.get(self.status, 'error')}"
            body = {"type": type_, "title": title, "detail": self.detail, "instance": request_id}
        return web.Response(text=json.dumps(body), status=self.status, content_type="application/json")


def invalid(name: str, reason: str = "Invalid type parameter provided") -> Problem:
    """Give the 400 that names one parameter."""
    return Problem(400, f"{name}: {reason}", invalid=[(name, reason)])
