"""What was computed, and what people said of it."""

from insights.models.anomalies import KEY_LENGTH, Anomaly, AnomalyFeedback, Kind, Verdict
from insights.models.standing import Standing

__all__ = ["KEY_LENGTH", "Anomaly", "AnomalyFeedback", "Kind", "Standing", "Verdict"]
