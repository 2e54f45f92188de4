"""The application that gunicorn (or any WSGI server) runs: `callserver.wsgi:application`."""

import gc
import os
import sys

# What a process makes while it starts stays: it is not looked through for garbage again and again, neither now nor
# later, when callers would wait a tenth of a second for that.
usual = gc.get_threshold()
gc.set_threshold(5_000, 10_000, 10_000)

from django.core.wsgi import get_wsgi_application  # noqa: E402

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
# Seconds. With the usual 0.005 the writer would wait for its turn as long as for the database, and a caller while a
# page is made; with much less, threads that wait wake each other in vain.
sys.setswitchinterval(0.002)
application = WholeBody(inner)
gc.freeze()
gc.set_threshold(5_000, *usual[1:])  # a page makes tens of thousands of objects that are gone right behind it
