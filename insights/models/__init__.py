"""What was computed, and what people said of it."""

from insights.models.amounts import AmountCalibration, AmountGroup
from insights.models.anomalies import KEY_LENGTH, Anomaly, AnomalyFeedback, Kind, Verdict
from insights.models.recurring import (
    PAYEE_LENGTH,
    RecurringChoice,
    RecurringKind,
    RecurringPayment,
    RecurringStatus,
    RecurringVerdict,
    RhythmChoice,
)
from insights.models.standing import Standing

__all__ = [
    "KEY_LENGTH",
    "PAYEE_LENGTH",
    "AmountCalibration",
    "AmountGroup",
    "Anomaly",
    "AnomalyFeedback",
    "Kind",
    "RecurringChoice",
    "RecurringKind",
    "RecurringPayment",
    "RecurringStatus",
    "RecurringVerdict",
    "RhythmChoice",
    "Standing",
    "Verdict",
]
