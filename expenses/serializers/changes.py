"""Changes since a version in the API, for clients that keep a copy."""

from typing import Any

from rest_framework import serializers

from accounts.serializers import PreferencesSerializer
from accounts.strict_serializer import HelpfulSerializer
from expenses.hooks import sync_feeds
from expenses.serializers.accounts import SyncedAccount
from expenses.serializers.attachments import AttachmentSerializer
from expenses.serializers.calibration import EvidenceThresholdSerializer, LinkThresholdSerializer
from expenses.serializers.categories import CategorySerializer
from expenses.serializers.hints import HintSerializer
from expenses.serializers.privacy import ChoicesSerializer
from expenses.serializers.rates import RateSerializer
from expenses.serializers.shop_kinds import KindMappingSerializer
from expenses.serializers.tags import TagSerializer
from expenses.serializers.transactions import TransactionBody
from expenses.serializers.transfers import TransferBody

MAX_ROWS = 5000


TYPES = ["transaction", "account", "category", "tag", "attachment", "transfer", "rate", "kind_mapping", "hint"]


class ChangesInput(HelpfulSerializer):
    """Query parameters of changes."""

    since = serializers.IntegerField(
        min_value=0,
        max_value=2**63 - 1,
        default=0,
        help_text="The `version` of the last response; 0 for everything.",
    )
    limit = serializers.IntegerField(
        min_value=1,
        max_value=MAX_ROWS,
        default=500,
        help_text="Approximate number of rows; the rows of one write stay together.",
    )


class DeletedSerializer(serializers.Serializer[Any]):
    """A row to delete from the copy."""

    id = serializers.IntegerField(source="object_id")

    def get_fields(self) -> dict[str, Any]:
        types = [*TYPES, *(feed.type for feed in sync_feeds())]
        return {"type": serializers.ChoiceField(choices=types)} | super().get_fields()


class ChangesSerializer(serializers.Serializer[Any]):
    """Store the rows by id, delete the deleted ones, then repeat the request with since=`version`."""

    version = serializers.IntegerField()
    has_more = serializers.BooleanField()
    transactions = TransactionBody(many=True, source="lists.transactions")
    accounts = SyncedAccount(many=True, source="lists.accounts")
    categories = CategorySerializer(many=True, source="lists.categories")
    tags = TagSerializer(many=True, source="lists.tags")
    transfers = TransferBody(many=True, source="lists.transfers")
    attachments = AttachmentSerializer(many=True, source="lists.attachments")
    rates = RateSerializer(many=True, source="lists.rates", help_text="The ledger's own.")
    kind_mappings = KindMappingSerializer(many=True, source="lists.kind_mappings")
    hints = HintSerializer(many=True, source="lists.hints")
    preferences = PreferencesSerializer(
        allow_null=True, help_text="Those of the user, if one has changed since; else null."
    )
    thresholds = LinkThresholdSerializer(
        source="thresholds.links",
        many=True,
        allow_null=True,
        help_text="Those of all links, if one has changed since; else null.",
    )
    evidence_thresholds = EvidenceThresholdSerializer(
        source="thresholds.evidence",
        many=True,
        allow_null=True,
        help_text="Those of all kinds of evidence, if a threshold has changed since; else null.",
    )
    privacy = ChoicesSerializer(
        allow_null=True, help_text="The choices of `privacy/`, if one has changed since; else null."
    )
    deleted = DeletedSerializer(many=True, source="lists.deleted")

    def get_fields(self) -> dict[str, Any]:
        fed = {feed.name: feed.serializer(many=True, source=f"lists.{feed.name}") for feed in sync_feeds()}
        return super().get_fields() | fed
