"""A page whose database does not answer says so, with what that means, rather than that it broke."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)
View = Callable[..., HttpResponseBase]


def tells_when_away(view: View) -> View:
    """Answer 503 with a page that needs no database where it is away or takes too long."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            logger.warning("%s could not be shown: %s", request.path, error)
            page = render_to_string("calls/away.html", {"path": request.get_full_path(), "user": None, "tab": ""})
            return HttpResponse(page, status=503)

    return guarded
