"""Questions in plain words over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.views.base import LedgerViewSet, MayAskLedger
from insights.ask.meanings import NotUnderstood
from insights.ask.wording import explain_refusal
from insights.models import LedgerQuestion
from insights.serializers.questions import AskInput, LedgerQuestionSerializer
from insights.services.asking import ASK_AGAIN_S, ask, ask_model
from insights.tools.base import Asker


class AskView(mixins.ListModelMixin, LedgerViewSet):
    """Your questions in plain words; the ledger is only read."""

    permission_classes = [IsAuthenticated, MayAskLedger]
    is_open_to_read_tokens = True
    rates = {"ask": "ask"}
    queryset = LedgerQuestion.objects.order_by("-created_at", "-id")
    serializer_class = LedgerQuestionSerializer
    filter_backends: list[type] = []

    @extend_schema(operation_id="insights_questions")
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List your questions. The newest come first; they are kept for 30 days."""
        return super().list(request, *args, **kwargs)

    @extend_schema(
        operation_id="insights_ask",
        request=AskInput,
        responses={200: LedgerQuestionSerializer, 202: LedgerQuestionSerializer},
    )
    def ask(self, request: Request) -> Response:
        """Ask in plain words.

        The answer says what was understood, and which figures and tools were used. With a local model, a question
        with a word that is not understood is a 202: the model works on it, and `insights/ask/{id}/` has the answer
        soon. Without one, it is a 400 that names the word.
        """
        asker = Asker(self.user, self.catalog, self.user.today())
        body = self.checked(AskInput)
        question, month = body.validated_data["question"], body.read_month(asker.calendar, today=asker.today)
        try:
            try:
                return Response(LedgerQuestionSerializer(ask(asker=asker, question=question, month=month)).data)
            except NotUnderstood as error:
                found = ask_model(asker=asker, question=question, month=month, error=error)
        except NotUnderstood as error:
            raise serializers.ValidationError({"question": explain_refusal(error)}, code=error.code) from None
        headers = {"Retry-After": str(ASK_AGAIN_S)}
        return Response(LedgerQuestionSerializer(found).data, status=status.HTTP_202_ACCEPTED, headers=headers)


class QuestionView(mixins.RetrieveModelMixin, mixins.DestroyModelMixin, LedgerViewSet):
    """One of your questions."""

    permission_classes = [IsAuthenticated, MayAskLedger]
    queryset = LedgerQuestion.objects.all()
    serializer_class = LedgerQuestionSerializer
    filter_backends: list[type] = []
    pagination_class = None

    @extend_schema(operation_id="insights_question")
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Get a question with its answer."""
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(operation_id="insights_question_destroy", request=None, responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete a question."""
        return super().destroy(request, *args, **kwargs)
