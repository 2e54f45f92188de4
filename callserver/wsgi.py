"""The application that gunicorn (or any WSGI server) runs: `callserver.wsgi:application`."""

import os
import sys

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callserver.settings")
django_application = get_wsgi_application()

from django.conf import settings  # noqa: E402 - all of these need Django's settings
from django.urls import get_resolver  # noqa: E402

from calls.checks import refuse_to_serve_without_secrets  # noqa: E402
from calls.flows.routing import directory  # noqa: E402
from calls.records.writer import writer  # noqa: E402
from calls.webhooks.body import Application, WholeBody  # noqa: E402
from calls.webhooks.wsgi import Webhooks  # noqa: E402

refuse_to_serve_without_secrets()
get_resolver().check()  # imports every door now: the first caller shall not wait for it
directory.start()
inner: Application = django_application
if settings.INGEST == "writer":
    writer.start()  # it stores what a process before us left in the spool
    inner = Webhooks(django_application)  # else a request needs Django to see to its connection
sys.setswitchinterval(0.0005)  # seconds: the writer shall not wait for its turn as long as for the database
application = WholeBody(inner)
