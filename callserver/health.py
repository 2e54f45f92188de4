"""The address that says whether this process is well."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that a thread of this process was free to answer: without the database, whose absence no restart cures."""
    return HttpResponse("well\n", content_type="text/plain")
