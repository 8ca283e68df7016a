"""The chain in the API: its links and thresholds, their calibration, and backtests."""

import math
from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from accounts.strict_serializer import HelpfulSerializer, StrictSerializer
from expenses.categorization.comparison import HelpVerdict
from expenses.models import BacktestResult, Transaction
from expenses.serializers.fields import DayField, KeywordNames, MoneyField, user_of
from expenses.services.backtests import BacktestOrder
from expenses.services.thresholds import ADJUSTABLE_EVIDENCE, adjustable_links, finished_backtests

IS_STALE = "Confirmed transactions came, changed or went, and a worker has yet to learn from them. Ask again soon."


class ShareField(serializers.FloatField):
    """A number from 0 to 1, or within narrower limits."""

    def __init__(self, *, min_value: float = 0.0, max_value: float = 1.0, **kwargs: Any) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)
        self.least, self.most = min_value, max_value

    def to_internal_value(self, data: Any) -> float:
        value = super().to_internal_value(data)
        if isinstance(data, bool) or not math.isfinite(value):
            self.fail("invalid")
        share = round(value / 100, 6)
        if value >= 2 and self.least <= share <= self.most:  # 95 stands for 95 %
            raise serializers.ValidationError(f"Write {share:g}.", code="max_value")
        return value


class BacktestInput(KeywordNames, StrictSerializer):
    """The days of the confirmed transactions to replay, and the wanted share of right answers."""

    from_ = DayField(required=False, allow_null=True)
    to = DayField(required=False, allow_null=True)
    target_precision = ShareField(min_value=0.5, max_value=0.999, default=0.95)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        start, end = attrs.get("from"), attrs.get("to")
        if start is not None and end is not None and start > end:
            raise serializers.ValidationError({"to": "`to` is before `from`."}, code="not_a_range")
        return attrs

    def order(self) -> BacktestOrder:
        """Return the order. Call it after `is_valid`."""
        fields = self.validated_data
        return BacktestOrder(fields.get("from"), fields.get("to"), fields["target_precision"])


class RoundedField(serializers.FloatField):
    """A number of a response, rounded to four decimal places."""

    def to_representation(self, value: Any) -> Any:
        return round(value, 4)


class FiguresSerializer(serializers.Serializer[Any]):
    """The figures of a link or of the chain, at its own threshold and at the one for the wanted precision."""

    asked = serializers.IntegerField()
    answered = serializers.IntegerField(help_text="Number of answers at or above the threshold.")
    coverage = serializers.FloatField(allow_null=True, help_text="`answered` as a share of `asked`.")
    precision = serializers.FloatField(allow_null=True, help_text="The share of right answers among `answered`.")
    threshold = serializers.FloatField(allow_null=True, help_text="Your ledger's threshold now; null for the chain.")
    threshold_for_target = serializers.FloatField(
        allow_null=True, help_text="Null if no threshold reaches the precision. A link of rules keeps its threshold."
    )
    coverage_at_target = serializers.FloatField(allow_null=True)
    precision_at_target = serializers.FloatField(allow_null=True)


class EvidenceJudgment(serializers.Serializer[Any]):
    """The answers that rest on one kind of evidence."""

    asked = serializers.IntegerField(help_text="Number of answers that rest on it.")
    answered = serializers.IntegerField(help_text="Number of answers at or above the threshold.")
    coverage = serializers.FloatField(allow_null=True, help_text="`answered` as a share of `asked`.")
    precision = serializers.FloatField(allow_null=True, help_text="The share of right answers among `answered`.")
    lower_bound = serializers.FloatField(
        allow_null=True, help_text="The precision that is certain at 95 %. A text counts three times at most."
    )
    texts = serializers.IntegerField(help_text="Number of different texts among `asked`.")
    coverage_at_target = serializers.FloatField(allow_null=True)
    precision_at_target = serializers.FloatField(allow_null=True)
    missing = serializers.IntegerField(
        allow_null=True,
        help_text="Number of further answers that would tell a threshold; null if it would not reach the precision.",
    )


class ShortfallSerializer(serializers.Serializer[Any]):
    """Answers that are taken, and surely right less often than the target."""

    answered = serializers.IntegerField(help_text="Number of answers that are taken.")
    right = serializers.IntegerField(help_text="Number of right answers among them.")


