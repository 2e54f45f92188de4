"""What somebody who is known may do here: as far as their token goes, and no further than they may in the admin."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request

from calls.models import ApiToken
from calls.models.people import Scope

if TYPE_CHECKING:  # views import their usual permissions, which are these
    from rest_framework.views import APIView


@dataclass(frozen=True, init=False)
class Needed:
    """What it takes: a scope, of tokens that are held to some; and one of these permissions, where there are any."""

    scope: Scope
    permissions: tuple[str, ...]

    def __init__(self, scope: Scope, *permissions: str) -> None:
        object.__setattr__(self, "scope", scope)
        object.__setattr__(self, "permissions", permissions)


Needs = Mapping[str, Needed]  # by method


def rows_of(model: str, read: Scope, write: Scope) -> Needs:
    """Give what it takes to read, add, change and delete rows of a model."""
    verbs = {"GET": "view", "POST": "add", "PATCH": "change", "DELETE": "delete"}
    return {
        method: Needed(read if method == "GET" else write, f"calls.{verb}_{model}") for method, verb in verbs.items()
    }


READ_CALLS: Needs = {"GET": Needed(Scope.READ_CALLS)}
WRITE_CALLS: Needs = {"PATCH": Needed(Scope.WRITE_CALLS, "calls.change_call")}
PLACE_CALLS: Needs = {"POST": Needed(Scope.PLACE_CALLS)}


class May(IsAuthenticated):
    """Lets in who has what the view `needs` for the method. A method that the view does not have is refused later."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not super().has_permission(request, view):
            return False
        needs: Needs = view.needs  # type: ignore[attr-defined]  # a view that says nothing lets nobody in
        needed = needs.get(request.method or "") or next(iter(needs.values()))
        scope, token = needed.scope, request.auth
        if isinstance(token, ApiToken) and not token.may(scope):
            raise PermissionDenied(f"This token has no scope “{scope}”. Issue one that has, or one without scopes.")
        if needed.permissions and not any(map(request.user.has_perm, needed.permissions)):
            wanted = " or ".join(f"“{name}”" for name in needed.permissions)
            raise PermissionDenied(
                f"{request.user} lacks the permission {wanted}, which this takes. An administrator can give it."
            )
        return True
