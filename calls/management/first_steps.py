"""What a server that was just installed needs for its first call: a number, and somebody who may log in."""

import secrets

from calls.flows.numbers import save_number
from calls.models import PhoneNumber, User

DEMO_NUMBER = "442079460000"


def make_demo_number() -> bool:
    """Make it unless it is there; its callers hear the tutorial's greeting. Say whether it was made."""
    if PhoneNumber.objects.filter(msisdn=DEMO_NUMBER).exists():
        return False
    save_number(DEMO_NUMBER, label="Demo line")
    return True


def first_admin() -> User | None:
    return User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()


def make_admin() -> str | None:
    """Make an administrator unless there is one, and give the password, which is not kept and cannot be shown again."""
    if first_admin():
        return None
    password = secrets.token_urlsafe(12)
    User.objects.create_superuser("admin", password=password)
    return password
