"""Shapes of backtests: what is ordered, and what is found."""

import math
from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.categorization.classifier import LearnedProvider
from expenses.models import BacktestResult, Classifier, TrackRecord
from expenses.serializers.fields import DayField, user_of
from expenses.services.backtests import BacktestOrder
from expenses.services.thresholds import adjustable_links, finished_backtests
from providers.breaker import CacheBreaker
from providers.calibration import NO_CORRECTION
from providers.interface import Trust
from providers.links import Link
from providers.loading import configured_chain

LEAST_PRECISION, MOST_PRECISION, USUAL_PRECISION = 0.5, 0.999, 0.95


class ShareField(serializers.FloatField):
    """A number from 0 to 1, or from narrower limits."""

    def __init__(self, *, min_value: float = 0.0, max_value: float = 1.0, **kwargs: Any) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)

    def to_internal_value(self, data: Any) -> float:
        value = super().to_internal_value(data)
        if isinstance(data, bool) or not math.isfinite(value):
            self.fail("invalid")
        return value


class BacktestInput(StrictSerializer):
    """Which confirmed transactions are played again, and which share of right answers is wanted."""

    target_precision = ShareField(min_value=LEAST_PRECISION, max_value=MOST_PRECISION, default=USUAL_PRECISION)

    def get_fields(self) -> dict[str, Any]:
        day = {"required": False, "allow_null": True}
        return {"from": DayField(**day), "to": DayField(**day)} | super().get_fields()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        start, end = attrs.get("from"), attrs.get("to")
        if start is not None and end is not None and start > end:
            raise serializers.ValidationError({"to": "It is before `from`."}, code="not_a_range")
        return attrs

    def order(self) -> BacktestOrder:
        """What is ordered. Call it after `is_valid`."""
        fields = self.validated_data
        return BacktestOrder(fields.get("from"), fields.get("to"), fields["target_precision"])


class FiguresSerializer(serializers.Serializer[Any]):
    """How a link did, or the chain: at its threshold, and at the one that the wanted precision needs."""

    asked = serializers.IntegerField()
    answered = serializers.IntegerField(help_text="How many of its answers are taken: at or above the threshold.")
    coverage = serializers.FloatField(allow_null=True, help_text="Answered, as a share of asked.")
    precision = serializers.FloatField(allow_null=True, help_text="The share of right ones among those.")
    threshold = serializers.FloatField(allow_null=True, help_text="In your ledger now; null for several links at once.")
    threshold_for_target = serializers.FloatField(
        allow_null=True, help_text="Null where no threshold reaches the precision. A link of rules keeps its own."
    )
    coverage_at_target = serializers.FloatField(allow_null=True)
    precision_at_target = serializers.FloatField(allow_null=True)


class BacktestSerializer(serializers.Serializer[Any]):
    """What a backtest found. The threshold of `chain` and `new_merchants` is one for all links."""

    n = serializers.IntegerField()
    target_precision = serializers.FloatField()
    links = serializers.DictField(child=FiguresSerializer(), help_text="By the names of the links, in their order.")
    chain = FiguresSerializer()
    new_merchants = FiguresSerializer(help_text="The same for transactions whose text had not been confirmed before.")

    def get_fields(self) -> dict[str, Any]:
        day = {"help_text": "The day of the first transaction, or of the last."}
        return {"from": serializers.DateField(**day), "to": serializers.DateField(**day)} | super().get_fields()  # type: ignore[arg-type]


class BinSerializer(serializers.Serializer[Any]):
    """Answers with a confidence from `from` to below `to`; 1 belongs to the last bin."""

    n = serializers.IntegerField()
    mean_confidence = serializers.FloatField()
    accuracy = serializers.FloatField()

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.FloatField(), "to": serializers.FloatField()} | super().get_fields()


class CorrectionSerializer(serializers.Serializer[Any]):
    """Log-odds become `intercept + slope · log-odds`; 0 and 1 change nothing."""

    intercept = serializers.FloatField()
    slope = serializers.FloatField()


class ReliabilitySerializer(serializers.Serializer[Any]):
    """How the confidence of a link, once corrected, compares with your answers."""

    n = serializers.IntegerField()
    accuracy = serializers.FloatField()
    ece = serializers.FloatField(help_text="Expected calibration error: how far confidence and accuracy are apart.")
    brier = serializers.FloatField(help_text="Brier's score: the mean squared distance of confidence and outcome.")
    bins = BinSerializer(many=True)
    correction = CorrectionSerializer()


class ClassifierSerializer(serializers.Serializer[Any]):
    """What was trained on your confirmed transactions, and the chain's right answers with and without it."""

    version = serializers.CharField()
    digest = serializers.CharField()
    n_confirmed = serializers.IntegerField(help_text="How many transactions it was trained on.")
    trained_at = serializers.DateTimeField()
    in_use = serializers.BooleanField(help_text="False where the chain was right more often without it.")
    right_with = serializers.IntegerField(allow_null=True)
    right_without = serializers.IntegerField(allow_null=True)
    compared = serializers.IntegerField(help_text="How many transactions both were asked about.")


class CalibrationSerializer(serializers.Serializer[Any]):
    """When the links were last measured, on how many confirmed transactions, and what came of it."""

    measured_at = serializers.DateTimeField(allow_null=True)
    n_confirmed = serializers.IntegerField()
    links = serializers.DictField(
        child=ReliabilitySerializer(allow_null=True),
        help_text="By the names of the links; null for one that has given fewer than 30 answers.",
    )
    classifier = ClassifierSerializer(allow_null=True)


