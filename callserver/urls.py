"""Which door answers at which address."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("calls.webhooks.urls")),
    path("webhooks/", include("calls.webhooks.urls")),
    path("api/", include("calls.api.urls")),
    path("admin/", admin.site.urls),
    path("", include("calls.dashboard.urls")),
]
