"""What people have said of findings, and which others it silences."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from insights.calendars import DAYS_OF_A_WEEK
from insights.models import Anomaly, AnomalyFeedback, Kind, Verdict

#: How long `dismissed` lasts, and what of the same it silences meanwhile.
DISMISSED_DAYS = 60
#: What is normal in one week of the year is so in the weeks beside it.
SLOT_WEEKS = 2
WEEKS_OF_A_YEAR = 52
#: An amount that is normal makes those up to so many times as much normal.
BAND = Decimal("1.25")


@dataclass(frozen=True, slots=True)
class Said:
    """How a finding stands: open, or what its person said of it or of one like it."""

    verdict: Verdict | None = None
    feedback: AnomalyFeedback | None = None

    @property
    def status(self) -> str:
        return self.verdict or "open"


def stand(
    anomalies: Iterable[Anomaly], feedback: Sequence[AnomalyFeedback], *, today: dt.date
) -> list[tuple[Anomaly, Said]]:
    """Each finding with what was said of it."""
    by_key = {one.key: one for one in feedback}
    return [
        (anomaly, _said(anomaly, by_key.get(anomaly.key) or _same(anomaly, feedback), feedback, today))
        for anomaly in anomalies
    ]


def _same(anomaly: Anomaly, feedback: Iterable[AnomalyFeedback]) -> AnomalyFeedback | None:
    """What was said of the same payments under another key: weeks begin on another day, or the payee was named."""
    alike = (one for one in feedback if one.kind == anomaly.kind and one.transactions and anomaly.transactions)
    if anomaly.kind == Kind.UNUSUAL_WEEK:
        return next((one for one in alike if not set(one.transactions).isdisjoint(anomaly.transactions)), None)
    return next((one for one in alike if one.transactions[-1] == anomaly.transactions[-1]), None)


def _said(anomaly: Anomaly, own: AnomalyFeedback | None, feedback: Sequence[AnomalyFeedback], today: dt.date) -> Said:
    if own is not None and (own.verdict != Verdict.DISMISSED or _is_recent(own, today)):
        return Said(Verdict(own.verdict), own)
    for one in feedback:
        if _silences(one, anomaly, today):
            return Said(Verdict(one.verdict), one)
    return Said()


def _silences(one: AnomalyFeedback, anomaly: Anomaly, today: dt.date) -> bool:
    """Whether what was said of another finding holds for this one, too."""
    if not _is_alike(one, anomaly):
        return False
    if one.verdict == Verdict.DISMISSED:
        is_meanwhile = one.day <= anomaly.day <= one.given_on + dt.timedelta(DISMISSED_DAYS)
        return is_meanwhile and _is_recent(one, today)
    return one.verdict == Verdict.NORMAL and _is_as_normal(one, anomaly)


def _is_recent(one: AnomalyFeedback, today: dt.date) -> bool:
    return today <= one.given_on + dt.timedelta(DISMISSED_DAYS)


def _is_alike(one: AnomalyFeedback, anomaly: Anomaly) -> bool:
    """Of the same kind and of the same payee, or where there is none of the same category."""
    if one.kind != anomaly.kind or one.payee != anomaly.payee:
        return False
    return bool(one.payee) or _about(one.key) == _about(anomaly.key)


def _about(key: str) -> str:
    """The category of a key, which may be deleted by now, `all` or `none`."""
    return key.split("-")[1]


def _is_as_normal(one: AnomalyFeedback, anomaly: Anomaly) -> bool:
    """Whether it takes no more, and is of a week in the same season of that year or later if it is about a week."""
    takes_no_more = anomaly.currency == one.currency and anomaly.observed <= one.observed * BAND
    return takes_no_more and (one.kind != Kind.UNUSUAL_WEEK or _is_in_season(one, anomaly))


def _is_in_season(one: AnomalyFeedback, anomaly: Anomaly) -> bool:
    """The same week, even if weeks begin on another day now, or one of a later year."""
    days = (anomaly.day - one.day).days
    if abs(days) < DAYS_OF_A_WEEK:
        return True
    weeks = round(days / DAYS_OF_A_WEEK) % WEEKS_OF_A_YEAR
    return days > 0 and min(weeks, WEEKS_OF_A_YEAR - weeks) <= SLOT_WEEKS
