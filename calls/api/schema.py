"""The description of the API (OpenAPI 3), and what drf-spectacular cannot read out of our code."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import IsAuthenticated

from calls.api.authentication import TokenAuthentication


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Registers itself by being defined."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        scheme: dict[str, Any] = build_bearer_security_scheme_object("Authorization", TokenAuthentication.keyword)
        return scheme


class Schema(SpectacularAPIView):
    """GET /api/schema/, for whoever is logged in or brings a token."""

    permission_classes = [IsAuthenticated]
