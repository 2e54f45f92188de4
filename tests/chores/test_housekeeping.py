"""The chores that keep small tables small."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from calls.chores.housekeeping import drop_expired_sessions, forget_lost_workers
from calls.models import Heartbeat, Session

pytestmark = pytest.mark.django_db


def test_expired_sessions_go_and_the_others_stay(login: Client) -> None:
    Session.objects.create(session_key="old", session_data="", expire_date=timezone.now() - timedelta(minutes=1))
    drop_expired_sessions()
    assert Session.objects.get().session_key == login.session.session_key


def test_workers_that_were_lost_a_day_ago_are_forgotten() -> None:
    Heartbeat.objects.create(worker="alive")
    Heartbeat.objects.create(worker="slow", beat_at=timezone.now() - timedelta(hours=23))
    Heartbeat.objects.create(worker="lost", beat_at=timezone.now() - timedelta(hours=25))
    forget_lost_workers()
    assert set(Heartbeat.objects.values_list("worker", flat=True)) == {"alive", "slow"}
