"""Who a program is: `Authorization: Token <the text that was shown once>`."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from calls.models import ApiToken, User

NOTED_EVERY = timedelta(minutes=1)  # a program that polls must not write a row each time


class TokenAuthentication(BaseAuthentication):
    """Lets a program in as its token's user; `request.auth` is the token. Other schemes are left to others."""

    keyword = "Token"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Find the token's user. Raises AuthenticationFailed where there is a token but none of ours."""
        scheme, _, plain = get_authorization_header(request).strip().partition(b" ")
        if scheme.lower() != self.keyword.lower().encode():
            return None
        if not plain.strip():
            raise AuthenticationFailed("The token is missing. Send “Authorization: Token <token>”.")
        token = ApiToken.objects.of_plain(plain.strip().decode("latin-1"))
        if token is None:
            raise AuthenticationFailed("This token is not known, or its user may not log in any more.")
        _note_use(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Make DRF refuse a stranger with 401, and say how to come in."""
        return f'{self.keyword} realm="api"'


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at <= now - NOTED_EVERY:
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - NOTED_EVERY)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
