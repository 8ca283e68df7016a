"""Query, input and body of the written text of a month."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.ledger.money import format_amount
from insights.calendars import Calendar
from insights.narrative.figures import MonthFigure
from insights.narrative.prompt import HINT_LENGTH, clean_hint
from insights.narrative.template import PARTS
from insights.reports.periods import Period
from insights.serializers.parameters import ReportQuery, read_month
from insights.serializers.reports import SpentByCategorySerializer
from insights.services.narratives import MonthText, Shown, numbered

SOURCES = ("model", "template")
MODEL_STATES = ("written", "writing", "off", "failed")


class NarrativeQuery(ReportQuery):
    """One month, also one that has not begun."""

    month = serializers.CharField(required=False, help_text="As 2026-11; this one unless given.")

    def read_month(self, calendar: Calendar, *, today: dt.date) -> Period:
        """Return the month. Raises ValidationError."""
        return read_month(self.validated_data.get("month"), calendar, today=today)


class NarrativeHintSerializer(StrictSerializer):
    """Your wish for the tone of texts of the model, such as `friendly, very short`; empty for none."""

    hint = serializers.CharField(max_length=HINT_LENGTH, allow_blank=True)

    def validate_hint(self, value: str) -> str:
        return clean_hint(value)


class FigureComparisonSerializer(serializers.Serializer[Any]):
    """The month before: the same days of it where the month is not recorded to its end."""

    previous = serializers.CharField()
    change = serializers.CharField()
    percent = serializers.CharField(allow_null=True, help_text="Null where there was nothing or less before.")


class NarrativeFigureSerializer(serializers.Serializer[Any]):
    """A figure that sentences stand on."""

    name = serializers.CharField(help_text="Sentences refer to it by this name.")
    label = serializers.CharField()  # type: ignore[assignment]
    value = serializers.CharField(help_text="An amount, percentage or number, or a day as 2026-11-20.")
    unit = serializers.ChoiceField(choices=["money", "percent", "count", "date"])
    currency = serializers.CharField(allow_null=True)
    comparison = FigureComparisonSerializer(allow_null=True)
    filter = serializers.CharField(help_text="The address that lists the rows behind it, or the report it is of.")


class NarrativeSentenceSerializer(serializers.Serializer[Any]):
    """A sentence: who wrote it, and the figures that it names."""

    id = serializers.CharField(help_text="Its part and place, such as tips-2.")
    part = serializers.ChoiceField(choices=PARTS)
    text = serializers.CharField()
    source = serializers.ChoiceField(choices=SOURCES)  # type: ignore[assignment]
    figures = serializers.ListField(child=serializers.CharField())


class NarrativeSerializer(serializers.Serializer[Any]):
    """The text of a month. Every number in it is one of the figures."""

    month = serializers.CharField(help_text="As 2026-11.")
    start = serializers.DateField()
    end = serializers.DateField()
    is_over = serializers.BooleanField()
    currency = serializers.CharField()
    language = serializers.ChoiceField(choices=["en", "de"])
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=SOURCES, help_text="`model` if at least one sentence is the model's."
    )
    model = serializers.ChoiceField(
        choices=MODEL_STATES, help_text="`writing`: a worker is at it; ask again after `Retry-After` seconds."
    )
    reason = serializers.CharField(allow_null=True, help_text="Why the model has written nothing.")
    n_dropped = serializers.IntegerField(help_text="How many sentences of the model are not shown.")
    hint = serializers.CharField(allow_blank=True, help_text="Your wish for the tone.")
    summary = serializers.CharField()
    top_categories = SpentByCategorySerializer(many=True)
    behavior = serializers.CharField()
    tips = serializers.ListField(child=serializers.CharField(), help_text="Three, fewer with too few figures.")
    sentences = NarrativeSentenceSerializer(many=True)
    figures = NarrativeFigureSerializer(many=True)
    n_unconverted = serializers.IntegerField(help_text="How many transactions are in no figure for want of a rate.")


def body_of(text: MonthText) -> dict[str, Any]:
    """Return the JSON body of a text."""
    month = text.figures.month
    top = SpentByCategorySerializer(text.summary.top_categories, many=True)
    body = {
        "month": month.name,
        "start": month.start,
        "end": month.end,
        "is_over": text.figures.is_over,
        "currency": text.figures.currency,
        "language": text.language.code,
        "source": text.source,
        "model": text.model,
        "reason": text.reason,
        "n_dropped": text.n_dropped,
        "hint": text.hint,
        "summary": " ".join(text.part("summary")),
        "top_categories": top.data,
        "behavior": " ".join(text.part("behavior")),
        "tips": text.part("tips"),
        "sentences": [sentence_body(name, one) for name, one in numbered(text.sentences)],
        "figures": [_figure(one) for one in text.shown_figures()],
        "n_unconverted": text.figures.n_unconverted,
    }
    return {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in body.items()}


def sentence_body(name: str, one: Shown) -> dict[str, Any]:
    """Return the JSON body of a sentence."""
    return {"id": name, "part": one.part, "text": one.text, "source": one.source, "figures": list(one.figures)}


def _figure(one: MonthFigure) -> Mapping[str, Any]:
    currency, compared = one.currency, one.comparison
    is_money = one.unit == "money" and currency is not None
    comparison = None
    if compared is not None and currency is not None:
        comparison = {
            "previous": format_amount(compared.previous, currency),
            "change": format_amount(compared.change, currency),
            "percent": None if compared.percent is None else str(compared.percent),
        }
    return {
        "name": one.name,
        "label": one.label,
        "value": format_amount(one.value, str(currency)) if is_money else str(one.value),  # type: ignore[arg-type]
        "unit": one.unit,
        "currency": currency,
        "comparison": comparison,
        "filter": one.filter,
    }
