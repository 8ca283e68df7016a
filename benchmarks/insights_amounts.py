"""Single transactions: a payment with four times its amount must score higher than the real payment.

Payments out from the 101st on, at most 300 of a household, are scored by the payments before them. Each is scored as it
was, and with four times the amount. AUC is the share of such pairs in the right order. Recall is measured at the
threshold that 1 % of the real payments exceed. Every household counts alike.
"""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

import numpy as np

from benchmarks import insights_product
from benchmarks.households import Household
from benchmarks.insights_tables import PRODUCT, FigureBound, Figures, FigureTable
from insights.payments import Payment

FIRST, MOST, TIMES, FALSE_FLAGS = 100, 300, 4, 0.01
#: Number of earlier payments that make a payee known.
KNOWN_PAYEE = 5
#: Number of own payments that weigh as much as the wider group.
SHRINKING = 5
#: Least scaled MAD of log amounts.
LEAST_SPREAD = 0.1
AUC, RECALL, KNOWN_AUC, KNOWN_RECALL = "AUC", "recall at 1 %", "AUC known payee", "recall known payee"
BOUNDS = (FigureBound(AUC, "more", 0.86, 0.87, 0.90), FigureBound(RECALL, "more", 0.22, 0.27, 0.40))
#: Scores of the real and of four times the amount, and the number of earlier payments to the payee.
Scored = tuple[float, float, int]


def measure(household: Household) -> Mapping[str, Figures]:
    """Return figures by method; {} for a household with too few payments."""
    paid = [payment for payment in household.payments if payment.kind == "expense"]
    chance = np.random.default_rng(3)
    places = range(FIRST, len(paid))
    chosen = sorted(chance.choice(places, min(MOST, len(places)), replace=False)) if len(places) >= 50 else []
    if not chosen:
        return {}
    found: dict[str, list[Scored]] = {name: [] for name in (*METHODS, "IsolationForest")}
    past = LogAmounts(paid)
    for place in chosen:
        past.advance(int(place))
        log, seen = past.logs[place], len(past.of_payee(place))
        for name, score in METHODS.items():
            found[name].append((*(score(past, place, log + more) for more in (0.0, np.log(TIMES))), seen))
    found["IsolationForest"] = [(*pair, 0) for pair in forest_scores(past, chosen)]
    seen = [one[2] for one in found["amount alone"]]
    own = insights_product.score_amounts(household, [paid[place] for place in chosen], times=TIMES)
    found[PRODUCT] = [(*pair, n) for pair, n in zip(own, seen, strict=True)]
    return {name: figures_of(scored) for name, scored in found.items()}


class LogAmounts:
    """Log amounts before a place, by payee and category."""

    def __init__(self, paid: Sequence[Payment]) -> None:
        self.paid, self.place = paid, 0
        self.logs = np.log([float(payment.amount) for payment in paid])
        self._groups: dict[object, list[float]] = {}

    def advance(self, place: int) -> None:
        """Add the payments before the place to the history."""
        for i in range(self.place, place):
            for key in (("payee", self.paid[i].payee), ("category", self.paid[i].category)):
                self._groups.setdefault(key, []).append(float(self.logs[i]))
        self.place = place

    def of_payee(self, place: int) -> list[float]:
        return self._groups.get(("payee", self.paid[place].payee), []) if self.paid[place].payee else []

    def of_category(self, place: int) -> list[float]:
        return self._groups.get(("category", self.paid[place].category), [])


def amount_alone(past: LogAmounts, place: int, log: float) -> float:
    return log


def z_of_category(past: LogAmounts, place: int, log: float) -> float:
    return _z(log, past.of_category(place) or past.logs[:place])


def z_of_payee(past: LogAmounts, place: int, log: float) -> float:
    payee = past.of_payee(place)
    return _z(log, payee) if len(payee) >= 3 else z_of_category(past, place, log)


def shrunk_z(past: LogAmounts, place: int, log: float) -> float:
    """Shrink median and MAD of the payee toward the category's, and these toward the person's."""
    center, spread = _level(past.logs[:place])
    for group in (past.of_category(place), past.of_payee(place)):
        if group:
            own, share = _level(group), len(group) / (len(group) + SHRINKING)
            center, spread = share * own[0] + (1 - share) * center, share * own[1] + (1 - share) * spread
    return (log - center) / max(spread, LEAST_SPREAD)


METHODS: Mapping[str, Callable[[LogAmounts, int, float], float]] = {
    "amount alone": amount_alone,
    "robust z per category": z_of_category,
    "payee, else category": z_of_payee,
    "shrunk z: payee, category, person": shrunk_z,
}


def forest_scores(past: LogAmounts, places: Sequence[int]) -> list[tuple[float, float]]:
    """Score by scikit-learn's IsolationForest on log amount, category and weekday, trained four times."""
    from sklearn.ensemble import IsolationForest

    rows = np.array([(log, p.category or 0, p.day.weekday()) for log, p in zip(past.logs, past.paid, strict=True)])
    scores: list[tuple[float, float]] = []
    for part in np.array_split(np.array(places), 4):
        if len(part):
            forest = IsolationForest(n_estimators=50, random_state=0).fit(rows[max(part[0] - 2000, 0) : part[0]])
            asked = [rows[part], rows[part] + np.array([np.log(TIMES), 0, 0])]
            scores += zip(*(-forest.score_samples(one) for one in asked), strict=True)
    return scores


def figures_of(scored: Sequence[Scored]) -> Figures:
    """Return the figures of one household."""
    threshold = np.quantile([one[0] for one in scored], 1 - FALSE_FLAGS)
    known = [one for one in scored if one[2] >= KNOWN_PAYEE]
    many = len(known) >= 20
    return {
        AUC: auc(scored),
        RECALL: recall(scored, threshold),
        KNOWN_AUC: auc(known) if many else None,
        KNOWN_RECALL: recall(known, np.quantile([one[0] for one in known], 1 - FALSE_FLAGS)) if many else None,
    }


def auc(scored: Sequence[Scored]) -> float:
    """Return the area under the ROC curve; ties count half."""
    plain = np.sort([one[0] for one in scored])
    odd = np.array([one[1] for one in scored])
    below = np.searchsorted(plain, odd, "left") + np.searchsorted(plain, odd, "right")
    return float(below.mean() / 2 / len(plain))


def recall(scored: Sequence[Scored], threshold: float) -> float:
    return fmean(one[1] > threshold for one in scored)


def summarize(results: Sequence[Mapping[str, Figures]]) -> FigureTable:
    """Return the table of means over households."""
    results = [result for result in results if result]
    names = list(results[0]) if results else []
    rows = {name: _mean([result[name] for result in results if name in result]) for name in names}
    own = rows.pop(PRODUCT, None)
    return FigureTable(f"Single transactions, {TIMES} times the amount", rows, own, BOUNDS)


def _mean(rows: Sequence[Figures]) -> Figures:
    found = {name: [value for row in rows if (value := row[name]) is not None] for name in rows[0]}
    return {name: fmean(values) if values else None for name, values in found.items()}


def _z(log: float, group: Sequence[float]) -> float:
    center, spread = _level(group)
    return (log - center) / max(spread, LEAST_SPREAD)


def _level(group: Sequence[float]) -> tuple[float, float]:
    """Return median and scaled MAD."""
    values = np.asarray(group)
    center = float(np.median(values))
    return center, 1.4826 * float(np.median(np.abs(values - center)))
