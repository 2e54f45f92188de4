"""Requests that were refused: for whoever has to find out why nothing arrives."""

from django.contrib import admin
from django.utils.safestring import SafeString

from calls.admin.calls import ReadOnlyAdmin
from calls.admin.columns import moment, preformatted
from calls.models import Refusal
from calls.templatetags.calls_format import NOTHING


@admin.register(Refusal)
class RefusalAdmin(ReadOnlyAdmin):
    list_display = ["refused", "http_status", "address", "reason", "remote_address", "others"]
    list_filter = ["http_status", "door"]
    search_fields = ["reason", "remote_address"]
    fields = ["refused", "http_status", "address", "reason", "remote_address", "others", "body_"]
    refused = moment("at", "Refused")

    @admin.display(description="Address")
    def address(self, refusal: Refusal) -> str:
        return f"/{refusal.door}"

    @admin.display(description="Body, its beginning")
    def body_(self, refusal: Refusal) -> str | SafeString:
        return preformatted(refusal.body) if refusal.body else NOTHING
