"""The figures of a backtest: coverage and precision at the present thresholds and at those for a wanted precision.

Pure arithmetic over answers. Every link was asked about every row, so the figures hold for any threshold.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from providers.calibration import JudgedAnswer, threshold_for

#: A threshold that no confidence reaches.
NEVER = 2.0


class LinkAnswer(NamedTuple):
    """The answer of a link to one row. `is_final`: it only suggests, and no later link is asked."""

    confidence: float
    is_right: bool
    is_final: bool = False


class ReplayedRow(NamedTuple):
    """The answers to one row by the name of the link; `is_new`: its text was not confirmed before."""

    answers: Mapping[str, LinkAnswer]
    is_new: bool


class LinkThreshold(NamedTuple):
    """The threshold of a link. One that `is_fixed` stays, whatever precision is wanted."""

    link: str
    threshold: float
    is_fixed: bool = False


def measure_backtest(
    rows: Sequence[ReplayedRow], *, links: Sequence[LinkThreshold], target_precision: float
) -> dict[str, Any]:
    """Return the figures of each link, of the whole chain, and of the chain's answers to new texts."""
    new = [row for row in rows if row.is_new]
    return {
        "target_precision": target_precision,
        "links": measure_links(rows, links=links, target_precision=target_precision),
        "chain": measure_chain(rows, links=links, target_precision=target_precision),
        "new_merchants": measure_chain(new, links=links, target_precision=target_precision),
    }


def measure_links(
    rows: Sequence[ReplayedRow], *, links: Sequence[LinkThreshold], target_precision: float
) -> dict[str, Any]:
    """Return the figures by link, in the chain's order.

    The threshold for the target of each link is found on the rows that the links before it leave open at theirs.
    """
    figures: dict[str, Any] = {}
    now = wanted = list(rows)
    for link in links:
        threshold: float | None = link.threshold
        if not link.is_fixed:
            threshold = _threshold(_answers(wanted, link.link), target_precision)
        figures[link.link] = _figures(
            [answer for answer in _answers(now, link.link) if _is_sure(answer, link.threshold)],
            [answer for answer in _answers(wanted, link.link) if _is_sure(answer, threshold)],
            n_asked=len(now),
            n_asked_at_target=len(wanted),
            threshold=link.threshold,
            threshold_for_target=threshold,
        )
        now, wanted = _left_open(now, link.link, link.threshold), _left_open(wanted, link.link, threshold)
    return figures


def measure_chain(
    rows: Sequence[ReplayedRow], *, links: Sequence[LinkThreshold], target_precision: float
) -> dict[str, Any]:
    """Return the figures of what the chain takes.

    One threshold for the target holds for all links. It is found on the surest answer to each row, and then tried as
    the chain would, which takes the first answer that is sure enough.
    """
    surest = [answer for row in rows if (answer := _surest(row, links)) is not None]
    threshold = _threshold(surest, target_precision)
    same = NEVER if threshold is None else threshold
    at_target = [link if link.is_fixed else link._replace(threshold=same) for link in links]
    return _figures(
        [answer for row in rows if (answer := _first_sure(row, links)) is not None],
        [answer for row in rows if (answer := _first_sure(row, at_target)) is not None],
        n_asked=len(rows),
        n_asked_at_target=len(rows),
        threshold=None,
        threshold_for_target=threshold,
    )


def _figures(
    taken: Sequence[LinkAnswer],
    taken_at_target: Sequence[LinkAnswer],
    *,
    n_asked: int,
    n_asked_at_target: int,
    threshold: float | None,
    threshold_for_target: float | None,
) -> dict[str, Any]:
    return {
        "asked": n_asked,
        "answered": len(taken),
        "coverage": _share(len(taken), n_asked),
        "precision": _share(sum(answer.is_right for answer in taken), len(taken)),
        "threshold": threshold,
        "threshold_for_target": threshold_for_target,
        "coverage_at_target": _share(len(taken_at_target), n_asked_at_target),
        "precision_at_target": _share(sum(answer.is_right for answer in taken_at_target), len(taken_at_target)),
    }


def _share(n: int, of: int) -> float | None:
    return round(n / of, 4) if of else None


def _threshold(answers: Sequence[LinkAnswer], precision: float) -> float | None:
    """Return a threshold for the precision; six places suffice to lie between confidences of four places."""
    judged = [JudgedAnswer(answer.confidence, answer.is_right) for answer in answers]
    found = threshold_for(judged, precision=precision)
    return None if found is None else round(found, 6)


def _answers(rows: Sequence[ReplayedRow], link: str) -> list[LinkAnswer]:
    return [row.answers[link] for row in rows if link in row.answers and not row.answers[link].is_final]


def _is_sure(answer: LinkAnswer, threshold: float | None) -> bool:
    return threshold is not None and answer.confidence >= threshold and not answer.is_final


def _left_open(rows: Sequence[ReplayedRow], link: str, threshold: float | None) -> list[ReplayedRow]:
    """Return the rows that the next link is asked about."""
    answered = ((row, row.answers.get(link)) for row in rows)
    return [row for row, answer in answered if not (answer and (answer.is_final or _is_sure(answer, threshold)))]


def _asked(row: ReplayedRow, links: Sequence[LinkThreshold]) -> Iterator[tuple[LinkAnswer, LinkThreshold]]:
    """Yield the answers in order, up to one that is final."""
    for link in links:
        if answer := row.answers.get(link.link):
            yield answer, link
            if answer.is_final:
                return


def _first_sure(row: ReplayedRow, links: Sequence[LinkThreshold]) -> LinkAnswer | None:
    return next((answer for answer, link in _asked(row, links) if _is_sure(answer, link.threshold)), None)


def _surest(row: ReplayedRow, links: Sequence[LinkThreshold]) -> LinkAnswer | None:
    """Return the surest answer, None if a link with a fixed threshold decides or an answer is final."""
    asked = list(_asked(row, links))
    if any(answer.is_final or (link.is_fixed and _is_sure(answer, link.threshold)) for answer, link in asked):
        return None
    free = [answer for answer, link in asked if not link.is_fixed]
    return max(free, key=lambda answer: answer.confidence, default=None)
