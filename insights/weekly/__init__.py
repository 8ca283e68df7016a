"""What was spent week by week, and how far each week was from what those before it promised. Pure: no database."""

from insights.weekly.judging import Judgements, judge_weeks
from insights.weekly.series import OVERALL, Subject, WeeklySeries, weekly_series

__all__ = ["OVERALL", "Judgements", "Subject", "WeeklySeries", "judge_weeks", "weekly_series"]
