"""`/call?to=…`: a program places a call at once; a person is asked first, and lands on the call's page."""

import secrets
from http import HTTPStatus

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from calls.control.placing import Plan, Wanted, as_json, call_of, place_call, plan, status_of
from calls.control.refusals import Refused
from calls.models import ApiToken, PhoneNumber, Placement, PlacementState, User
from calls.models.people import Scope
from calls.vonage import numbers, voices

FIELDS = ("to", "from", "text", "voice", "flow")
YES = {"1", "true", "yes"}


@csrf_exempt  # a token is no cookie; for people `_person` asks for it
@never_cache
@require_http_methods(["GET", "POST"])
def place(request: HttpRequest) -> HttpResponse:
    """Place a call for a token, or ask the person who is logged in. Nobody else gets further."""
    scheme, _, plain = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() in {"token", "bearer"}:
        token = ApiToken.objects.of_plain(plain.strip())
        if token is None:
            return _problem(HTTPStatus.UNAUTHORIZED, "This token is not known, or its user may not log in any more.")
        if not token.may(Scope.PLACE_CALLS):
            return _problem(HTTPStatus.FORBIDDEN, "This token has no scope “calls:place”.")
        return _program(request, token.user)
    if isinstance(request.user, User):
        return _person(request, request.user)
    if "text/html" in request.headers.get("Accept", ""):
        return redirect_to_login(request.get_full_path())
    return _problem(HTTPStatus.UNAUTHORIZED, "Send “Authorization: Token <token>”, or log in.")


def _program(request: HttpRequest, user: User) -> HttpResponse:
    """Answer a program in JSON."""
    given = request.GET.copy()
    given.update(request.POST)
    wanted = _wanted(given)
    try:
        if given.get("dry_run", "").lower() in YES:
            return JsonResponse(plan(wanted).as_json())
        placement = place_call(wanted, user=user, key=_key(request.headers.get("Idempotency-Key", "")))
    except Refused as refused:
        return _problem(refused.status, str(refused), refused.retry_after)
    return JsonResponse(as_json(placement), status=status_of(placement))


@csrf_protect
def _person(request: HttpRequest, user: User) -> HttpResponse:
    """Show who is called, from which number, what they will hear; with the button, do it."""
    given = request.POST if request.method == "POST" else request.GET
    wanted = _wanted(given)
    context = {"tab": "calls", "wanted": wanted, "key": given.get("key") or secrets.token_urlsafe(16)}
    context |= {"numbers": PhoneNumber.objects.all()[:200], "voices": voices.choices()}
    try:
        planned = plan(wanted) if wanted.to else None
        if planned and request.method == "POST" and "place" in given:
            placement = place_call(wanted, user=user, key=_key(context["key"]))
            return _after(request, placement, context | _shown(planned))
    except Refused as refused:
        context["refused"] = str(refused)
        return render(request, "calls/place.html", context, status=refused.status)
    return render(request, "calls/place.html", context | (_shown(planned) if planned else {}))


def _after(request: HttpRequest, placement: Placement, context: dict[str, object]) -> HttpResponse:
    """Open the call, or say that it is not known whether there is one."""
    call = call_of(placement)
    if call:
        return redirect("call", call)
    if placement.state == PlacementState.ACCEPTED:  # its first event is on its way
        return redirect("calls")
    context |= {"unknown": placement.problem, "key": secrets.token_urlsafe(16)}
    return render(request, "calls/place.html", context, status=HTTPStatus.GATEWAY_TIMEOUT)


def _shown(planned: Plan) -> dict[str, object]:
    number = planned.destination.number
    return {"planned": planned, "to_shown": numbers.shown(number), "country": numbers.country(number)}


def _wanted(given: QueryDict) -> Wanted:
    to, from_, text, voice, flow = (given.get(name, "") for name in FIELDS)
    return Wanted(to=to, from_=from_, text=text, voice=voice, flow=flow)


def _key(text: object) -> str:
    return str(text).strip()[:64]


def _problem(status: int, detail: str, retry_after: int | None = None) -> HttpResponse:
    """An error in the shape of the API's."""
    response = JsonResponse(
        {"title": HTTPStatus(status).phrase, "status": int(status), "detail": detail},
        status=status,
        content_type="application/problem+json",
    )
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Token realm="api"'
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response
