"""Who calls: contacts, the block list, and rules that lead some callers to another flow."""

from rest_framework import serializers
from rest_framework.generics import GenericAPIView

from calls.api.filters import MAX_ID, BlockFilter, ContactFilter, RuleFilter
from calls.api.permissions import rows_of
from calls.api.rows import Order, RowDetail, RowList
from calls.api.serializers import Moment, Person, flow_of
from calls.control.callers import save_block, save_contact, save_rule
from calls.models import Block, BlockAction, BlockKind, CallerRule, CallFlow, Contact, User
from calls.models.callers import MOST_TEXT
from calls.models.people import Scope

PARTY = "With its country code, however it is written, or a SIP address."
SCOPES = (Scope.READ_CONTACTS, Scope.WRITE_CONTACTS)


class ContactSerializer(serializers.ModelSerializer[Contact]):
    """Somebody who calls, with their numbers as digits or SIP addresses, and tags."""

    tags = serializers.SerializerMethodField()
    numbers = serializers.SerializerMethodField()

    class Meta:
        model = Contact
        fields = ["id", "name", "note", "tags", "numbers"]
        read_only_fields = fields

    def get_tags(self, contact: Contact) -> list[str]:
        return [tag.name for tag in contact.tags.all()]

    def get_numbers(self, contact: Contact) -> list[str]:
        return [number.party for number in contact.numbers.all()]


class ContactOrderSerializer(Order):
    """A contact as it is to be. Lists that are given take the place of those there are."""

    name = serializers.CharField(max_length=100)
    note = serializers.CharField(max_length=2_000, allow_blank=True, required=False)
    tags = serializers.ListField(child=serializers.CharField(max_length=40), max_length=20, required=False)
    numbers = serializers.ListField(
        child=serializers.CharField(max_length=300), max_length=50, required=False, help_text=PARTY
    )

    def save_to(self, row: Contact, by: User) -> None:
        given = dict(self.validated_data)
        parties, tags = given.pop("numbers", None), given.pop("tags", None)
        for name, value in given.items():
            setattr(row, name, value)
        save_contact(row, parties=parties, tags=tags)


class Contacts(GenericAPIView[Contact]):
    """What lists and single ones share; so below."""

    queryset = Contact.objects.prefetch_related("numbers", "tags")
    serializer_class = ContactSerializer
    order_class: type[Order] = ContactOrderSerializer
    needs = rows_of("contact", *SCOPES)


class ContactList(Contacts, RowList[Contact]):
    """The contacts, and to add one."""

    filterset_class = ContactFilter
    summaries = {"GET": "List contacts, newest first", "POST": "Add a contact"}


class ContactDetail(Contacts, RowDetail[Contact]):
    """One contact."""

    summaries = {
        "GET": "Read a contact",
        "PATCH": "Change a contact",
        "DELETE": "Remove a contact with their numbers",
    }


class BlockSerializer(serializers.ModelSerializer[Block]):
    """Whom we don't want on the line, what they get instead, and how often that was."""

    made_at = Moment()
    last_hit_at = Moment(allow_null=True)
    made_by = Person()

    class Meta:
        model = Block
        fields = ["id", "kind", "pattern", "action", "text", "note", "hits", "last_hit_at", "made_by", "made_at"]
        read_only_fields = fields


class BlockOrderSerializer(Order):
    """Whom to stop."""

    kind = serializers.ChoiceField(BlockKind.choices, required=False, help_text="Without it: one number.")
    pattern = serializers.CharField(
        max_length=255,
        allow_blank=True,
        required=False,
        help_text=f"{PARTY} For “prefix” how numbers begin; for “hidden” nothing.",
    )
    action = serializers.ChoiceField(BlockAction.choices, required=False, help_text="Without it: “hang up”.")
    text = serializers.CharField(
        max_length=MOST_TEXT, allow_blank=True, required=False, help_text="What they hear with “message”."
    )
    note = serializers.CharField(max_length=200, allow_blank=True, required=False, help_text="Why, for people here.")
    sure = serializers.BooleanField(
        default=False, write_only=True, help_text="True for a beginning as short as that of a whole country."
    )

    def save_to(self, row: Block, by: User) -> None:
        given = dict(self.validated_data)
        sure = given.pop("sure", False)
        for name, value in given.items():
            setattr(row, name, value)
        if row._state.adding:
            row.made_by = by
        save_block(row, sure=sure)


class Blocks(GenericAPIView[Block]):
    queryset = Block.objects.select_related("made_by")
    serializer_class = BlockSerializer
    order_class: type[Order] = BlockOrderSerializer
    needs = rows_of("block", *SCOPES)


class BlockList(Blocks, RowList[Block]):
    """The block list, and to add somebody."""

    filterset_class = BlockFilter
    summaries = {"GET": "List who is blocked, newest first", "POST": "Block a caller"}


class BlockDetail(Blocks, RowDetail[Block]):
    """One line of the block list."""

    summaries = {"GET": "Read who is blocked", "PATCH": "Change a block", "DELETE": "Block them no longer"}


class RuleSerializer(serializers.ModelSerializer[CallerRule]):
    """Callers with this tag are led to this flow. The first rule that fits decides."""

    tag = serializers.CharField(source="tag.name", read_only=True)
    number = serializers.SerializerMethodField(help_text="The number of ours that they call; null: any.")
    flow = serializers.IntegerField(source="flow_id", read_only=True)
    flow_name = serializers.CharField(source="flow.name", read_only=True)

    class Meta:
        model = CallerRule
        fields = ["id", "position", "tag", "number", "flow", "flow_name"]
        read_only_fields = fields

    def get_number(self, rule: CallerRule) -> str | None:
        return rule.number.msisdn if rule.number else None


class RuleOrderSerializer(Order):
    """Who is led where."""

    tag = serializers.CharField(max_length=40, help_text="As contacts have it.")
    number = serializers.CharField(
        max_length=40, allow_null=True, required=False, help_text="A number of ours. Null: any of them."
    )
    flow = serializers.IntegerField(min_value=1, max_value=MAX_ID, help_text="The id of a flow.")
    position = serializers.IntegerField(
        min_value=1, max_value=9_999, required=False, help_text="Rules are tried from 1 on. Without it: the last."
    )

    def validate_flow(self, pk: int) -> CallFlow:
        return flow_of(pk)

    def save_to(self, row: CallerRule, by: User) -> None:
        given = dict(self.validated_data)
        row.flow = given.get("flow") or row.flow
        row.position = given.get("position") or row.position
        was = (row.tag.name, row.number.msisdn if row.number else None) if row.pk else ("", None)
        last = row._state.adding and "position" not in given
        save_rule(row, tag=given.get("tag", was[0]), number=given.get("number", was[1]) or "", last=last)


class Rules(GenericAPIView[CallerRule]):
    queryset = CallerRule.objects.select_related("tag", "number", "flow")
    serializer_class = RuleSerializer
    order_class: type[Order] = RuleOrderSerializer
    needs = rows_of("callerrule", *SCOPES)


class RuleList(Rules, RowList[CallerRule]):
    """The rules for callers, and to add one."""

    filterset_class = RuleFilter
    summaries = {"GET": "List the rules for callers, newest first", "POST": "Add a rule for callers"}


class RuleDetail(Rules, RowDetail[CallerRule]):
    """One rule."""

    summaries = {
        "GET": "Read a rule for callers",
        "PATCH": "Change a rule for callers",
        "DELETE": "Remove a rule for callers",
    }
