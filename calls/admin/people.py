"""Who may log in, and with which tokens programs come."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangosGroupAdmin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.forms import Script
from django.http import HttpRequest
from django.utils.html import format_html

from calls.admin.columns import moment
from calls.models import ApiToken, User
from calls.models.people import Scope

POWERS = ["is_superuser", "groups", "user_permissions"]
FACTS = ["last_login", "date_joined"]
CHOOSER = Script("calls/chooser.js", defer=True)

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangosGroupAdmin):
    """Django's, with labels that are heard."""

    class Media:
        js = [CHOOSER]


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    """Django's, except that nobody makes themselves or others more than they are."""

    class Media:
        js = [CHOOSER]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        out_of_reach = isinstance(obj, User) and obj.is_superuser and not _is_superuser(request)
        return super().has_change_permission(request, obj) and not out_of_reach

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        out_of_reach = isinstance(obj, User) and obj.is_superuser and not _is_superuser(request)
        return super().has_delete_permission(request, obj) and not out_of_reach

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        powers = [] if _is_superuser(request) else POWERS
        return [*super().get_readonly_fields(request, obj), *FACTS, *powers]


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]
    """A token's scopes as boxes to tick."""

    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Without any, the token may do what its user may.",
    )

    class Meta:
        model = ApiToken
        fields = ["user", "label", "scopes"]
        help_texts = {"label": "What it is for: wallboard."}


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The text of a token is shown once, when it is issued: only its hash is kept."""

    form = TokenForm
    list_display = ["__str__", "user", "allowed", "issued", "used"]
    list_select_related = ["user"]
    search_fields = ["label", "user__username"]
    issued = moment("created_at", "Issued")
    used = moment("last_used_at", "Last used")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        """Show superusers all, others their own: a token is a key to its user's account."""
        tokens = super().get_queryset(request)
        return tokens if _is_superuser(request) else tokens.filter(user_id=request.user.pk)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "user":
            options["initial"] = request.user.pk
            people = User.objects.filter(is_active=True)
            options["queryset"] = (
                people if _is_superuser(request) else people.filter(username=request.user.get_username())
            )
        return super().formfield_for_foreignkey(db_field, request, **options)

    def get_form(self, request: HttpRequest, obj: ApiToken | None = None, change: bool = False, **options: Any) -> Any:
        """Leave out Django's links to add or change a user on the side."""
        form = super().get_form(request, obj, change, **options)
        if "user" in form.base_fields:
            form.base_fields["user"].widget = form.base_fields["user"].widget.widget
        return form

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        return ["user", "label", "scopes", *(["issued", "used"] if obj else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> list[str]:
        return ["user", "issued", "used"] if obj else []

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        token, plain = ApiToken.objects.issue(obj.user, label=obj.label, scopes=obj.scopes)
        obj.__dict__.update(token.__dict__)
        shown = format_html('The token, shown this once: <code class="secret">{}</code>', plain)
        messages.warning(request, shown)

    @admin.display(description="May")
    def allowed(self, token: ApiToken) -> str:
        words = dict(Scope.choices)
        return ", ".join(str(words.get(scope, scope)) for scope in token.scopes) or "all that its user may"


def _is_superuser(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_superuser
