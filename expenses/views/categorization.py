"""Views of the chain: suggestions, its links, their calibration and thresholds, and backtests."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.strict_view import StrictView
from expenses.categorization.classifier import LearnedProvider
from expenses.categorization.comparison import PairedComparison
from expenses.categorization.suggestions import suggest_categories
from expenses.categorization.training_rows import count_confirmed_since, has_unlearned
from expenses.categorization.trust import ledger_links, load_trust
from expenses.models import Classifier, TrackRecord
from expenses.models.ledgers import ledger_id_of
from expenses.serializers.calibration import (
    AdoptInput,
    AdoptionQuery,
    AdoptionSerializer,
    BacktestInput,
    CalibrationSerializer,
    ChainAnswer,
    ThresholdsInput,
    ThresholdsSerializer,
)
from expenses.serializers.runs import RunSerializer, RunWithResultSerializer
from expenses.serializers.suggestions import SuggestAnswer, SuggestInput
from expenses.services.adoption import order_adoption, preview_adoption
from expenses.services.backtests import order_backtest
from expenses.services.runs import begin_run
from expenses.services.thresholds import finished_backtests, measure_thresholds, set_thresholds, thresholds_of
from expenses.views.base import LedgerView
from providers.calibration import NO_CORRECTION, Correction
from providers.chain import POOL
from providers.loading import configured_chain


class SuggestView(LedgerView):
    """The category that a text would get; nothing is written."""

    permission_classes = [IsAuthenticated]
    common_parameters = StrictView.common_parameters  # the chain is asked of the user's own ledger alone
    rates = {"post": "suggest"}

    @extend_schema(operation_id="categorization_suggest", request=SuggestInput, responses=SuggestAnswer)
    def post(self, request: Request) -> Response:
        """Suggest a category for a text. Nothing is written.

        The answer is `pending` only while the model is asked. Then `retry_after_s` and `Retry-After` say when to send
        the same request again.
        """
        body = self.checked(SuggestInput)
        fields = body.validated_data
        verdicts = suggest_categories(body.questions(), use_model=fields["use_model"])
        answers = SuggestAnswer(verdicts, many=True, context={"catalog": self.catalog}).data
        waits = [answer["retry_after_s"] for answer in answers if answer["retry_after_s"] is not None]
        headers = {"Retry-After": str(max(waits))} if waits else {}
        return Response({"results": answers} if "transactions" in fields else answers[0], headers=headers)


class ChainView(LedgerView):
    """The links, their versions, thresholds and health."""

    @extend_schema(operation_id="categorization_chain", responses=ChainAnswer)
    def get(self, request: Request) -> Response:
        """List the chain's links. Each has its version, threshold and health."""
        return Response(ChainAnswer({"links": ledger_links(load_trust(ledger_id_of(self.user)))}).data)


class CalibrationView(LedgerView):
    """The reliability of each link, as last measured on your confirmed transactions."""

    @extend_schema(operation_id="categorization_calibration", responses=CalibrationSerializer)
    def get(self, request: Request) -> Response:
        """Get the reliability of each link. It was last measured on your confirmed transactions."""
        ledger_id = ledger_id_of(self.user)
        record = TrackRecord.objects.filter(pk=ledger_id).first() or TrackRecord(ledger_id=ledger_id)
        classifier = Classifier.objects.filter(pk=ledger_id).defer("content").first()
        names = [link.provider.name for link in configured_chain().links]
        digest = load_trust(ledger_id).classifier
        measured = {
            name: {**record.links[name], "correction": Correction(*record.corrections.get(name, NO_CORRECTION))}
            if name in record.links
            else None
            for name in (*names, POOL)
        }
        is_unversioned = record.measured_at is not None and record.measured_version is None
        since = record.measured_version or 0
        n_since = None if is_unversioned else count_confirmed_since(since, ledger_id=ledger_id)
        body = {
            "measured_at": record.measured_at,
            "ledger_version": record.measured_version,
            "n_confirmed": record.n_measured,
            "n_since": n_since,
            "is_stale": has_unlearned(record.learned_from, ledger_id=ledger_id),
            "together": measured.pop(POOL),
            "links": measured,
            "classifier": classifier
            and {
                "classifier": classifier,
                "version": LearnedProvider.version,
                "in_use": LearnedProvider.name in names and digest == classifier.digest,
                "comparison": _comparison_of(classifier),
            },
        }
        return Response(CalibrationSerializer(body).data)