def describe_calibration(record: TrackRecord, classifier: Classifier | None, *, trust: Trust) -> dict[str, Any]:
    """The body. `record` may be unsaved, where nothing was measured."""
    names = [link.provider.name for link in configured_chain().links]
    in_use = trust.classifier if LearnedProvider.name in names else ""
    return {
        "measured_at": record.measured_at,
        "n_confirmed": record.n_measured,
        "links": {name: _describe_link(record, name) for name in names},
        "classifier": _describe_classifier(classifier, in_use=in_use) if classifier is not None else None,
    }


def _describe_link(record: TrackRecord, link: str) -> dict[str, Any] | None:
    measured = record.links.get(link)
    if measured is None:
        return None
    intercept, slope = record.corrections.get(link, NO_CORRECTION)
    return {
        "n": measured["n"],
        **{name: round(measured[name], 4) for name in ("accuracy", "ece", "brier")},
        "bins": [_describe_bin(one) for one in measured["bins"]],
        "correction": {"intercept": round(intercept, 4), "slope": round(slope, 4)},
    }


def _describe_bin(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "from": one["start"],
        "to": one["end"],
        "n": one["n"],
        "mean_confidence": round(one["mean_confidence"], 4),
        "accuracy": round(one["accuracy"], 4),
    }


def _describe_classifier(classifier: Classifier, *, in_use: str) -> dict[str, Any]:
    return {
        "version": LearnedProvider.version,
        "digest": classifier.digest,
        "n_confirmed": classifier.n_confirmed,
        "trained_at": classifier.trained_at,
        "in_use": classifier.digest == in_use,
        "right_with": classifier.n_right,
        "right_without": classifier.n_right_without,
        "compared": classifier.n_compared,
    }


class LinkThresholdSerializer(serializers.Serializer[Any]):
    """From which confidence the answers of a link are taken."""

    link = serializers.CharField()
    threshold = serializers.FloatField()
    default = serializers.FloatField(help_text="The setting's.")
    is_own = serializers.BooleanField(help_text="Whether your ledger has one of its own.")


@extend_schema_serializer(many=False)
class ThresholdsSerializer(serializers.Serializer[Any]):
    """Those of all links but the one of rules, whose answers are always taken."""

    results = LinkThresholdSerializer(many=True)


def describe_thresholds(own: Mapping[str, float]) -> dict[str, Any]:
    """The body; `own` are those that the ledger has chosen."""
    links = [(link.provider.name, link.min_confidence) for link in adjustable_links()]
    return {
        "results": [
            {"link": name, "threshold": own.get(name, default), "default": default, "is_own": name in own}
            for name, default in links
        ]
    }


class ThresholdsInput(StrictSerializer):
    """New thresholds by the names of links; those that are not named stay."""

    thresholds = serializers.DictField(
        child=ShareField(allow_null=True), help_text="From 0 to 1; null: back to the setting's."
    )

    def validate_thresholds(self, value: dict[str, float | None]) -> dict[str, float | None]:
        names = [link.provider.name for link in adjustable_links()]
        if unknown := sorted(value.keys() - set(names)):
            detail = f"There is no link of this name that has a threshold; known are {', '.join(names)}."
            raise serializers.ValidationError(dict.fromkeys(unknown, detail), code="unknown")
        return value


class AdoptInput(StrictSerializer):
    """Whose thresholds are taken over."""

    backtest = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, required=False, help_text="The id of a finished run; else the latest."
    )

    def validate_backtest(self, value: int) -> BacktestResult:
        run = finished_backtests(user=user_of(self)).filter(pk=value).first()
        if run is None:
            detail = f"There is no finished backtest {value}."
            raise serializers.ValidationError(detail, code="does_not_exist")
        found: BacktestResult = run.backtest
        return found


class BreakerSerializer(serializers.Serializer[Any]):
    """Open: the link kept failing, and is left alone for a minute."""

    state = serializers.ChoiceField(choices=["closed", "open"])
    n_failures = serializers.IntegerField()
    last_error = serializers.CharField(allow_null=True)


class LinkSerializer(serializers.Serializer[Any]):
    """One link of the chain."""

    name = serializers.CharField()
    version = serializers.CharField()
    backend = serializers.CharField()
    min_confidence = serializers.FloatField(help_text="The setting's threshold.")
    threshold = serializers.FloatField(help_text="From which confidence its answers are taken in your ledger.")
    deferred = serializers.BooleanField()
    health = serializers.ChoiceField(choices=["ok", "failing"])
    breaker = BreakerSerializer()


class ChainAnswer(serializers.Serializer[Any]):
    """The links in the order in which they are asked."""

    links = LinkSerializer(many=True)


def _describe(link: Link, backend: str, own: Mapping[str, float]) -> dict[str, Any]:
    breaker = CacheBreaker().describe(link.provider.name)
    return {
        "name": link.provider.name,
        "version": link.provider.version,
        "backend": backend,
        "min_confidence": link.min_confidence,
        "threshold": own.get(link.provider.name, link.min_confidence),
        "deferred": link.is_deferred,
        "health": "failing" if breaker["n_failures"] else "ok",
        "breaker": breaker,
    }
