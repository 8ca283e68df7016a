"""JSON bodies of summaries, time series and trends."""

from typing import Any

from rest_framework import serializers

from expenses.rates.book import N_MISSING_SHOWN
from expenses.serializers.rates import RatesUsedSerializer
from expenses.serializers.totals import MissingRateSerializer, UsedRatesSerializer
from insights.reports.periods import BUCKETS
from insights.reports.summaries import N_MERCHANTS
from insights.reports.trends import WINDOWS


class RatesSerializer(RatesUsedSerializer):
    """Rates that the sums took, and those that they lack."""

    is_complete = serializers.BooleanField(source="rates.is_complete", help_text="False where a rate is missing.")
    n_unconverted = serializers.IntegerField(help_text="How many transactions the sums lack, since no rate is known.")
    rates = serializers.DictField(
        source="rates.rates", child=UsedRatesSerializer(), help_text="By currency, which rates were taken."
    )
    n_missing = serializers.IntegerField(
        source="rates.n_missing", help_text="How many currencies and days have no rate."
    )
    missing = MissingRateSerializer(
        source="rates.missing",
        many=True,
        help_text=f"The oldest {N_MISSING_SHOWN} of these; each can be added to `rates/`.",
    )

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Leave optional fields out where they are None."""
        body = super().to_representation(instance)
        return {name: value for name, value in body.items() if value is not None or self.fields[name].required}

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        return dict(sorted(fields.items(), key=lambda item: item[0] in RatesSerializer._declared_fields))


class ReportPeriodSerializer(serializers.Serializer[Any]):
    """The first and last day of a report's period, both included."""

    unit = serializers.ChoiceField(source="period.unit", choices=["day", "week", "month", "year"], allow_null=True)
    name = serializers.CharField(
        source="period.name", help_text="As 2026, 2026-11, 2026-11-20 (day or first of the week), or both ends."
    )
    start = serializers.DateField(source="period.start")
    end = serializers.DateField(source="period.end")
    n_days = serializers.IntegerField(source="period.n_days")
    n_days_elapsed = serializers.IntegerField(help_text="How many of them have begun.")
    is_over = serializers.BooleanField()


class SumsSerializer(serializers.Serializer[Any]):
    """Income, expense and savings."""

    income = serializers.CharField()
    expense = serializers.CharField(help_text="Less what was refunded, so it may be negative.")
    savings = serializers.CharField(help_text="Income less expense.")


class CategoryLabelSerializer(serializers.Serializer[Any]):
    """A category and the one above it; all null where there is no category."""

    category = serializers.IntegerField(source="label.category", allow_null=True)
    category_name = serializers.CharField(source="label.category_name", allow_null=True)
    parent = serializers.IntegerField(source="label.parent", allow_null=True)  # type: ignore[assignment]
    parent_name = serializers.CharField(source="label.parent_name", allow_null=True)


class AmountChangeSerializer(serializers.Serializer[Any]):
    """A difference, absolute and in percent.

    Percent is null where there was nothing or less before. Both are null where a rate of before is missing.
    """

    amount = serializers.CharField(allow_null=True)
    percent = serializers.CharField(allow_null=True)


class SpentSerializer(serializers.Serializer[Any]):
    """Spending, less what was refunded."""

    amount = serializers.CharField()
    share = serializers.CharField(
        allow_null=True, help_text="In percent of what the list's amounts above 0 come to; null of 0 and less."
    )
    n = serializers.IntegerField(help_text="How many transactions; the parts of a split one count instead of it.")


class SpentByCategorySerializer(CategoryLabelSerializer, SpentSerializer):
    """Spending in a category, less what was refunded."""


class SpentByAccountSerializer(SpentSerializer):
    """Spending from an account; null for transactions of none."""

    account = serializers.IntegerField(source="key", allow_null=True)
    account_name = serializers.CharField(source="label", allow_null=True)


class SpentByTagSerializer(SpentSerializer):
    """Spending under a tag; null for transactions without one. A transaction counts under each of its tags."""

    tag = serializers.IntegerField(source="key", allow_null=True)
    tag_name = serializers.CharField(source="label", allow_null=True)


class SpentByMerchantSerializer(SpentSerializer):
    """Spending at a merchant, else at the payee that the text names; empty where there is neither."""

    merchant = serializers.CharField(source="key", allow_blank=True)


class OtherMerchantsSerializer(SpentSerializer):
    """Spending at all other merchants."""

    n_merchants = serializers.IntegerField()


class AveragesSerializer(serializers.Serializer[Any]):
    """Sums divided by the days and months of the period that have begun."""

    per_day = SumsSerializer(allow_null=True)
    per_month = SumsSerializer(allow_null=True, help_text="Null for a month and less.")


class PreviousSerializer(SumsSerializer):
    """The whole period before."""

    name = serializers.CharField(source="period.name")
    start = serializers.DateField(source="period.start")
    end = serializers.DateField(source="period.end")
    savings_rate = serializers.CharField(allow_null=True)
    n = serializers.IntegerField()
    n_unconverted = serializers.IntegerField()


