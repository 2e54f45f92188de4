"""Chores that keep small tables small."""

from datetime import timedelta

from django.utils import timezone

from calls.models import Heartbeat, IdempotencyKey, Session

FORGOTTEN_AFTER = timedelta(days=1)


def drop_expired_sessions() -> None:
    """Drop the sessions of people whose login is over."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()


def forget_lost_workers() -> None:
    """Drop the heartbeats of workers that were ended by force, a day after their last one."""
    Heartbeat.objects.older_than(FORGOTTEN_AFTER).delete()


def drop_expired_keys() -> None:
    """Drop answers that no program may ask for again."""
    IdempotencyKey.objects.expired().delete()
