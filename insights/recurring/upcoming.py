"""When the next payment of a chain is due, and which did not come. Pure."""

from dataclasses import dataclass

from insights.recurring.chains import Chain
from insights.recurring.schedules import Schedule, best_schedule

#: How many of the last payments say how late one may be.
N_WATCHED = 12
#: What comes more often than this, in days, may be missed once; a season's bill that does not come has ended.
LENGTH_THAT_FORGIVES = 60


@dataclass(frozen=True, slots=True)
class Upcoming:
    """Days are ordinals."""

    due: int
    day_of_month: int | None
    window: int
    has_ended: bool
    #: Between payments that came.
    missed_before: list[int]
    #: Since the last that came.
    missed_lately: list[int]


def upcoming_of(chain: Chain, *, today: int, is_trusted: bool) -> Upcoming:
    """A payment is missed when its window has passed; missed too often, the chain has ended. Only what is trusted is
    forgiven one."""
    days, slots = chain.days, chain.slots
    schedule = best_schedule(chain.rhythm, days, slots)
    window = _window(chain, schedule)
    forgiven = 1 if is_trusted and chain.rhythm.length < LENGTH_THAT_FORGIVES else 0
    slot, missed = slots[-1] + 1, list[int]()
    while len(missed) <= forgiven and schedule.due(slot) + window < today:
        missed.append(schedule.due(slot))
        slot += 1
    gone = sorted(set(range(slots[-1])) - set(slots))
    return Upcoming(
        due=schedule.due(slot),
        day_of_month=schedule.day_of_month,
        window=window,
        has_ended=len(missed) > forgiven,
        missed_before=[schedule.due(turn) for turn in gone],
        missed_lately=missed,
    )


def _window(chain: Chain, schedule: Schedule) -> int:
    """One day more than it ever was off lately, but no less than the rhythm has patience and no more than slack."""
    rhythm = chain.rhythm
    worst = max(map(abs, schedule.days_off(chain.days[-N_WATCHED:], chain.slots[-N_WATCHED:])))
    return min(max(rhythm.patience, worst + 1), max(rhythm.patience, rhythm.slack))
