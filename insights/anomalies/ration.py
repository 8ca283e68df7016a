"""The few anomalies of a year that are worth a look, out of all that were detected. Pure.

One ration holds for all kinds. An anomaly is listed if fewer than ANOMALIES_A_YEAR of the year before it were worth as
much. Later anomalies change nothing, so that a listed one stays, and small bills never displace a large spike.
"""

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

from insights.anomalies.detection import Detection, DetectionKind
from insights.anomalies.weekly_series import Subject
from insights.calendars import DAYS_OF_A_WEEK, WEEKS_OF_A_YEAR

#: The ration of a year: if worths come in random order, so many are listed in the mean.
ANOMALIES_A_YEAR = 7
#: The least worth of a week or a new payee. Bills have none: they are few, and often an error that can be put right.
LEAST_WORTH = 0.2
YEAR = dt.timedelta(DAYS_OF_A_WEEK * WEEKS_OF_A_YEAR)
#: Beyond this score only the amount of money makes a week worth more.
MOST_SCORE = 6.0
#: How many verdicts each way the ration starts with: a few verdicts move little.
N_PRIOR = 4.0
#: The most that verdicts multiply or divide a worth by.
MOST_FACTOR = 3.0


@dataclass(frozen=True, slots=True)
class PastVerdict:
    """Feedback of a user on an earlier anomaly: it was useful, or it was not."""

    kind: DetectionKind
    subject: Subject
    is_useful: bool
    given_on: dt.date


def listed(detections: Iterable[Detection], *, first: dt.date, verdicts: Sequence[PastVerdict] = ()) -> list[Detection]:
    """Return the detections that are worth a look, in order of the day on which they could be known.

    `first` is the first day of the history. In its first year, the ration grows with the history. Verdicts count for
    detections of later days only.
    """
    ordered = sorted(
        (one for one in detections if _matters(one, verdicts)), key=lambda one: (one.known_day, one.key, one.payments)
    )
    days = [one.known_day for one in ordered]
    worths = [worth(one, verdicts) for one in ordered]
    found = []
    for place, one in enumerate(ordered):
        weeks = min((one.known_day - first).days // DAYS_OF_A_WEEK, WEEKS_OF_A_YEAR)
        ration = max(round(ANOMALIES_A_YEAR * weeks / WEEKS_OF_A_YEAR), 1)
        since = bisect_left(days, one.known_day - YEAR)
        if sum(before >= worths[place] for before in worths[since:place]) < ration:
            found.append(one)
    return found


def _matters(one: Detection, verdicts: Sequence[PastVerdict]) -> bool:
    return one.kind not in {"unusual_week", "new_merchant"} or worth(one, verdicts) >= LEAST_WORTH


def worth(one: Detection, verdicts: Sequence[PastVerdict] = ()) -> float:
    """Return the money at stake in ordinary months, times how unusual it is (0 to 1), times what users say of such."""
    match one.kind:
        case "unusual_week":
            unusual = min(one.score, MOST_SCORE) / MOST_SCORE
        case "new_merchant":
            unusual = 1.0
        case _:
            unusual = one.severity
    return max(one.stake, 0.0) * unusual * _factor(one, [v for v in verdicts if v.given_on < one.known_day])


def _factor(one: Detection, verdicts: Sequence[PastVerdict]) -> float:
    """Return the geometric mean of useful to other verdicts, on the kind and on the category, both shrunk toward 1."""
    product = 1.0
    for alike in (
        [verdict for verdict in verdicts if verdict.kind == one.kind],
        [verdict for verdict in verdicts if verdict.subject == one.subject],
    ):
        n_useful = sum(verdict.is_useful for verdict in alike)
        product *= (n_useful + N_PRIOR) / (len(alike) - n_useful + N_PRIOR)
    return min(max(sqrt(product), 1 / MOST_FACTOR), MOST_FACTOR)
