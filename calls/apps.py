"""What Django needs to know of the app."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class CallsConfig(AppConfig):
    name = "calls"
    verbose_name = "Call server"

    def ready(self) -> None:
        from calls import checks  # noqa: F401 - registers the system checks


class CallserverAdminConfig(AdminConfig):
    default_site = "calls.admin.site.CallserverAdminSite"

    def ready(self) -> None:
        super().ready()
        # They register what staff see.
        from calls.admin import callers, calls, flows, hours, numbers, people, refusals, sounds  # noqa: F401
