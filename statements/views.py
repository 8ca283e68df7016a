"""Statements over HTTP."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, NotFound
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.serializers.runs import RunSerializer
from expenses.services.runs import perform_run, queue_run
from expenses.views.base import NO_CURSOR, Conflict, LedgerViewSet
from expenses.views.parsers import FormParser, JSONParser
from statements.book_plan import with_planned
from statements.entries import SHOWN, RecordList
from statements.importer import UnreadableFile
from statements.models import Import, ImportStatus, Profile
from statements.preview import preview_records
from statements.serializers import (
    CommitInput,
    CorrectionInput,
    ExportedProfileSerializer,
    ImportRowSerializer,
    ImportSerializer,
    ProfileInput,
    ProfileSerializer,
    UploadInput,
)
from statements.services.imports import (
    correct_statement,
    forget_statement,
    profile_faults,
    receive_statement,
    start_commit,
)
from statements.services.profiles import add_profile, exported, forget_profile
from statements.tasks import read_import

#: When to look again at an import whose file is being read.
ASK_AGAIN_S = 2


class ImportViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, LedgerViewSet):
    """Bank statements: upload, look at the rows, correct how they are read, commit."""

    queryset = Import.objects.select_related("account", "user", "run")
    serializer_class = ImportSerializer
    rates = {"create": "imports"}

    @extend_schema(
        request={"multipart/form-data": UploadInput},
        responses={
            201: ImportSerializer,
            202: OpenApiResponse(
                ImportSerializer,
                "The file is large and is being read by a worker: `status` is `reading`. "
                "Get the import again after the seconds in `Retry-After`.",
            ),
        },
    )
    def create(self, request: Request) -> Response:
        """Upload a bank statement.

        With `commit` its rows are recorded, too, unless `questions` or unreadable rows are left. `account` can be left
        out if the file names its accounts.
        """
        fields = self.checked(UploadInput).validated_data
        upload, commits = fields["file"], fields["commit"]
        try:
            statement = receive_statement(
                by=self.user,
                data=upload.read(),
                filename=upload.name,
                account=fields["account"],
                profile=fields["profile"],
                wants_commit=commits,
            )
        except UnreadableFile as error:
            raise _as_validation_error(error) from None
        if statement.status == ImportStatus.READING:
            transaction.on_commit(lambda: read_import.enqueue(statement.pk), robust=True)
            headers = {"Retry-After": str(ASK_AGAIN_S)}
            return Response(self.get_serializer(statement).data, status=status.HTTP_202_ACCEPTED, headers=headers)
        if commits and statement.is_clear:
            perform_run(run_id=start_commit(by=self.user, statement=statement).pk)
            statement.refresh_from_db()
        return Response(self.get_serializer(statement).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=CorrectionInput, responses=ImportSerializer)
    def partial_update(self, request: Request, pk: int) -> Response:
        """Correct how a statement is read. Send keys of the profile, or accounts; the file is read again."""
        statement = self._parsed(or_failed=True)
        fields = self.checked(CorrectionInput, statement=statement).validated_data
        corrections = fields.get("profile", {})
        if faults := profile_faults(statement=statement, profile={**statement.profile, **corrections}):
            details = {f"profile.{key}": [ErrorDetail(text, code)] for key, code, text in faults}
            raise serializers.ValidationError(details)
        try:
            correct_statement(
                statement=statement,
                corrections=corrections,
                account=fields.get("account"),
                accounts=fields.get("accounts"),
                save_as=fields.get("save_as", ""),
            )
        except UnreadableFile as error:
            raise _as_validation_error(error) from None
        return Response(self.get_serializer(statement).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        """Delete an import. Only an import that was not committed can be deleted. Its file is deleted, too."""
        forget_statement(statement=self._parsed(or_failed=True))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        parameters=[
            OpenApiParameter("show", str, enum=list(SHOWN), description="Which rows; `rows` by default."),
            NO_CURSOR,
        ],
        responses=ImportRowSerializer(many=True),
    )
    @action(detail=True)
    def rows(self, request: Request, pk: int) -> Response:
        """List an import's rows.

        Each has the category it would get; duplicates and errors are named. Nothing is written.
        """
        statement = _with_file(self.get_object())
        show = request.query_params.get("show", "rows")
        if show not in SHOWN:
            raise serializers.ValidationError({"show": f"Give one of {', '.join(SHOWN)}."}, code="invalid_choice")
        if statement.status in (ImportStatus.READING, ImportStatus.FAILED):
            raise Conflict(_why_not(statement), code=statement.status)
        page: Any = self.paginate_queryset(RecordList(statement, show))  # type: ignore[arg-type]
        shown = preview_records(statement, page, with_planned(self.catalog, statement))
        return self.get_paginated_response(shown)

    @extend_schema(request=CommitInput, responses={202: RunSerializer})
    @action(detail=True, methods=["post"])
    def commit(self, request: Request, pk: int) -> Response:
        """Record an import's rows.

        This is done in the background; the run shows how far it is. Rows are recorded as `rows/` shows them, even while
        `questions` are open. Only rows that cannot be read, and the questions `unknown_account`, `other_account`,
        `other_currency`, `no_currency` and `no_rows` stop a commit.
        """
        statement = self._parsed()
        fields = self.checked(CommitInput).validated_data
        if statement.lacks_account:
            detail = "Say first into which account the rows go: PATCH the import with `account`."
            raise serializers.ValidationError({"account": detail}, code="required")
        if statement.n_errors and not fields["skip_errors"]:
            detail = (
                f"Rows that cannot be read: {statement.n_errors}. "
                "Correct the profile, or send `skip_errors` to leave them out."
            )
            raise Conflict(detail, code="unreadable_rows")
        run = start_commit(by=self.user, statement=statement)
        queue_run(run)
        return Response(RunSerializer(run).data, status=status.HTTP_202_ACCEPTED)

    def get_parsers(self) -> list[BaseParser]:
        """A form brings a file; everything else is JSON."""
        method = str(getattr(self.request, "method", "")).lower()
        is_upload = self.action_map.get(method, getattr(self, "action", "")) == "create"
        return [FormParser()] if is_upload else [JSONParser()]

    def _parsed(self, *, or_failed: bool = False) -> Import:
        statement: Import = self.get_object()
        allowed = {ImportStatus.PARSED, ImportStatus.FAILED} if or_failed else {ImportStatus.PARSED}
        if statement.stands not in allowed:
            raise Conflict(_why_not(statement), code=statement.status)
        return _with_file(statement)


class ProfileViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, LedgerViewSet):
    """Saved ways to read a bank's files."""

    queryset = Profile.objects.all()
    noun = "import profile"
    serializer_class = ProfileSerializer

    @extend_schema(request=ProfileInput, responses={201: ProfileSerializer})
    def create(self, request: Request) -> Response:
        """Import an exported profile. Files of its fingerprint are read by it from then on."""
        fields = self.checked(ProfileInput).validated_data
        fields.pop("export_version", None)
        profile = add_profile(by=self.user, fields=fields)
        return Response(self.get_serializer(profile).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=ExportedProfileSerializer)
    @action(detail=True)
    def export(self, request: Request, pk: int) -> Response:
        """Export a profile. Send the body to `POST import-profiles/` of another ledger."""
        return Response(ExportedProfileSerializer(exported(self.get_object())).data)

    def perform_destroy(self, instance: Profile) -> None:
        forget_profile(profile=instance)


def _with_file(statement: Import) -> Import:
    """Return the import. Raises NotFound where a backup brought it without its file."""
    if not statement.file:
        raise NotFound(f"The file {statement.filename} is not here: the backup came without files.", code="no_file")
    return statement


def _why_not(statement: Import) -> str:
    """Return why an import cannot be used now, and what to do."""
    if statement.status == ImportStatus.READING:
        return "The file is still being read; ask again in a moment."
    if statement.status == ImportStatus.FAILED:
        return f"The file could not be read: {statement.error}"
    if statement.status == ImportStatus.COMMITTING:
        return f"Its rows are being recorded; the run shows how far it is: GET runs/{statement.run_id}/."
    return f"This import is committed; revert its run first: POST runs/{statement.run_id}/revert/."


def _as_validation_error(error: UnreadableFile) -> serializers.ValidationError:
    return serializers.ValidationError({error.attr: error.detail}, code=error.code)
