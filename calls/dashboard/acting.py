"""The buttons of a call that goes on: hang up, mute, speak into it, move it to a flow."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from calls.control import acting
from calls.control.refusals import Refused
from calls.models import Call, User


@require_POST
@login_required
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Do what `does` says, and go back to the call's page, which tells whether it was done."""
    call = get_object_or_404(Call, pk=pk)
    try:
        if isinstance(request.user, User):
            messages.success(request, do(call, request.POST.dict(), request.user))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("call", pk)


def do(call: Call, given: dict[str, str], by: User) -> str:
    """Act, and say what was done. Raises Refused."""
    match given.get("does"):
        case "hangup":
            acting.hang_up(call, by=by)
            return "Hung up."
        case "mute" | "unmute" as word:
            acting.mute(call, by=by, on=word == "mute")
            return f"The caller is {word}d."
        case "talk":
            acting.speak(call, given.get("text", ""), by=by)
            return "The text is being read into the call."
        case "transfer":
            acting.transfer(call, given.get("flow", ""), by=by)
            return "The caller was moved."
    raise Refused("A call can be hung up, muted, spoken into or moved.", 400)
