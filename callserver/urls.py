"""Which door answers at which address."""

from django.contrib import admin
from django.urls import include, path

from calls.webhooks.urls import PREFIXES
from callserver.health import healthz, readyz

urlpatterns = [
    *(path(prefix, include("calls.webhooks.urls")) for prefix in PREFIXES),
    path("", include("calls.webhooks.sounds")),
    path("api/", include("calls.api.urls")),
    path("admin/", admin.site.urls),
    path("healthz", healthz),
    path("readyz", readyz),
    path("", include("calls.dashboard.urls")),
]

# Both leave people their page.
handler400 = "calls.api.problems.bad_request"
handler500 = "calls.api.problems.server_error"
