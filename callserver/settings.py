"""Settings of the call server. What an owner may change comes from the environment: see `.env.example`.

Read once, here, through `env.py`. Production means that DEBUG is off; whether cookies are Secure, and
whether plain http is redirected, follows the scheme of BASE_URL.
"""

import logging
import secrets
import sys
import warnings
import zoneinfo
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from callserver.env import BASE_DIR, Env

env = Env()
VAR_DIR = BASE_DIR / "var"  # all that runs writes here only

DEBUG = env.boolean("DEBUG")
PORT = env.integer("PORT", 3000, least=1, most=65535)
BASE_URL = env.origin("BASE_URL", f"http://127.0.0.1:{PORT}")
HTTPS = BASE_URL.startswith("https://")
LOG_LEVEL = env.one_of("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")

# Secrets. `migrate` and an image build run without them; gunicorn does not start: see checks.py.
SECRET_KEY_GIVEN = env.text("SECRET_KEY")
SECRET_KEY = SECRET_KEY_GIVEN or secrets.token_urlsafe(50)
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")

# Vonage
VONAGE_API_KEY = env.text("VONAGE_API_KEY")
VONAGE_API_SECRET = env.text("VONAGE_API_SECRET")
VONAGE_APPLICATION_ID = env.text("VONAGE_APPLICATION_ID")
VONAGE_PRIVATE_KEY = env.text("VONAGE_PRIVATE_KEY")
VONAGE_SIGNATURE_SECRET = env.words("VONAGE_SIGNATURE_SECRET")  # two during rotation; the first one signs
VONAGE_API_URL = env.url("VONAGE_API_URL", "https://api.nexmo.com")
WEBHOOK_SIGNATURES = env.one_of("WEBHOOK_SIGNATURES", ("required", "optional"), "required")
WEBHOOK_MAX_BYTES = 256 * 1024

# Ingest: "writer" stores events in batches in a thread of its own, "inline" in the request's thread.
INGEST = env.one_of("INGEST", ("writer", "inline"), "writer")
SPOOL_DIR = env.path("SPOOL_DIR", VAR_DIR / "spool")

# Calls that we place, and forwards. No country: nobody is called.
OUTBOUND_COUNTRIES = [word.upper() for word in env.words("OUTBOUND_COUNTRIES")]
OUTBOUND_FROM = env.text("OUTBOUND_FROM").removeprefix("+")
OUTBOUND_PER_USER = env.integer("OUTBOUND_PER_USER", 10, least=0, most=180)  # a minute
OUTBOUND_PER_MINUTE = env.integer("OUTBOUND_PER_MINUTE", 30, least=0, most=180)
OUTBOUND_PER_DAY = env.integer("OUTBOUND_PER_DAY", 500, least=0, most=1_000_000)
OUTBOUND_LONGEST_SECONDS = env.integer("OUTBOUND_LONGEST_SECONDS", 3_600, least=1, most=86_400)