class EvidenceFigures(EvidenceJudgment):
    """The answers that rest on one kind of evidence, and those among them to new texts."""

    threshold = serializers.FloatField(allow_null=True, help_text="Your threshold now; null if those of links differ.")
    threshold_for_target = serializers.FloatField(
        allow_null=True, help_text="The threshold to adopt; null if it cannot be told."
    )
    links = serializers.ListField(child=serializers.CharField(), help_text="The links that gave these answers.")
    new_merchants = EvidenceJudgment(allow_null=True, help_text="Null for repeats, which are never new.")
    shortfall = ShortfallSerializer(
        allow_null=True, help_text="The answers that are taken, if they are surely right less often than the target."
    )


class BacktestSerializer(KeywordNames):
    """The result of a backtest. In `chain` and `new_merchants` one threshold holds for all evidence."""

    from_ = serializers.DateField(help_text="The day of the first transaction.")
    to = serializers.DateField(help_text="The day of the last transaction.")
    n = serializers.IntegerField()
    target_precision = serializers.FloatField()
    measured_at = serializers.DateTimeField(allow_null=True, help_text="Null for a backtest of an earlier release.")
    ledger_version = serializers.IntegerField(allow_null=True, help_text="The version of the ledger at that time.")
    n_confirmed = serializers.IntegerField(
        allow_null=True, help_text="Number of confirmed transactions of all days at that version."
    )
    n_since = serializers.IntegerField(
        allow_null=True, help_text="Confirmed transactions recorded, confirmed or edited since."
    )
    is_stale = serializers.BooleanField(help_text=IS_STALE)
    links = serializers.DictField(child=FiguresSerializer(), help_text="Figures by the name of the link, in order.")
    evidence = serializers.DictField(
        child=EvidenceFigures(), allow_null=True, help_text="Figures by kind of evidence; null in an earlier release."
    )
    chain = FiguresSerializer()
    new_merchants = FiguresSerializer(help_text="Only transactions with a text that was not confirmed before.")


class BinSerializer(KeywordNames):
    """Answers with a confidence from `from` up to but not including `to`; the last bin includes 1."""

    from_ = serializers.FloatField(source="start")
    to = serializers.FloatField(source="end")
    n = serializers.IntegerField()
    mean_confidence = RoundedField()
    accuracy = RoundedField()


class CorrectionSerializer(serializers.Serializer[Any]):
    """Log-odds become `intercept + slope · log-odds`; 0 and 1 change nothing."""

    intercept = RoundedField()
    slope = RoundedField()
    raises = serializers.BooleanField(
        help_text="False: it only lowers confidences, because your answers do not show yet that higher ones are right."
    )


class ReliabilitySerializer(serializers.Serializer[Any]):
    """The corrected confidence of a link, or of links together, compared with your answers."""

    n = serializers.IntegerField()
    accuracy = RoundedField()
    ece = RoundedField(help_text="Expected calibration error: the mean distance of confidence and accuracy.")
    brier = RoundedField(help_text="Brier score: the mean squared distance of confidence and outcome.")
    bins = BinSerializer(many=True)
    correction = CorrectionSerializer()


class ClassifierSerializer(serializers.Serializer[Any]):
    """The classifier trained on your confirmed transactions, and the chain's right answers with and without it."""

    version = serializers.CharField()
    digest = serializers.CharField(source="classifier.digest")
    n_confirmed = serializers.IntegerField(
        source="classifier.n_confirmed", help_text="Number of transactions that it was trained on."
    )
    trained_at = serializers.DateTimeField(source="classifier.trained_at")
    in_use = serializers.BooleanField(help_text="False if the chain was right less often with it.")
    right_with = serializers.IntegerField(allow_null=True, source="classifier.n_right")
    right_without = serializers.IntegerField(allow_null=True, source="classifier.n_right_without")
    compared = serializers.IntegerField(
        source="classifier.n_compared", help_text="Number of transactions asked both with it and without it."
    )
    only_right_with = serializers.IntegerField(
        allow_null=True, source="classifier.n_gained", help_text="Number of these that were right only with it."
    )
    only_right_without = serializers.IntegerField(
        allow_null=True, source="classifier.n_lost", help_text="Number of these that were right only without it."
    )
    p_value = RoundedField(
        source="comparison.p_value",
        allow_null=True,
        help_text="The probability that chance alone gives an advantage as large as this.",
    )
    verdict = serializers.ChoiceField(
        source="comparison.verdict",
        choices=list(HelpVerdict),
        allow_null=True,
        help_text="`helps`: more than by chance; `too_early`: used, and too few rows to tell; `no_help`: not used.",
    )


