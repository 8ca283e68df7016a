"""Views of the rule schema, and of export and import of rule files."""

from io import BytesIO
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ParseError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.views.base import LedgerViewSet
from expenses.views.parsers import BodyTooLarge, JSONParser
from rules.exchange.conversion import Body, DocumentError, Pack
from rules.exchange.firefly_documents import FireflyTable, is_firefly_table
from rules.models import Rule
from rules.serializers.exchange import (
    MAX_BYTES,
    ExportQuery,
    FiledRuleSerializer,
    ImportAnswer,
    ImportQuery,
    RulesDocument,
    RulesFile,
    RulesUpload,
    RuleVocabulary,
)
from rules.serializers.rule_schema import describe_rules
from rules.serializers.rules import RuleSerializer
from rules.services.exchange import ImportOptions, export_rules, import_rules


class RuleExchangeViewSet(LedgerViewSet):
    """Exchange of rules between ledgers and with other products."""

    queryset = Rule.objects.all()
    serializer_class = RuleSerializer
    parser_classes = [JSONParser, MultiPartParser]

    @extend_schema(operation_id="rules_schema", responses=RuleVocabulary)
    @action(detail=False, url_path="schema")
    def vocabulary(self, request: Request) -> Response:
        """Get the words of rules. Programs that edit rules find all fields, operators and actions here."""
        return Response(describe_rules())

    @extend_schema(operation_id="rules_export", parameters=[ExportQuery], responses=RulesFile)
    @action(detail=False)
    def export(self, request: Request) -> Response:
        """Export rules. The file has names in place of ids."""
        asked = self.checked(ExportQuery, data=request.query_params).validated_data
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
        """Import rules.

        The file is of Outlay, Firefly III or Actual. Valid rules are written, invalid ones are listed.
        """
        asked = self.checked(ImportQuery, data=request.query_params).validated_data
        options = ImportOptions(asked["on_conflict"], asked["create_missing"], asked["dry_run"])
        context = self.get_serializer_context()

        def check(body: Body, replaces: Rule | None, known: dict[str, Any]) -> dict[str, Any]:
            serializer = FiledRuleSerializer(instance=replaces, data=body, context=context | known)
            serializer.is_valid(raise_exception=True)
            fields: dict[str, Any] = serializer.validated_data
            return fields

        is_upload = (request.content_type or "").startswith("multipart/")
        if not is_upload and int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES:
            raise BodyTooLarge(f"A file of rules has at most {MAX_BYTES // 2**20} MB.")
        document: Any = request.data
        try:
            if is_upload:
                document = _decode(self.checked(RulesUpload).validated_data["file"].read())
            report = import_rules(by=self.user, document=document, options=options, check=check)
        except DocumentError as error:
            raise serializers.ValidationError({error.place: error.detail}, code=error.code) from None
        return Response(ImportAnswer(report).data)


def _decode(data: bytes) -> Any:
    """Return the document in a file: JSON, or a table of Firefly III. Raises DocumentError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DocumentError("file", "This is no text in UTF-8.") from None
    if is_firefly_table(text):
        return FireflyTable(text)
    try:
        return JSONParser().parse(BytesIO(text.encode()), "application/json", {"encoding": "utf-8"})
    except ParseError as error:
        raise DocumentError("file", f"This is no JSON that can be read: {error.detail}") from None
