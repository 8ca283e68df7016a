"""Insights as last computed, and feedback on them."""

from insights.models.amounts import AmountCalibration, AmountGroup
from insights.models.anomalies import KEY_LENGTH, Anomaly, AnomalyKind
from insights.models.feedback import NAME_LENGTH, AnomalyFeedback, AnomalyVerdict, RecurringChoice, RecurringVerdict
from insights.models.recurring import (
    PAYEE_LENGTH,
    RecurringKind,
    RecurringPayment,
    RecurringStatus,
    RhythmChoice,
)
from insights.models.standing import Standing

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
    "RecurringChoice",
    "RecurringKind",
    "RecurringPayment",
    "RecurringStatus",
    "RecurringVerdict",
    "RhythmChoice",
    "Standing",
]
