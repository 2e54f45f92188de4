"""Who watches a page that stays open, and what is new there: both in one query, as long as nothing is.

Nothing is trusted that Django would not trust: each time the login and its person are read from the database, so that
one that was ended, a changed password and a person who may no longer log in are noticed at once. Whatever is not plain
is left to `request.user`, which takes two queries more.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db.models import BigIntegerField, Field, Func, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from calls.models import Session, SessionStore, User

BACKEND = "django.contrib.auth.backends.ModelBackend"
Figures = dict[str, Any]


def figure(function: str, rows: QuerySet[Any], column: str = "pk", kind: "Field[Any, Any] | None" = None) -> Subquery:
    """An aggregate over rows, as a part of a query: `figure("MAX", events)`."""
    value = Func(column, function=function, output_field=kind or BigIntegerField())
    return Subquery(rows.order_by().annotate(figure_=value).values("figure_"))


def watch(request: HttpRequest, **wanted: Subquery) -> Figures | None:
    """Work out what is wanted for the person who asks; None where nobody is logged in. One query as a rule."""
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    if not (key.isascii() and key.isalnum()):
        return None
    names = [f"{name}_" for name in wanted]
    there = Session.objects.filter(session_key=key, expire_date__gt=timezone.now(), user__is_active=True)
    for login in there.select_related("user").annotate(**dict(zip(names, wanted.values(), strict=True))):
        if login.user and _is_plain(login, login.user):
            request.user = login.user
            return {name: getattr(login, f"{name}_") for name in wanted}
    if not request.user.is_authenticated:
        return None
    return dict(User.objects.filter(pk=request.user.pk).values(**wanted).get())


def _is_plain(login: Session, user: User) -> bool:
    """Whether Django would take this person for logged in, and change nothing about it."""
    told = SessionStore(login.session_key).decode(login.session_data)
    if told.get(SESSION_KEY) != str(user.pk) or told.get(BACKEND_SESSION_KEY) != BACKEND:
        return False
    return constant_time_compare(told.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())


def number_in(text: str, digits: int) -> int | None:
    """Read a number of an address; None for anything else, and for more digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None
