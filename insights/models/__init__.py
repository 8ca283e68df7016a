"""Insights as last computed, feedback on them, and questions."""

from insights.models.anomalies import KEY_LENGTH, AmountCalibration, AmountGroup, Anomaly, AnomalyKind
from insights.models.feedback import NAME_LENGTH, AnomalyFeedback, AnomalyVerdict, RecurringChoice, RecurringVerdict
from insights.models.narratives import Narrative, NarrativeChoices, NarrativeState
from insights.models.questions import AnswerSource, LedgerQuestion, QuestionStatus
from insights.models.recurring import (
    PAYEE_LENGTH,
    RecurringKind,
    RecurringPayment,
    RecurringStatus,
    RhythmChoice,
)
from insights.models.state import InsightState
from insights.models.weekly_spending import WeeklySpending

__all__ = [
    "KEY_LENGTH",
    "NAME_LENGTH",
    "PAYEE_LENGTH",
    "AmountCalibration",
    "AmountGroup",
    "Anomaly",
    "AnomalyFeedback",
    "AnomalyKind",
    "AnomalyVerdict",
    "AnswerSource",
    "InsightState",
    "LedgerQuestion",
    "Narrative",
    "NarrativeChoices",
    "NarrativeState",
    "QuestionStatus",
    "RecurringChoice",
    "RecurringKind",
    "RecurringPayment",
    "RecurringStatus",
    "RecurringVerdict",
    "RhythmChoice",
    "WeeklySpending",
]
