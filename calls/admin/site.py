"""The admin itself: its name, and its lists in the order in which staff think of them."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest

GROUPS = {
    "Call server": ["CallFlow", "PhoneNumber", "OpeningHours", "Sound"],
    "Callers": ["Contact", "CallerRule", "Block"],
    "Call log": ["Call", "Leg", "CallEvent", "Refusal"],
    "Accounts": ["User", "Group", "ApiToken"],
}


class CallserverAdminSite(AdminSite):
    """Django's site with our lists grouped by what they are about, not by the app that holds them."""

    site_header = "Callserver"
    site_title = "Callserver administration"
    index_title = "Administration"
    empty_value_display = "–"

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        apps = super().get_app_list(request, app_label)
        if app_label:
            return apps
        rest = {model["object_name"]: (app, model) for app in apps for model in app["models"]}
        listed = []
        for name, members in GROUPS.items():
            found = [rest.pop(member) for member in members if member in rest]
            if found:
                listed.append({**found[0][0], "name": name, "models": [model for _, model in found]})
        others = [{**app, "models": [model for _, model in rest.values() if model in app["models"]]} for app in apps]
        return listed + [app for app in others if app["models"]]
