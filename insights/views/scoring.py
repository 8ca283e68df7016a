"""The endpoint that scores one payment."""

from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.models.ledgers import membership_of
from expenses.rates.conversion import MissingRate
from expenses.views.base import MayAskLedger
from insights.serializers.scoring import ScoreAnswer, ScoreInput
from insights.services.refreshing import refresh_soon
from insights.services.scoring import score


class ScoreView(APIView):
    """Scores one payment; nothing is written."""

    permission_classes = [IsAuthenticated, MayAskLedger]
    is_open_to_read_tokens = True

    @extend_schema(operation_id="insights_score_transaction", request=ScoreInput, responses=ScoreAnswer)
    def post(self, request: Request) -> Response:
        """Compare a payment with those to the same payee, in its category and in the whole ledger, as last computed."""
        user = cast("User", request.user)
        ledger = membership_of(user).ledger
        body = ScoreInput(data=request.data, context={"request": request, "catalog": Catalog.load_for(user)})
        body.is_valid(raise_exception=True)
        state = refresh_soon(ledger)
        try:
            found = score(ledger, body.payment(), state=state)
        except MissingRate as missing:
            raise serializers.ValidationError({"currency": str(missing)}, code="rate_missing") from None
        return Response(ScoreAnswer(found).data)