class CalibrationSerializer(serializers.Serializer[Any]):
    """The last measurement of the links: its time, its number of confirmed transactions and its results."""

    measured_at = serializers.DateTimeField(allow_null=True, help_text="Null if nothing was measured yet.")
    ledger_version = serializers.IntegerField(allow_null=True, help_text="The version of the ledger at that time.")
    n_confirmed = serializers.IntegerField(help_text="Number of confirmed transactions at that version.")
    n_since = serializers.IntegerField(
        allow_null=True,
        help_text="Confirmed transactions recorded, confirmed or edited since; null if an earlier release measured.",
    )
    is_stale = serializers.BooleanField(help_text=IS_STALE)
    links = serializers.DictField(
        child=ReliabilitySerializer(allow_null=True),
        help_text="Reliability by the name of the link; null for a link with fewer than 30 answers.",
    )
    together = ReliabilitySerializer(
        allow_null=True, help_text="Reliability of the answers that links gave together; null for fewer than 30."
    )
    classifier = ClassifierSerializer(allow_null=True)


class LinkThresholdSerializer(serializers.Serializer[Any]):
    """The confidence from which the answers of a link are taken."""

    link = serializers.CharField(source="name")
    threshold = serializers.FloatField()
    default = serializers.FloatField(source="link.min_confidence", help_text="The threshold of the settings.")
    is_own = serializers.BooleanField(help_text="Whether your ledger has its own threshold.")


class EvidenceThresholdSerializer(serializers.Serializer[Any]):
    """The confidence from which answers that rest on a kind of evidence are taken, whatever link gave them."""

    evidence = serializers.CharField()
    threshold = serializers.FloatField(allow_null=True, help_text="Null if the thresholds of the links hold.")
    is_own = serializers.BooleanField(help_text="Whether your ledger has its own threshold.")


class TakenSerializer(serializers.Serializer[Any]):
    """The answers of the backtest that the present thresholds take."""

    answered = serializers.IntegerField()
    precision = serializers.FloatField(allow_null=True, help_text="The share of right answers.")


class MeasuredThresholds(serializers.Serializer[Any]):
    """The meaning of the present thresholds: the answers of the latest backtest that they take."""

    backtest = serializers.IntegerField(source="result.run_id")
    measured_at = serializers.DateTimeField(source="result.body.measured_at")
    links = serializers.DictField(child=TakenSerializer())
    evidence = serializers.DictField(child=TakenSerializer())


@extend_schema_serializer(many=False)
class ThresholdsSerializer(serializers.Serializer[Any]):
    """The thresholds of all links except the rules, whose answers are always taken, and of all kinds of evidence."""

    results = LinkThresholdSerializer(many=True)
    evidence = EvidenceThresholdSerializer(many=True)
    measured = MeasuredThresholds(allow_null=True, help_text="Null before the first backtest.")


class ThresholdsInput(StrictSerializer):
    """New thresholds by the name of the link or the kind of evidence. Others stay."""

    thresholds = serializers.DictField(
        child=ShareField(allow_null=True),
        required=False,
        help_text="By the name of the link, from 0 to 1; null returns to the threshold of the settings.",
    )
    evidence = serializers.DictField(
        child=ShareField(allow_null=True),
        required=False,
        help_text="By kind of evidence, from 0 to 1; null returns to the thresholds of the links.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            detail = "Give `thresholds` of links, or of `evidence`."
            raise serializers.ValidationError({"thresholds": detail}, code="required")
        return attrs

    def validate_thresholds(self, value: dict[str, float | None]) -> dict[str, float | None]:
        names = [link.provider.name for link in adjustable_links()]
        return _of_known_names(value, names, "There is no link of this name that has a threshold")

    def validate_evidence(self, value: dict[str, float | None]) -> dict[str, float | None]:
        return _of_known_names(value, ADJUSTABLE_EVIDENCE, "There is no such kind of evidence that has a threshold")


def _of_known_names(value: dict[str, float | None], names: Sequence[str], complaint: str) -> dict[str, float | None]:
    if unknown := sorted(value.keys() - set(names)):
        detail = f"{complaint}; known are {', '.join(names)}."
        raise serializers.ValidationError(dict.fromkeys(unknown, detail), code="unknown")
    return value


class AdoptionQuery(HelpfulSerializer):
    """The query parameter of a preview: the backtest to adopt."""

    backtest = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, required=False, help_text="The id of a finished run; the latest unless given."
    )

    def validate_backtest(self, value: int) -> BacktestResult:
        run = finished_backtests(user=user_of(self)).filter(pk=value).first()
        if run is None:
            detail = f"There is no finished backtest {value}."
            raise serializers.ValidationError(detail, code="does_not_exist")
        found: BacktestResult = run.backtest
        return found


