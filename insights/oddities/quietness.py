"""How few alarms there are: a budget of so many a year, kept by comparing each week with the weeks before it. Pure."""

import numpy as np

from insights.weekly.series import Floats

WEEKS_OF_A_YEAR = 52
#: The rank among the weeks of a year that makes one unusual. In many years fewer matter; bills have some alarms of
#: their own.
ALARMS_A_YEAR = 7
#: With less history nothing is called a record.
LEAST_WEEKS = 12


def records(severities: Floats) -> list[int]:
    """The weeks that are among the oddest so many of the year that ends with them.

    A week is told if fewer than ALARMS_A_YEAR of the 52 before it were as odd, and proportionally with less history:
    then the number of alarms does not depend on how the severities are distributed, nor on how wild a life is.
    """
    return [i for i in range(LEAST_WEEKS, len(severities)) if severities[i] > _threshold(severities[:i])]


def _threshold(before: Floats) -> float:
    year = before[-WEEKS_OF_A_YEAR:]
    n = max(round(ALARMS_A_YEAR * len(year) / WEEKS_OF_A_YEAR), 1)
    return float(np.sort(year)[-n])


def share_of_tamer_weeks(severities: Floats, i: int) -> float:
    """Of the year before a week, from 0 to 1."""
    year = severities[max(0, i - WEEKS_OF_A_YEAR) : i]
    return float((year < severities[i]).mean()) if len(year) else 0.0