class SummaryChangesSerializer(serializers.Serializer[Any]):
    """Changes since the period before."""

    income = AmountChangeSerializer()
    expense = AmountChangeSerializer()
    savings = AmountChangeSerializer()


class ExcludedSerializer(serializers.Serializer[Any]):
    """Sums of what budgets leave out, as does every other sum here."""

    n = serializers.IntegerField()
    income = serializers.CharField()
    expense = serializers.CharField()
    n_unconverted = serializers.IntegerField(help_text="How many have no rate and are in neither sum.")


class BucketSerializer(SumsSerializer):
    """One day, week, month or year; zeros where nothing happened."""

    name = serializers.CharField(help_text="As 2026, 2026-11 or 2026-11-20; a week is called by its first day.")
    start = serializers.DateField(source="bucket.start")
    end = serializers.DateField(source="bucket.end")
    is_partial = serializers.BooleanField(
        source="bucket.is_partial", help_text="Whether the start or end of the series cuts it."
    )
    n = serializers.IntegerField()


class SummarySerializer(SumsSerializer, RatesSerializer):
    """A period in one currency."""

    period = ReportPeriodSerializer(source="*")
    currency = serializers.CharField()
    savings_rate = serializers.CharField(allow_null=True, help_text="In percent of the income; null without one.")
    n = serializers.IntegerField()
    averages = AveragesSerializer(source="*")
    top_categories = SpentByCategorySerializer(many=True)
    by_category = SpentByCategorySerializer(many=True)
    by_merchant = SpentByMerchantSerializer(many=True, help_text=f"The {N_MERCHANTS} where most was spent.")
    other_merchants = OtherMerchantsSerializer(allow_null=True)
    by_tag = SpentByTagSerializer(many=True, help_text="Empty where the ledger has no tags.")
    by_account = SpentByAccountSerializer(many=True)
    previous = PreviousSerializer()
    change = SummaryChangesSerializer()
    excluded = ExcludedSerializer()
    monthly = BucketSerializer(many=True, required=False, help_text="The 12 months of a year.")


class CategorySeriesSerializer(CategoryLabelSerializer):
    """Spending in a category, less what was refunded."""

    expense = serializers.CharField(help_text="In all buckets.")
    n = serializers.IntegerField()
    expenses = serializers.ListField(child=serializers.CharField(), help_text="In each bucket, in their order.")


class SeriesPeriodSerializer(serializers.Serializer[Any]):
    """The first and last day of a time series, both included."""

    start = serializers.DateField()
    end = serializers.DateField()


class TimeSeriesSerializer(RatesSerializer):
    """Sums in one currency, bucket by bucket."""

    bucket = serializers.ChoiceField(choices=list(BUCKETS))
    period = SeriesPeriodSerializer()
    currency = serializers.CharField()
    results = BucketSerializer(many=True)
    by_category = CategorySeriesSerializer(many=True, required=False, help_text="With `by=category`.")


class TrendMonthSerializer(ReportPeriodSerializer):
    """The month, and which of its days are compared with the same days of the months before."""

    compared_from = serializers.DateField(
        source="span.compared_from", allow_null=True, help_text="The first day that is compared; null: none is."
    )
    compared_through = serializers.DateField(
        source="span.compared_through",
        allow_null=True,
        help_text="The last day that is compared: the last recorded one in a month that is not recorded to its end.",
    )


class WindowsSerializer(serializers.Serializer[Any]):
    """Values by the number of months before this one; null where the ledger does not reach back so far."""

    def get_fields(self) -> dict[str, Any]:
        return {str(n): serializers.CharField(allow_null=True) for n in WINDOWS}


class TrendSerializer(serializers.Serializer[Any]):
    """A month's sum beside those before it; in a month that is not over, sums of the same days."""

    amount = serializers.CharField()
    previous = serializers.CharField(help_text="In the month before.")
    mean = WindowsSerializer()
    median = WindowsSerializer()
    same_month_last_year = serializers.CharField(allow_null=True)
    change = AmountChangeSerializer(help_text="Since the month before.")
    direction = serializers.ChoiceField(
        choices=["up", "down", "flat"], allow_null=True, help_text="Null where there is nothing to compare."
    )


class CategoryTrendSerializer(CategoryLabelSerializer, TrendSerializer):
    """Spending in a category, less what was refunded."""


class TrendsSerializer(RatesSerializer):
    """A month beside those before it, in one currency; what moved most in money comes first."""

    month = TrendMonthSerializer(source="*")
    currency = serializers.CharField()
    flat_below_percent = serializers.CharField(help_text="What changed by less is flat.")
    n_months_before = serializers.IntegerField(help_text="How many of the 12 months before the ledger reaches back.")
    note = serializers.CharField(
        source="span.note", allow_null=True, help_text="Why some days, or all, are not compared; null: all are."
    )
    expense = TrendSerializer()
    income = TrendSerializer()
    results = CategoryTrendSerializer(many=True)
