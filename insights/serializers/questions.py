"""JSON bodies of questions in plain words."""

from typing import Any

from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from insights.calendars import Calendar
from insights.models import AnswerSource, LedgerQuestion, QuestionStatus
from insights.models.questions import QUESTION_LENGTH
from insights.reports.periods import Period
from insights.serializers.parameters import TrendsQuery


class QuestionField(serializers.CharField):
    """A question; numbers are none."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("Write a text.", code="invalid")
        return super().to_internal_value(data)


class AskInput(StrictSerializer):
    """A question, and the month that it is about."""

    question = QuestionField(max_length=QUESTION_LENGTH, help_text="In English or German.")
    month = serializers.CharField(
        required=False, help_text="As 2026-11: the month of a question that names no period. This month unless given."
    )

    def read_month(self, calendar: Calendar, *, today: Any) -> Period | None:
        """Return the month, which has begun; None without one. Raises ValidationError."""
        if "month" not in self.validated_data:
            return None
        query = TrendsQuery(data={"month": self.validated_data["month"]})
        query.is_valid(raise_exception=True)
        return query.read_month(calendar, today=today)


class AnswerFigureSerializer(serializers.Serializer[Any]):
    """A number that the answer uses."""

    label = serializers.CharField()  # type: ignore[assignment]
    value = serializers.CharField(help_text="An amount, a number, a percentage or a day.")
    currency = serializers.CharField(allow_null=True, help_text="Null for all but amounts.")
    filter = serializers.CharField(
        allow_null=True, help_text="The address that lists the rows behind it; null if none lists just these."
    )


class AnswerStepSerializer(serializers.Serializer[Any]):
    """A tool that was used."""

    tool = serializers.CharField()
    arguments = serializers.DictField()


class AnswerLinkSerializer(serializers.Serializer[Any]):
    """An address with more about the answer."""

    label = serializers.CharField()  # type: ignore[assignment]
    url = serializers.CharField()


class LedgerQuestionSerializer(serializers.Serializer[LedgerQuestion]):
    """A question with its answer, and the figures and tools that were used."""

    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    question = serializers.CharField()
    month = serializers.CharField(allow_blank=True, help_text="The month that was sent with it.")
    status = serializers.ChoiceField(choices=QuestionStatus.choices)
    source = serializers.ChoiceField(choices=AnswerSource.choices)  # type: ignore[assignment]
    understood = serializers.CharField(allow_blank=True, help_text="What the question was taken to mean.")
    answer = serializers.CharField(allow_blank=True)
    figures = AnswerFigureSerializer(many=True)
    steps = AnswerStepSerializer(many=True)
    links = AnswerLinkSerializer(many=True)
    reason = serializers.CharField(allow_blank=True, help_text="Why there is no answer.")
