"""Which door answers at which address."""

from django.contrib import admin
from django.urls import include, path

from callserver.health import healthz, readyz

urlpatterns = [
    path("", include("calls.webhooks.urls")),
    path("webhooks/", include("calls.webhooks.urls")),
    path("api/", include("calls.api.urls")),
    path("admin/", admin.site.urls),
    path("healthz", healthz),
    path("readyz", readyz),
    path("", include("calls.dashboard.urls")),
]
