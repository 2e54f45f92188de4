"""Who calls: contacts, rules that lead some of them to another flow, and who is blocked."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import ShowFacets, SimpleListFilter
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from calls.admin.caller_forms import BlockForm, ContactForm, PlaceForm, RuleForm
from calls.admin.columns import isolated, moment
from calls.control.callers import blocks_like, contacts_like
from calls.models import Block, BlockAction, CallerRule, Contact, Revision, Tag, User
from calls.models.callers import TOPIC
from calls.templatetags.calls_format import NOTHING
from calls.vonage import numbers

SHOWN = 3  # numbers of a contact in the list
CUT = 80  # letters of a note in a list


def cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= CUT else f"{line[: CUT - 1].rstrip()}…"


class CallersAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What the three have in common."""

    show_full_result_count = False
    show_facets = ShowFacets.NEVER

    def changeform_view(self, request: HttpRequest, *args: Any, **more: Any) -> Any:
        """Two who give one number to two contacts at once take turns: the second is told."""
        with transaction.atomic():
            if request.method == "POST":
                Revision.bump(TOPIC)
            return super().changeform_view(request, *args, **more)


class TagFilter(SimpleListFilter):
    title, parameter_name = "tag", "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        used = Tag.objects.filter(Exists(Contact.tags.through.objects.filter(tag=OuterRef("pk"))))
        return [(name, name) for name in used.values_list("name", flat=True)[:100]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> QuerySet[Contact]:
        return queryset.filter(tags__name=self.value()) if self.value() else queryset


@admin.register(Contact)
class ContactAdmin(CallersAdmin):
    form = ContactForm
    list_display = ["name_", "numbers_", "tags_", "note_"]
    list_filter = [TagFilter]
    search_fields = ["name"]  # makes the admin show its search box; what it finds is said below
    search_help_text = "A name, a part of a number however it is written, a tag, or words of a note."
    sortable_by = ["name_"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        return super().get_queryset(request).prefetch_related("numbers", "tags")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Contact], search_term: str
    ) -> tuple[QuerySet[Contact], bool]:
        return contacts_like(queryset, search_term), False

    @admin.display(description="Name", ordering="name")
    def name_(self, contact: Contact) -> SafeString:
        return isolated(contact.name)

    @admin.display(description="Numbers")
    def numbers_(self, contact: Contact) -> str:
        shown = [numbers.shown(number.party).replace(" ", "\u00a0") for number in contact.numbers.all()]
        more = [f"{len(shown) - SHOWN} more"] if len(shown) > SHOWN else []
        return ", ".join([*shown[:SHOWN], *more]) or NOTHING

    @admin.display(description="Tags")
    def tags_(self, contact: Contact) -> str:
        return ", ".join(tag.name for tag in contact.tags.all()) or NOTHING

    @admin.display(description="Note")
    def note_(self, contact: Contact) -> str:
        return cut(contact.note) or NOTHING

    def get_fields(self, request: HttpRequest, obj: Contact | None = None) -> Any:
        may = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return ["name", "parties", "tag_words", "note"] if may else ["name_", "numbers_", "tags_", "note"]

    def get_readonly_fields(self, request: HttpRequest, obj: Contact | None = None) -> list[str]:
        return ["name_", "numbers_", "tags_"]

    def save_model(self, request: HttpRequest, obj: Contact, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        obj.set_numbers(form.cleaned_data["parties"])
        obj.set_tags(form.cleaned_data["tag_words"])


@admin.register(CallerRule)
class CallerRuleAdmin(CallersAdmin):
    form = RuleForm
    list_display = ["tag_", "called_", "flow", "position"]
    list_editable = ["position"]
    list_select_related = ["tag", "number", "flow"]
    sortable_by = ()
    fields = ["tag_word", "called", "flow", "position"]

    def get_changelist_form(self, request: HttpRequest, **options: Any) -> Any:
        return super().get_changelist_form(request, **{"form": PlaceForm, **options})

    def get_fields(self, request: HttpRequest, obj: CallerRule | None = None) -> Any:
        may = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return self.fields if may else ["tag_", "called_", "flow", "position"]

    def get_readonly_fields(self, request: HttpRequest, obj: CallerRule | None = None) -> list[str]:
        return ["tag_", "called_"]

    @admin.display(description="Callers with the tag")
    def tag_(self, rule: CallerRule) -> SafeString:
        return isolated(rule.tag.name)

    @admin.display(description="When they call")
    def called_(self, rule: CallerRule) -> str:
        if rule.number is None:
            return "Any number"
        shown = numbers.shown(rule.number.msisdn)
        return f"{rule.number.label}, {shown}" if rule.number.label else shown

    def save_model(self, request: HttpRequest, obj: CallerRule, form: Any, change: bool) -> None:
        if "tag_word" in form.cleaned_data:  # else only its position was changed, in the list
            (obj.tag,) = Tag.objects.named([form.cleaned_data["tag_word"]])
            obj.number = form.cleaned_data["called"]
            if obj.flow.live_version() is None:
                told = f"“{obj.flow}” is not published. Until it is, these callers hear what everybody hears."
                messages.warning(request, told)
            if not obj.tag.contacts.exists():
                messages.warning(request, f"No contact has the tag “{obj.tag}” yet.")
        super().save_model(request, obj, form, change)


@admin.register(Block)
class BlockAdmin(CallersAdmin):
    form = BlockForm
    radio_fields = {"kind": admin.VERTICAL, "action": admin.VERTICAL}
    list_display = ["who", "gets", "note_", "hits", "last_hit", "made_by_"]
    list_filter = ["kind", "action"]
    list_select_related = ["made_by"]
    search_fields = ["note"]
    search_help_text = "A number however it is written, or words of a note."
    sortable_by = ["who", "hits", "last_hit"]
    last_hit = moment("last_hit_at", "Last stopped")
    made = moment("made_at", "Blocked since")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Block], search_term: str
    ) -> tuple[QuerySet[Block], bool]:
        return blocks_like(queryset, search_term), False

    @admin.display(description="Who", ordering="pattern")
    def who(self, block: Block) -> SafeString:
        return isolated(str(block))

    @admin.display(description="What they get")
    def gets(self, block: Block) -> str:
        if block.action == BlockAction.MESSAGE:
            return f"“{cut(block.text)}”"
        return block.get_action_display()

    @admin.display(description="Note")
    def note_(self, block: Block) -> str:
        return cut(block.note) or NOTHING

    @admin.display(description="Blocked by")
    def made_by_(self, block: Block) -> str:
        return str(block.made_by or NOTHING)

    def get_fieldsets(self, request: HttpRequest, obj: Block | None = None) -> Any:
        may = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        whom = ["kind", "pattern", "sure"] if may else ["who"]
        sets: list[Any] = [(None, {"fields": [*whom, "action", "text", "note"]})]
        return [*sets, ("So far", {"fields": ["hits", "last_hit", "made", "made_by_"]})] if obj else sets

    def get_readonly_fields(self, request: HttpRequest, obj: Block | None = None) -> list[str]:
        return ["who", "hits", "last_hit", "made", "made_by_"]

    def save_model(self, request: HttpRequest, obj: Block, form: Any, change: bool) -> None:
        if not change and isinstance(request.user, User):
            obj.made_by = request.user
        super().save_model(request, obj, form, change)
        if known := obj.contacts():
            named = ", ".join(known[:3]) + (" and others" if len(known) > 3 else "")
            messages.warning(request, f"This stops contacts of yours: {named}.")
