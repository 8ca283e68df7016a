"""What was computed, and what people said of it."""

from insights.models.standing import Standing

__all__ = ["Standing"]
