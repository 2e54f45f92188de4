"""What people do from a call's page: act on one that goes on, say that one is handled, note, tag, block."""

from collections.abc import Callable
from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from calls.control import acting, remarks
from calls.control.refusals import Refused
from calls.models import Call, User

Given = dict[str, str]
Act = Callable[[Call, Given, User], str]  # gives what was done, in a sentence, and raises Refused


@require_POST
@login_required
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Do what `does` says, and go back to the call's page, or with `to=calls` to the list, which tells what was done.

    403 for who lacks the permission that it takes, 404 and a sentence where the call was deleted meanwhile.
    """
    call = Call.objects.filter(pk=pk).first()
    if call is None:
        return _gone(request)
    given = request.POST.dict()
    permission, do = ACTS.get(given.get("does", ""), ("", _unknown))
    if permission and not request.user.has_perm(permission):
        raise PermissionDenied
    try:
        if isinstance(request.user, User):
            messages.success(request, do(call, given, request.user))
    except Refused as refused:
        if refused.status == HTTPStatus.NOT_FOUND:
            return _gone(request)
        messages.error(request, str(refused))
    return redirect(reverse("calls") if given.get("to") == "calls" else f"{call.get_absolute_url()}#done")


def _gone(request: HttpRequest) -> HttpResponse:
    """Say that the call was deleted, on the list for who asked there."""
    if request.POST.get("to") == "calls":
        messages.error(request, remarks.GONE)
        return redirect("calls")
    return render(request, "calls/gone.html", {"words": remarks.GONE}, status=HTTPStatus.NOT_FOUND)


def _hang_up(call: Call, given: Given, by: User) -> str:
    acting.hang_up(call, by=by)
    return "Hung up."


def _mute(call: Call, given: Given, by: User) -> str:
    acting.mute(call, by=by)
    return "The caller is muted."


def _unmute(call: Call, given: Given, by: User) -> str:
    acting.mute(call, by=by, on=False)
    return "The caller is unmuted."


def _talk(call: Call, given: Given, by: User) -> str:
    acting.speak(call, given.get("text", ""), by=by)
    return "The text is being read into the call."


def _transfer(call: Call, given: Given, by: User) -> str:
    acting.transfer(call, given.get("flow", ""), by=by)
    return "The caller was moved."


def _note(call: Call, given: Given, by: User) -> str:
    remarks.note(call, given.get("note", ""), by=by)
    return "The note is kept."


def _handled(call: Call, given: Given, by: User) -> str:
    remarks.handle(call, by=by)
    return "Marked as handled."


def _reopen(call: Call, given: Given, by: User) -> str:
    remarks.reopen(call, by=by)
    return "Marked as not handled yet."


def _block(call: Call, given: Given, by: User) -> str:
    remarks.block(call, by=by, note=given.get("note", ""))
    return "Blocked. Whoever calls from this number is hung up on from now on."


def _tag(call: Call, given: Given, by: User) -> str:
    contact = remarks.tag(call, given.get("tags", ""), by=by, name=given.get("name", ""))
    tags = ", ".join(contact.tags.values_list("name", flat=True))
    return f"{contact} is tagged as {tags}." if tags else f"{contact} has no tag."


def _unknown(call: Call, given: Given, by: User) -> str:
    raise Refused(f"A call can be {', '.join(ACTS)}; “{given.get('does', '')[:40]}” is none of these.", 400)


# By the word that a form sends, with the permission that it takes beside being logged in.
ACTS: dict[str, tuple[str, Act]] = {
    "hangup": ("", _hang_up),
    "mute": ("", _mute),
    "unmute": ("", _unmute),
    "talk": ("", _talk),
    "transfer": ("", _transfer),
    "note": ("calls.change_call", _note),
    "handled": ("calls.change_call", _handled),
    "reopen": ("calls.change_call", _reopen),
    "block": ("calls.add_block", _block),
    "tag": ("calls.change_contact", _tag),
}
