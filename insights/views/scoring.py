"""The endpoint that scores one payment."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models.ledgers import membership_of
from expenses.rates.conversion import MissingRate
from expenses.views.base import LedgerView, MayAskLedger
from insights.serializers.scoring import ScoreAnswer, ScoreInput
from insights.services.refreshing import refresh_soon
from insights.services.scoring import score


class ScoreView(LedgerView):
    """Scores one payment; nothing is written."""

    permission_classes = [IsAuthenticated, MayAskLedger]
    is_open_to_read_tokens = True

    @extend_schema(operation_id="insights_score_transaction", request=ScoreInput, responses=ScoreAnswer)
    def post(self, request: Request) -> Response:
        """Score a payment.

        It is compared with those to the same payee, in its category and in the whole ledger, as last computed.
        """
        ledger = membership_of(self.user).ledger
        body = self.checked(ScoreInput)
        state = refresh_soon(ledger)
        try:
            found = score(ledger, body.payment(), state=state)
        except MissingRate as missing:
            raise serializers.ValidationError({"currency": str(missing)}, code="rate_missing") from None
        return Response(ScoreAnswer(found).data)
