"""One address."""

from django.urls import path

from tests.benchmarks.afternoon.views import EventView

urlpatterns = [path("event", EventView.as_view())]
