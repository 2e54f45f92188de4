"""Requests that were refused: for whoever has to find out why nothing arrives."""

from http import HTTPStatus

from django.contrib import admin
from django.utils.safestring import SafeString

from calls.admin.calls import ReadOnlyAdmin
from calls.admin.columns import moment, preformatted
from calls.models import Refusal
from calls.templatetags.calls_format import NOTHING


@admin.register(Refusal)
class RefusalAdmin(ReadOnlyAdmin):
    list_display = ["refused", "answered", "address", "reason", "came_from", "not_kept"]
    list_filter = ["http_status", "door"]
    search_fields = ["reason", "remote_address"]
    fields = ["refused", "answered", "address", "reason", "came_from", "not_kept", "body_"]
    refused = moment("at", "Refused")

    @admin.display(description="We answered")
    def answered(self, refusal: Refusal) -> str:
        """The status with its name: "401 Unauthorized"."""
        known = {status.value: status.phrase for status in HTTPStatus}
        return f"{refusal.http_status} {known.get(refusal.http_status, '')}".rstrip()

    @admin.display(description="Came from")
    def came_from(self, refusal: Refusal) -> str:
        return refusal.remote_address or NOTHING

    @admin.display(description="Not kept")
    def not_kept(self, refusal: Refusal) -> str:
        """How many more were refused since the row before: one a second is kept, so that no flood fills the disk."""
        if not refusal.others:
            return NOTHING
        return f"{refusal.others:,} more, refused since the row before"

    @admin.display(description="Address")
    def address(self, refusal: Refusal) -> str:
        return f"/{refusal.door}"

    @admin.display(description="Body, its beginning")
    def body_(self, refusal: Refusal) -> str | SafeString:
        return preformatted(refusal.body) if refusal.body else NOTHING
