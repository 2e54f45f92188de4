"""What somebody who is known may do here."""

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from calls.models import ApiToken
from calls.models.people import Scope


class MayReadCalls(IsAuthenticated):
    """Anybody who is logged in; of tokens with scopes, those that have `calls:read`."""

    message = "This token has no scope “calls:read”. Issue one that has, or one without scopes."

    def has_permission(self, request: Request, view: APIView) -> bool:
        held = isinstance(request.auth, ApiToken) and not request.auth.may(Scope.READ_CALLS)
        return super().has_permission(request, view) and not held


class MayPlaceCalls(IsAuthenticated):
    """Anybody who is logged in; of tokens with scopes, those that have `calls:place`."""

    message = "This token has no scope “calls:place”. Issue one that has, or one without scopes."

    def has_permission(self, request: Request, view: APIView) -> bool:
        held = isinstance(request.auth, ApiToken) and not request.auth.may(Scope.PLACE_CALLS)
        return super().has_permission(request, view) and not held
