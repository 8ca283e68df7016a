"""The score of one payment over HTTP."""

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
from insights.scoring_bodies import ScoreAnswer, ScoreInput, describe_score
from insights.services.refreshing import is_fresh, refresh_soon
from insights.services.scoring import score


class ScoreView(APIView):
    """Whether a payment is unusual; nothing is written."""

    permission_classes = [IsAuthenticated, MayAskLedger]
    is_open_to_read_tokens = True

    @extend_schema(operation_id="insights_score_transaction", request=ScoreInput, responses=ScoreAnswer)
    def post(self, request: Request) -> Response:
        """Compared with what was paid to the same payee, in the category and in all, as last computed."""
        user = cast("User", request.user)
        ledger = membership_of(user).ledger
        body = ScoreInput(data=request.data, context={"request": request, "catalog": Catalog.load_for(user)})
        body.is_valid(raise_exception=True)
        standing = refresh_soon(ledger)
        try:
            scored = score(ledger, body.asked(), standing=standing, currency=ledger.founder.base_currency)
        except MissingRate as missing:
            raise serializers.ValidationError({"currency": str(missing)}, code="rate_missing") from None
        computed_at = standing.computed_at if standing else None
        return Response(
            describe_score(scored) | {"computed_at": computed_at, "is_stale": not is_fresh(ledger, standing)}
        )
