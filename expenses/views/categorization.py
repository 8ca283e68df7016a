"""Asking the chain, and looking at it."""

from typing import Any, cast

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from accounts.strict_serializer import StrictSerializer
from expenses.categorization.catalog import Catalog, load_trust
from expenses.categorization.suggestions import suggest_categories
from expenses.models import Classifier, TrackRecord
from expenses.models.ledgers import ledger_id_of
from expenses.serializers.calibration import (
    AdoptInput,
    BacktestInput,
    CalibrationSerializer,
    ChainAnswer,
    ThresholdsInput,
    ThresholdsSerializer,
    _describe,
    describe_calibration,
    describe_thresholds,
)
from expenses.serializers.runs import RunWithResultSerializer
from expenses.serializers.suggestions import SuggestAnswer, SuggestInput
from expenses.services.backtests import order_backtest
from expenses.services.thresholds import adopt_backtest, finished_backtests, set_thresholds
from expenses.views.base import MayWriteLedger
from providers.loading import configured_chain


class SuggestView(APIView):
    """What category a text would get; nothing is written."""

    permission_classes = [IsAuthenticated]
    rates = {"post": "suggest"}

    @extend_schema(operation_id="categorization_suggest", request=SuggestInput, responses=SuggestAnswer)
    def post(self, request: Request) -> Response:
        user = cast("User", request.user)
        catalog = Catalog.load_for(user)
        context = {"request": request, "catalog": catalog}
        body = SuggestInput(data=request.data, context=context)
        body.is_valid(raise_exception=True)
        fields = body.validated_data
        many = fields.get("transactions", [fields])
        answers = suggest_categories(
            questions=[body.question(one) for one in many], catalog=catalog, use_model=fields["use_model"]
        )
        return Response({"results": answers} if "transactions" in fields else answers[0])


class ChainView(APIView):
    """The links, their versions, thresholds and health."""

    permission_classes = [IsAuthenticated, MayWriteLedger]

    @extend_schema(operation_id="categorization_chain", responses=ChainAnswer)
    def get(self, request: Request) -> Response:
        own = load_trust(ledger_id_of(cast("User", request.user))).thresholds
        entries = zip(configured_chain().links, settings.CATEGORIZATION_PROVIDERS, strict=True)
        return Response({"links": [_describe(link, entry["BACKEND"], own) for link, entry in entries]})


class MeasuringView(APIView):
    """What is measured of the ledger that the person works in."""

    permission_classes = [IsAuthenticated, MayWriteLedger]

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def checked(self, shape: type[StrictSerializer]) -> Any:
        """The body of the request in this shape."""
        body = shape(data=self.request.data, context={"request": self.request})
        body.is_valid(raise_exception=True)
        return body


class CalibrationView(MeasuringView):
    """How far each link can be believed, as last measured on your confirmed transactions."""

    @extend_schema(operation_id="categorization_calibration", responses=CalibrationSerializer)
    def get(self, request: Request) -> Response:
        ledger_id = ledger_id_of(self.user)
        record = TrackRecord.objects.filter(pk=ledger_id).first() or TrackRecord(ledger_id=ledger_id)
        classifier = Classifier.objects.filter(pk=ledger_id).defer("content").first()
        return Response(describe_calibration(record, classifier, trust=load_trust(ledger_id)))


class BacktestView(MeasuringView):
    """What the chain would have said of transactions that you have confirmed, knowing only those before each."""

    error_codes = ("404",)

    @extend_schema(operation_id="categorization_backtest_latest", responses=RunWithResultSerializer)
    def get(self, request: Request) -> Response:
        """The latest that has succeeded."""
        run = finished_backtests(user=self.user).order_by("-pk").first()
        if run is None:
            raise NotFound("There is no finished backtest yet; order one by POST to this address.", code="no_backtest")
        return Response(RunWithResultSerializer(run).data)

    @extend_schema(
        operation_id="categorization_backtest", request=BacktestInput, responses={202: RunWithResultSerializer}
    )
    def post(self, request: Request) -> Response:
        """Order one: a run that changes no transaction, with its `result` at `runs/{id}/`.

        The same order again is answered with the run that has not ended; at most three others wait or run at a time.
        """
        run = order_backtest(by=self.user, order=self.checked(BacktestInput).order())
        return Response(RunWithResultSerializer(run).data, status=status.HTTP_202_ACCEPTED)


class ThresholdsView(MeasuringView):
    """From which confidence on the answers of each link are taken in your ledger."""

    @extend_schema(operation_id="categorization_thresholds", responses=ThresholdsSerializer)
    def get(self, request: Request) -> Response:
        return _thresholds_of(self.user)

    @extend_schema(
        operation_id="categorization_thresholds_update", request=ThresholdsInput, responses=ThresholdsSerializer
    )
    def patch(self, request: Request) -> Response:
        """Choose some, or give them back; what is categorized from now on keeps to them."""
        set_thresholds(by=self.user, thresholds=self.checked(ThresholdsInput).validated_data["thresholds"])
        return _thresholds_of(self.user)


class AdoptView(MeasuringView):
    """Thresholds as a backtest found them."""

    @extend_schema(operation_id="categorization_thresholds_adopt", request=AdoptInput, responses=ThresholdsSerializer)
    def post(self, request: Request) -> Response:
        """Let all links that were played keep to the chain's threshold for the target; without one they suggest."""
        adopt_backtest(by=self.user, result=self.checked(AdoptInput).validated_data.get("backtest"))
        return _thresholds_of(self.user)


def _thresholds_of(user: User) -> Response:
    return Response(describe_thresholds(load_trust(ledger_id_of(user)).thresholds))
