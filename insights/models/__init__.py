"""What was computed, and what people said of it."""

from insights.models.amounts import AmountCalibration, AmountGroup
from insights.models.standing import Standing

__all__ = ["AmountCalibration", "AmountGroup", "Standing"]
