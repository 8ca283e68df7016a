"""What a chain comes to at its thresholds, and at those that a wanted precision needs. Pure arithmetic over answers.

Every link was asked about every row, so that what the next link gets can be told for any threshold.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from providers.calibration import JudgedAnswer, threshold_for

#: No confidence reaches it.
NEVER = 2.0


class Told(NamedTuple):
    """What a link said of one row. `is_final`: it suggests on purpose, and nobody else is asked."""

    confidence: float
    is_right: bool
    is_final: bool = False


class Played(NamedTuple):
    """One row with what the links said of it, by name; `is_new`: its text was not confirmed before."""

    told: Mapping[str, Told]
    is_new: bool


class Place(NamedTuple):
    """A link's place in the chain. One that `is_fixed` keeps its threshold, whatever precision is wanted."""

    link: str
    threshold: float
    is_fixed: bool = False


class Figures(NamedTuple):
    """How often answers are taken, and how often these are right; None where there is nothing to divide by."""

    answered: int
    coverage: float | None
    precision: float | None

    @classmethod
    def of(cls, taken: Sequence[Told], *, n_asked: int) -> "Figures":
        n = len(taken)
        return cls(n, _share(n, n_asked), _share(sum(told.is_right for told in taken), n))


def describe_backtest(rows: Sequence[Played], *, places: Sequence[Place], target_precision: float) -> dict[str, Any]:
    """The figures of each link, of the whole chain, and of its answers to texts that were new."""
    new = [row for row in rows if row.is_new]
    return {
        "target_precision": target_precision,
        "links": describe_links(rows, places=places, target_precision=target_precision),
        "chain": describe_chain(rows, places=places, target_precision=target_precision),
        "new_merchants": describe_chain(new, places=places, target_precision=target_precision),
    }


def describe_links(rows: Sequence[Played], *, places: Sequence[Place], target_precision: float) -> dict[str, Any]:
    """By link, in the chain's order. Thresholds for the target go with one another: each link's is found on the rows
    that the links before it leave open at theirs."""
    bodies: dict[str, Any] = {}
    now = wanted = list(rows)
    for place in places:
        threshold = place.threshold if place.is_fixed else _threshold(_takeable(wanted, place.link), target_precision)
        taken, at_target = _taken(now, place.link, place.threshold), _taken(wanted, place.link, threshold)
        bodies[place.link] = _describe(
            Figures.of(taken, n_asked=len(now)), Figures.of(at_target, n_asked=len(wanted)),
            n_asked=len(now), threshold=place.threshold, threshold_for_target=threshold,
        )  # fmt: skip
        now, wanted = _left(now, place.link, place.threshold), _left(wanted, place.link, threshold)
    return bodies


def describe_chain(rows: Sequence[Played], *, places: Sequence[Place], target_precision: float) -> dict[str, Any]:
    """Of what the chain takes for a row. The threshold for the target is one for all links: it is found on the surest
    answer to each row, and tried as the chain would, which takes the first answer that is sure enough."""
    now = [told for row in rows if (told := _first_sure(row, places)) is not None]
    threshold = _threshold([told for row in rows if (told := _surest(row, places)) is not None], target_precision)
    at_one = [p if p.is_fixed else p._replace(threshold=NEVER if threshold is None else threshold) for p in places]
    at_target = [told for row in rows if (told := _first_sure(row, at_one)) is not None]
    return _describe(
        Figures.of(now, n_asked=len(rows)), Figures.of(at_target, n_asked=len(rows)),
        n_asked=len(rows), threshold=None, threshold_for_target=threshold,
    )  # fmt: skip


def _describe(now: Figures, at_target: Figures, *, n_asked: int, **thresholds: float | None) -> dict[str, Any]:
    return {
        "asked": n_asked,
        **now._asdict(),
        **thresholds,
        "coverage_at_target": at_target.coverage,
        "precision_at_target": at_target.precision,
    }


def _share(n: int, of: int) -> float | None:
    return round(n / of, 4) if of else None


def _threshold(told: Sequence[Told], precision: float) -> float | None:
    """Confidences have four places, so six are enough to tell what lies between two."""
    found = threshold_for([JudgedAnswer(one.confidence, one.is_right) for one in told], precision=precision)
    return None if found is None else round(found, 6)


def _takeable(rows: Sequence[Played], link: str) -> list[Told]:
    return [row.told[link] for row in rows if link in row.told and not row.told[link].is_final]


def _taken(rows: Sequence[Played], link: str, threshold: float | None) -> list[Told]:
    return [told for told in _takeable(rows, link) if _is_sure(told, threshold)]


def _left(rows: Sequence[Played], link: str, threshold: float | None) -> list[Played]:
    """The rows that the next link is asked about."""
    return [row for row in rows if link not in row.told or not _ends(row.told[link], threshold)]


def _ends(told: Told, threshold: float | None) -> bool:
    return told.is_final or _is_sure(told, threshold)


def _is_sure(told: Told, threshold: float | None) -> bool:
    return threshold is not None and told.confidence >= threshold and not told.is_final


def _asked(row: Played, places: Sequence[Place]) -> Iterator[tuple[Told, Place]]:
    """What each link said, up to one that suggests on purpose."""
    for place in places:
        if told := row.told.get(place.link):
            yield told, place
            if told.is_final:
                return


def _first_sure(row: Played, places: Sequence[Place]) -> Told | None:
    return next((told for told, place in _asked(row, places) if _is_sure(told, place.threshold)), None)


def _surest(row: Played, places: Sequence[Place]) -> Told | None:
    """None where a link decides whatever is wanted, or suggests on purpose."""
    asked = list(_asked(row, places))
    if any(told.is_final or (place.is_fixed and _is_sure(told, place.threshold)) for told, place in asked):
        return None
    return max((told for told, place in asked if not place.is_fixed), key=lambda told: told.confidence, default=None)