class AdoptInput(AdoptionQuery, StrictSerializer):
    """The backtest to adopt."""


class AdoptedEvidence(serializers.Serializer[Any]):
    """Your own threshold of a kind of evidence before and after."""

    evidence = serializers.CharField()
    before = serializers.FloatField(allow_null=True, help_text="Null if the thresholds of the links hold.")
    after = serializers.FloatField(allow_null=True, help_text="Null if the thresholds of the links hold.")
    reason = serializers.CharField(
        allow_null=True, help_text="Why it only suggests, or why the backtest has no threshold for it; else null."
    )


class AdoptedLink(serializers.Serializer[Any]):
    """A threshold of a link that was lower than in the settings, and goes back to it."""

    link = serializers.CharField()
    before = serializers.FloatField()
    after = serializers.FloatField(allow_null=True)


class JudgedRow(serializers.ModelSerializer[Transaction]):
    """A transaction whose answer the new thresholds judge otherwise."""

    transaction = serializers.IntegerField(source="pk")
    amount = MoneyField()
    category_name = serializers.SerializerMethodField(help_text="The machine's answer.")
    evidence = serializers.CharField(source="decision.evidence")
    source = serializers.CharField(source="category_source")  # type: ignore[assignment]
    confidence = serializers.FloatField(source="category_confidence")

    class Meta:
        model = Transaction
        fields = [
            "transaction", "date", "description", "amount", "currency", "category_name", "source", "evidence",
            "confidence",
        ]  # fmt: skip
        read_only_fields = fields

    def get_category_name(self, row: Transaction) -> str:
        category = row.category or row.suggested_category
        return category.display_name if category is not None else ""


class AdoptionSerializer(serializers.Serializer[Any]):
    """The effect of adopting a backtest: thresholds before and after, and the transactions that change."""

    backtest = serializers.IntegerField()
    target_precision = serializers.FloatField()
    evidence = AdoptedEvidence(many=True)
    links = AdoptedLink(many=True)
    would_be_automatic = serializers.IntegerField(help_text="Number of suggestions that would be taken.")
    would_be_suggested = serializers.IntegerField(help_text="Number of automatic answers that would be suggestions.")
    automatic = JudgedRow(many=True, help_text="The newest five of those to be taken.")
    suggested = JudgedRow(many=True, help_text="The newest five of those to be suggestions.")


class BreakerSerializer(serializers.Serializer[Any]):
    """The circuit breaker of a link. Open: the link kept failing, and is not asked for one to ten minutes.

    Half open: one question is asked. If it is answered, the breaker is closed.
    """

    state = serializers.ChoiceField(choices=["closed", "open", "half_open"])
    n_failures = serializers.IntegerField(help_text="Number of failures in a row.")
    last_error = serializers.CharField(allow_null=True)
    next_try_at = serializers.DateTimeField(allow_null=True, help_text="When the link may be asked; null while closed.")


class AnswerRecordSerializer(serializers.Serializer[Any]):
    """The outcomes of a deferred link's answers about transactions that are confirmed now. Each text counts once."""

    digest = serializers.CharField(help_text="Names the build of its model; another one has a record of its own.")
    n = serializers.IntegerField(help_text="Number of texts.")
    right = serializers.IntegerField(source="n_right", help_text="Number of these for which it was right.")
    right_without = serializers.IntegerField(
        source="n_right_without", help_text="Number of these for which the other links were right without it."
    )
    only_right_with = serializers.IntegerField(source="n_gained", help_text="Right only by this link.")
    only_right_without = serializers.IntegerField(source="n_lost", help_text="Right only by the other links.")
    asked_one_in = serializers.IntegerField(help_text="It is asked about one text in so many.")
    sentence = serializers.CharField()


class LinkSerializer(serializers.Serializer[Any]):
    """A link of the chain."""

    name = serializers.CharField()
    version = serializers.CharField(source="link.provider.version")
    backend = serializers.CharField()
    min_confidence = serializers.FloatField(source="link.min_confidence", help_text="The threshold of the settings.")
    threshold = serializers.FloatField(help_text="The confidence from which its answers are taken in your ledger.")
    deferred = serializers.BooleanField(source="link.is_deferred")
    health = serializers.ChoiceField(choices=["ok", "failing"])
    breaker = BreakerSerializer()
    record = AnswerRecordSerializer(
        allow_null=True, help_text="The record of a deferred link in your ledger; null for an immediate one."
    )


class ChainAnswer(serializers.Serializer[Any]):
    """The links in the order in which they are asked."""

    links = LinkSerializer(many=True)
