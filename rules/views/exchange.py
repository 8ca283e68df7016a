"""Exchange of rules over HTTP: the words they know, files that leave, files that come in."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.views.base import LedgerViewSet
from expenses.views.parsers import BodyTooLarge, JSONParser
from rules.exchange.exporting import export_rules
from rules.exchange.importing import Wishes, import_rules
from rules.exchange.packs import Pack
from rules.exchange.reading import decode
from rules.exchange.shapes import Misshapen
from rules.models import Rule
from rules.serializers.exchange import (
    MAX_BYTES,
    ExportQuery,
    ImportAnswer,
    ImportQuery,
    RulesDocument,
    RulesFile,
    RulesUpload,
    RuleVocabulary,
)
from rules.serializers.rule_schema import describe_rules
from rules.serializers.rules import RuleSerializer


class RuleExchangeViewSet(LedgerViewSet):
    """Your rules for other ledgers, and rules of other ledgers for yours."""

    queryset = Rule.objects.all()
    serializer_class = RuleSerializer
    parser_classes = [JSONParser, MultiPartParser]

    @extend_schema(operation_id="rules_schema", responses=RuleVocabulary)
    @action(detail=False, url_path="schema")
    def vocabulary(self, request: Request) -> Response:
        """What a rule can ask and do, for programs that let people write rules."""
        return Response(describe_rules())

    @extend_schema(operation_id="rules_export", parameters=[ExportQuery], responses=RulesFile)
    @action(detail=False)
    def export(self, request: Request) -> Response:
        """Rules as a file, with names where there are ids."""
        asked = self._asked(ExportQuery)
        rules = self.get_queryset()
        rules = rules.filter(group=asked["group"]) if "group" in asked else rules
        rules = rules.filter(pk__in=asked["ids"]) if "ids" in asked else rules
        pack = Pack(asked["pack"], asked["pack_version"]) if "pack" in asked else None
        document = export_rules(by=self.user, rules=rules, pack=pack)
        name = f"outlay-rules-{timezone.now().date().isoformat()}.json"
        return Response(document, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    @extend_schema(
        operation_id="rules_import",
        parameters=[ImportQuery],
        request={"application/json": RulesDocument, "multipart/form-data": RulesUpload},
        responses=ImportAnswer,
    )
    @action(detail=False, methods=["post"], url_path="import")
    def import_document(self, request: Request) -> Response:
        """Bring in rules of Outlay, Firefly III or Actual. Those that are right are written, the others are named."""
        asked = self._asked(ImportQuery)
        wishes = Wishes(asked["on_conflict"], asked["create_missing"], asked["dry_run"])
        try:
            document = self._document(request)
            context = self.get_serializer_context()
            return Response(import_rules(by=self.user, document=document, wishes=wishes, context=context))
        except Misshapen as fault:
            raise serializers.ValidationError({fault.place: fault.detail}, code="invalid") from None

    def _asked(self, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        query = serializer(data=self.request.query_params, context=self.get_serializer_context())
        query.is_valid(raise_exception=True)
        asked: dict[str, Any] = query.validated_data
        return asked

    def _document(self, request: Request) -> Any:
        """The JSON of the body, or what is in the file of a form. Raises Misshapen."""
        if (request.content_type or "").startswith("multipart/"):
            upload = RulesUpload(data=request.data)
            upload.is_valid(raise_exception=True)
            return decode(upload.validated_data["file"].read())
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES:
            raise BodyTooLarge(f"A file of rules has at most {MAX_BYTES // 2**20} MB.")
        return request.data
