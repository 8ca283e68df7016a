"""The chain in the API: its links and thresholds, their calibration, and backtests."""

import math
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.categorization.comparison import HelpVerdict
from expenses.models import BacktestResult
from expenses.serializers.fields import DayField, KeywordNames, user_of
from expenses.services.backtests import BacktestOrder
from expenses.services.thresholds import adjustable_links, finished_backtests


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


class BacktestSerializer(KeywordNames):
    """The result of a backtest. In `chain` and `new_merchants` one threshold holds for all links."""

    from_ = serializers.DateField(help_text="The day of the first transaction.")
    to = serializers.DateField(help_text="The day of the last transaction.")
    n = serializers.IntegerField()
    target_precision = serializers.FloatField()
    measured_at = serializers.DateTimeField(allow_null=True, help_text="Null for a backtest of an earlier release.")
    ledger_version = serializers.IntegerField(allow_null=True, help_text="The version of the ledger at that time.")
    n_confirmed = serializers.IntegerField(
        allow_null=True, help_text="Number of confirmed transactions of all days at that version."
    )
    links = serializers.DictField(child=FiguresSerializer(), help_text="Figures by the name of the link, in order.")
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


class ReliabilitySerializer(serializers.Serializer[Any]):
    """The corrected confidence of a link compared with your answers."""

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
    in_use = serializers.BooleanField(help_text="False if the chain was not right more often with it.")
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
    is_stale = serializers.BooleanField(help_text="Whether confirmed transactions came, changed or went since.")
    links = serializers.DictField(
        child=ReliabilitySerializer(allow_null=True),
        help_text="Reliability by the name of the link; null for a link with fewer than 30 answers.",
    )
    classifier = ClassifierSerializer(allow_null=True)


class LinkThresholdSerializer(serializers.Serializer[Any]):
    """The confidence from which the answers of a link are taken."""

    link = serializers.CharField(source="name")
    threshold = serializers.FloatField()
    default = serializers.FloatField(source="link.min_confidence", help_text="The threshold of the settings.")
    is_own = serializers.BooleanField(help_text="Whether your ledger has its own threshold.")


@extend_schema_serializer(many=False)
class ThresholdsSerializer(serializers.Serializer[Any]):
    """The thresholds of all links except the rules, whose answers are always taken."""

    results = LinkThresholdSerializer(many=True)


class ThresholdsInput(StrictSerializer):
    """New thresholds by the name of the link; other links keep theirs."""

    thresholds = serializers.DictField(
        child=ShareField(allow_null=True), help_text="From 0 to 1; null returns to the threshold of the settings."
    )

    def validate_thresholds(self, value: dict[str, float | None]) -> dict[str, float | None]:
        names = [link.provider.name for link in adjustable_links()]
        if unknown := sorted(value.keys() - set(names)):
            detail = f"There is no link of this name that has a threshold; known are {', '.join(names)}."
            raise serializers.ValidationError(dict.fromkeys(unknown, detail), code="unknown")
        return value


class AdoptInput(StrictSerializer):
    """The backtest whose threshold is adopted."""

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


class BreakerSerializer(serializers.Serializer[Any]):
    """The circuit breaker of a link. Open: the link kept failing, and is not asked for a minute."""

    state = serializers.ChoiceField(choices=["closed", "open"])
    n_failures = serializers.IntegerField()
    last_error = serializers.CharField(allow_null=True)


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


class ChainAnswer(serializers.Serializer[Any]):
    """The links in the order in which they are asked."""

    links = LinkSerializer(many=True)