def _comparison_of(classifier: Classifier) -> PairedComparison | None:
    """Return the comparison that was stored; None before the first one."""
    figures = [getattr(classifier, name) for name in ("n_compared", *PairedComparison._fields[1:])]
    return None if None in figures else PairedComparison(*figures)


class BacktestView(LedgerView):
    """The answers of the chain for your confirmed transactions, given only those before each."""

    error_codes = {"get": ("404",)}

    @extend_schema(operation_id="categorization_backtest_latest", responses=RunWithResultSerializer)
    def get(self, request: Request) -> Response:
        """Get the latest finished backtest."""
        run = finished_backtests(user=self.user).order_by("-pk").first()
        if run is None:
            raise NotFound("There is no finished backtest yet; order one by POST to this address.", code="no_backtest")
        return Response(RunWithResultSerializer(run).data)

    @extend_schema(
        operation_id="categorization_backtest", request=BacktestInput, responses={202: RunWithResultSerializer}
    )
    def post(self, request: Request) -> Response:
        """Start a backtest.

        It is a run that changes no transaction; `result` at `runs/{id}/` has its figures.

        An equal order returns the run that has not ended yet. At most three wait or run at a time.
        """
        run = order_backtest(by=self.user, order=self.checked(BacktestInput).order())
        return Response(RunWithResultSerializer(run).data, status=status.HTTP_202_ACCEPTED)


class ThresholdsView(LedgerView):
    """The confidence from which the answers of each link are taken in your ledger."""

    @extend_schema(operation_id="categorization_thresholds", responses=ThresholdsSerializer)
    def get(self, request: Request) -> Response:
        """Get your thresholds. From this confidence on, the answers of a link are taken in your ledger."""
        return _thresholds_of(self.user)

    @extend_schema(
        operation_id="categorization_thresholds_update", request=ThresholdsInput, responses=ThresholdsSerializer
    )
    def patch(self, request: Request) -> Response:
        """Choose or reset thresholds.

        They hold for what is categorized from now on. A threshold of evidence comes before that of a link.
        """
        body = self.checked(ThresholdsInput).validated_data
        set_thresholds(by=self.user, links=body.get("thresholds", {}), evidence=body.get("evidence", {}))
        return _thresholds_of(self.user)


class AdoptView(LedgerView):
    """The adoption of a backtest's thresholds: its preview, and the run that does it."""

    error_codes = {"get": ("400", "409")}

    @extend_schema(
        operation_id="categorization_thresholds_adoption",
        parameters=[AdoptionQuery],
        responses=AdoptionSerializer,
    )
    def get(self, request: Request) -> Response:
        """Test the adoption of a backtest.

        Nothing is written. It names thresholds before and after, and counts the transactions that would change.
        """
        query = self.checked(AdoptionQuery, data=request.query_params.dict()).validated_data
        return Response(AdoptionSerializer(preview_adoption(user=self.user, result=query.get("backtest"))).data)

    @extend_schema(operation_id="categorization_thresholds_adopt", request=AdoptInput, responses={202: RunSerializer})
    def post(self, request: Request) -> Response:
        """Adopt a backtest's thresholds.

        Each kind of evidence gets its threshold for the target. Answers that are sure by it are taken, others become
        suggestions. Reverting the run takes both back.
        """
        run = order_adoption(by=self.user, result=self.checked(AdoptInput).validated_data.get("backtest"))
        return Response(RunSerializer(begin_run(run)).data, status=status.HTTP_202_ACCEPTED)


def _thresholds_of(user: User) -> Response:
    own, measured = thresholds_of(ledger_id_of(user)), measure_thresholds(user=user)
    body = {"results": own.links, "evidence": own.evidence, "measured": measured}
    return Response(ThresholdsSerializer(body).data)
