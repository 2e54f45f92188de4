"""Logins, each of which knows whose it is: so that a page that stays open needs one query to hear that nothing is new.

This module is Django's SESSION_ENGINE.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from calls.models.people import User


class Session(AbstractBaseSession):
    """A browser in which somebody is logged in, or was greeted."""

    # No constraint: a login that outlives its person by a moment is nobody's, as Django sees to.
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+", db_constraint=False)

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        return SessionStore


class SessionStore(db.SessionStore):
    """Django's own, which writes down whose the login is."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        session: Session = super().create_model_instance(data)  # type: ignore[assignment]
        session.user_id = data.get(SESSION_KEY)
        return session