# Mail: who is told of new messages, by which server
VOICEMAIL_EMAIL = env.addresses("VOICEMAIL_EMAIL")
_mail = env.mail("EMAIL_URL")
EMAIL_HOST, EMAIL_PORT = _mail["HOST"], _mail["PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["HOST_USER"], _mail["HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL, EMAIL_TIMEOUT = _mail["USE_TLS"], _mail["USE_SSL"], 10
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", f"callserver@{urlsplit(BASE_URL).hostname}")

# How long things are kept: 0 days is for ever.
CALL_STALE_HOURS = env.integer("CALL_STALE_HOURS", 26, least=1, most=8_784)  # a call may last 24
PAYLOAD_DAYS = env.integer("PAYLOAD_DAYS", 0, least=0, most=36_500)
CALL_DAYS = env.integer("CALL_DAYS", 0, least=0, most=36_500)

DATABASES = {"default": env.database("DATABASE_URL", VAR_DIR / "callserver.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = [*env.words("ALLOWED_HOSTS"), urlsplit(BASE_URL).hostname or "", *LOOPBACK]
CSRF_TRUSTED_ORIGINS = ["{0.scheme}://{0.netloc}".format(urlsplit(BASE_URL))]

INSTALLED_APPS = [
    "calls.apps.CallsConfig",
    "calls.apps.CallserverAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",  # Swagger UI, from this server
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "callserver.policy.ContentSecurityPolicyMiddleware",
    "callserver.compress.CompressPages",
    "callserver.zone.ViewersZoneMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "callserver.urls"
WSGI_APPLICATION = "callserver.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# People
AUTH_USER_MODEL = "calls.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

# Language and time: stored in UTC, shown in TIME_ZONE
LANGUAGE_CODE = "en-gb"
USE_I18N = False
USE_TZ = True
TIME_ZONE = env.text("TIME_ZONE", "UTC")
try:
    zoneinfo.ZoneInfo(TIME_ZONE)
except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
    raise ImproperlyConfigured(f"TIME_ZONE={TIME_ZONE!r} is unknown. Write a name such as Europe/London.") from error

# Static files: hashed names where they were collected (the image does), straight from the app where not.
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
COLLECTED = "collectstatic" in sys.argv or (STATIC_ROOT / "staticfiles.json").is_file()
WHITENOISE_USE_FINDERS = not COLLECTED
warnings.filterwarnings("ignore", message="No directory at", category=UserWarning)  # nothing collected: as meant
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {  # recordings and sound files: for this user's eyes alone, what may be seen the doors decide
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
MEDIA_ROOT = VAR_DIR / "media"

# What a browser may do with our pages. No inline script or style anywhere, so no nonces.
SECURE_CSP = {
    "default-src": ["'self'"],
    "img-src": ["'self'", "data:"],  # Django admin draws some of its icons as data: images
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_ENGINE = "calls.models.sessions"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
# Vonage would take a redirect of a webhook for a failure; they are signed, and health is asked for inside.
SECURE_REDIRECT_EXEMPT = [r"^(webhooks/)?(answer|event(/[^/]+)?|fallback)/?$", r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = False  # the domain's other hosts are not ours to decide
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
# https ends at the proxy, which says so in this header and drops one that a client sends.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "calls.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["calls.api.permissions.May"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["calls.api.bodies.JsonBody"],
    "DEFAULT_PAGINATION_CLASS": "calls.api.pagination.NewestFirst",
    "DEFAULT_FILTER_BACKENDS": ["calls.api.filters.KnownFilters"],
    "DEFAULT_SCHEMA_CLASS": "calls.api.described.Described",
    "EXCEPTION_HANDLER": "calls.api.problems.problem_response",
    "URL_FORMAT_OVERRIDE": None,  # there is one format; ?format= is nobody's business
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Callserver",
    "DESCRIPTION": "What happens on the line, what callers hear, who they are, and when it is open.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None, "defaultModelsExpandDepth": 0},
    "PATH_CONVERTER_OVERRIDES": {"id": int},
    "ENUM_NAME_OVERRIDES": {
        "EventKind": "calls.models.Kind",
        "BlockKind": "calls.models.BlockKind",
        "RecordingState": "calls.models.RecordingState",
        "VoicemailState": "calls.models.VoicemailState",
        "OverrideState": "calls.models.OverrideState",
        "MachineBehavior": ["continue", "hangup"],
    },
}

# A line is written of each webhook: what no format shows is not looked up.
logging._srcfile = None
logging.logThreads = logging.logMultiprocessing = False
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "callserver.console.Lines", "format": "%(asctime)s %(message)s", "datefmt": "%H:%M:%S"}
    },
    "handlers": {
        "console": {"class": "callserver.console.Gathering", "formatter": "line", "stream": "ext://sys.stdout"}
    },
    "root": {"handlers": ["console"], "level": logging.WARNING},
    "loggers": {
        "calls": {"level": LOG_LEVEL},
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django.request": {"level": "ERROR"},  # 4xx are told by the doors themselves
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # strangers scan every address
    },
}
