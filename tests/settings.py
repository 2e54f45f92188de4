"""Settings of the tests: known values whatever the machine has, and a spool of their own.

DATABASE_URL may name a Postgres server; each run makes its own database there (TEST_DATABASE_NAME).
"""

import os
import secrets
import tempfile
from pathlib import Path

from callserver import env as environment

# conftest.py makes it, and clears up.
SCRATCH = Path(tempfile.gettempdir()) / f"callserver-tests-{secrets.token_hex(6)}"
KNOWN = {
    "PYTHONDONTWRITEBYTECODE": "",  # else each process that a test starts compiles all of ours: a third of its start
    "SECRET_KEY": "a-secret-key-of-the-tests-only-0123456789-0123456789",
    "SECRET_KEY_FALLBACKS": "",
    "DEBUG": "",
    "ALLOWED_HOSTS": "testserver",
    "BASE_URL": "",
    "PORT": "",
    "TIME_ZONE": "Europe/London",
    "LOG_LEVEL": "",
    "SPOOL_DIR": str(SCRATCH / "spool"),
    "VONAGE_API_KEY": "",
    "VONAGE_API_SECRET": "",
    "VONAGE_APPLICATION_ID": "",
    "VONAGE_PRIVATE_KEY": "",
    "VONAGE_SIGNATURE_SECRET": "a-signature-secret-of-the-tests-1",
    "VONAGE_API_URL": "",
    "WEBHOOK_SIGNATURES": "",
    "INGEST": "inline",
    "OUTBOUND_COUNTRIES": "GB",
    "OUTBOUND_FROM": "",
    "OUTBOUND_PER_USER": "",
    "OUTBOUND_PER_MINUTE": "",
    "OUTBOUND_PER_DAY": "",
    "OUTBOUND_LONGEST_SECONDS": "",
    "VOICEMAIL_EMAIL": "",
    "EMAIL_URL": "",
    "EMAIL_FROM": "",
}
os.environ.update(KNOWN)
environment.LOCAL_ENV = Path(os.devnull)

from callserver.settings import *  # noqa: E402, F403
from callserver.settings import DATABASES  # noqa: E402

# A file for SQLite, not memory: threads and processes of a test then meet the locks that they meet in life.
SQLITE = "sqlite" in DATABASES["default"]["ENGINE"]
DATABASES["default"]["TEST"] = {
    "NAME": os.environ.get("TEST_DATABASE_NAME") or (SCRATCH / "tests.sqlite3" if SQLITE else None)
}
if not SQLITE:  # a power cut during the tests costs nothing
    DATABASES["default"]["OPTIONS"]["options"] += " -c synchronous_commit=off"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = True  # look a static file up when it is asked for: no test client has to read them all first
