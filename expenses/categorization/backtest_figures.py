"""The figures of a backtest: coverage and precision at the present thresholds and at those for a wanted precision.

Pure arithmetic over answers. Every link was asked about every row, so the figures hold for any threshold.
"""

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from providers.calibration import JudgedAnswer, lower_bound, upper_bound
from providers.interface import ONLY_SUGGESTS, Evidence, Trust
from providers.precision import Tally, missing_answers, tally, threshold_for, thresholds_that_hold

#: A threshold that no confidence reaches.
NEVER = 2.0
#: Thresholds are found among confidences of four decimal places, as rows keep them.
PLACES = 10_000


class LinkAnswer(NamedTuple):
    """The answer of a link to one row.

    `is_final`: it only suggests, and no later link is asked. `is_pooled`: it never decides alone.
    """

    confidence: float
    is_right: bool
    is_final: bool = False
    evidence: str = Evidence.OTHER
    is_pooled: bool = False


class BestAnswer(NamedTuple):
    """The answer of all links together to one row, or the surest of theirs, where none of them decides alone."""

    link: str
    evidence: str
    confidence: float
    is_right: bool


class ReplayedRow(NamedTuple):
    """The answers to one row by the name of the link; `is_new`: its text was not confirmed before.

    `best` is None where a link with a fixed threshold decides, or where nobody may.
    """

    answers: Mapping[str, LinkAnswer]
    is_new: bool
    text: Hashable = ""
    best: BestAnswer | None = None


class LinkSetting(NamedTuple):
    """A link and the threshold of the settings. One that `is_fixed` stays, whatever precision is wanted."""

    link: str
    threshold: float
    is_fixed: bool = False


def measure_backtest(
    rows: Sequence[ReplayedRow], *, links: Sequence[LinkSetting], trust: Trust, target_precision: float
) -> dict[str, Any]:
    """Return the figures of each link, each evidence, the whole chain, and the chain's answers to new texts.

    `trust` has the ledger's thresholds.
    """
    evidence = measure_evidence(rows, links=links, trust=trust, target_precision=target_precision)
    adopted = adopted_thresholds(trust, evidence=evidence, links=links)
    new = [row for row in rows if row.is_new]
    return {
        "target_precision": target_precision,
        "links": measure_links(rows, links=links, trust=trust, target_precision=target_precision),
        "evidence": evidence,
        "chain": measure_chain(rows, links=links, trust=trust, adopted=adopted, target_precision=target_precision),
        "new_merchants": measure_chain(
            new, links=links, trust=trust, adopted=adopted, target_precision=target_precision
        ),
    }


def measure_links(
    rows: Sequence[ReplayedRow], *, links: Sequence[LinkSetting], trust: Trust, target_precision: float
) -> dict[str, Any]:
    """Return the figures by link, in the chain's order.

    The threshold for the target of each link is found on the rows that the links before it leave open at theirs.
    """
    figures: dict[str, Any] = {}
    now = wanted = list(rows)
    for link in links:
        decided = (_decision(row, links, trust) for row in now)
        given = [(row, answer) for row in wanted for answer in _candidates(row, links) if answer.link == link.link]
        threshold: float | None = link.threshold
        if not link.is_fixed:
            threshold = _threshold(given, target_precision)
        at_target = Trust(thresholds={link.link: NEVER if threshold is None else threshold})
        figures[link.link] = _figures(
            [answer for answer in decided if answer is not None and answer.link == link.link],
            [answer for _, answer in given if threshold is not None and answer.confidence >= threshold],
            n_asked=len(now),
            n_asked_at_target=len(wanted),
            threshold=trust.thresholds.get(link.link, link.threshold),
            threshold_for_target=threshold,
        )
        now, wanted = _left_open(now, link, trust), _left_open(wanted, link, at_target)
    return figures


def measure_chain(
    rows: Sequence[ReplayedRow],
    *,
    links: Sequence[LinkSetting],
    trust: Trust,
    adopted: Trust,
    target_precision: float,
) -> dict[str, Any]:
    """Return the figures of what the chain takes, with the present thresholds and with those to adopt.

    The threshold for the target is one for all evidence, found on the best answer to each row.
    """
    best = [(row, row.best) for row in rows if row.best is not None]
    return _figures(
        [answer for row in rows if (answer := _decision(row, links, trust)) is not None],
        [answer for row in rows if (answer := _decision(row, links, adopted)) is not None],
        n_asked=len(rows),
        n_asked_at_target=len(rows),
        threshold=None,
        threshold_for_target=_threshold(best, target_precision),
    )


def measure_evidence(
    rows: Sequence[ReplayedRow], *, links: Sequence[LinkSetting], trust: Trust, target_precision: float
) -> dict[str, Any]:
    """Return the figures by kind of evidence, of the answers that its threshold takes or leaves."""
    members: dict[str, list[tuple[ReplayedRow, BestAnswer]]] = defaultdict(list)
    for row in rows:
        for answer in _candidates(row, [link for link in links if not link.is_fixed]):
            members[answer.evidence].append((row, answer))
    defaults = {link.link: link.threshold for link in links}
    return {
        str(evidence): _evidence_figures(
            members[evidence], evidence=evidence, defaults=defaults, trust=trust, target_precision=target_precision
        )
        for evidence in Evidence
        if evidence in members
    }


def _evidence_figures(
    members: Sequence[tuple[ReplayedRow, BestAnswer]],
    *,
    evidence: str,
    defaults: Mapping[str, float],
    trust: Trust,
    target_precision: float,
) -> dict[str, Any]:
    of_links = sorted({best.link for _, best in members})
    present = {trust.threshold(link, evidence, default=defaults[link]) for link in of_links}
    all_tallies = _tallies(members)
    new = [(row, best) for row, best in members if row.is_new]
    held = thresholds_that_hold(all_tallies, precision=target_precision)
    if evidence != Evidence.REPEAT:  # which never answers a new text
        held = _held_for_new(held, _tallies(new), target_precision)
    threshold = _adoptable(held, all_tallies, default=max(defaults[link] for link in of_links))

    def judged(of: Sequence[tuple[ReplayedRow, BestAnswer]]) -> dict[str, Any]:
        taken = [
            (row, best)
            for row, best in of
            if best.confidence >= trust.threshold(best.link, evidence, default=defaults[best.link])
        ]
        at_target = [best for _, best in of if threshold is not None and best.confidence >= threshold]
        counted = _tallies(taken)
        return {
            "asked": len(of),
            "answered": len(taken),
            "coverage": _share(len(taken), len(of)),
            "precision": _share(sum(best.is_right for _, best in taken), len(taken)),
            "lower_bound": round(lower_bound(counted[-1].n_right, counted[-1].n), 4) if counted else None,
            "texts": len({row.text for row, _ in of}),
            "coverage_at_target": _share(len(at_target), len(of)),
            "precision_at_target": _share(sum(best.is_right for best in at_target), len(at_target)),
            "missing": 0 if held else missing_answers(_tallies(of), precision=target_precision),
        }

    return {
        **judged(members),
        "threshold": present.pop() if len(present) == 1 else None,
        "threshold_for_target": threshold,
        "links": of_links,
        "new_merchants": None if evidence == Evidence.REPEAT else judged(new),
        "shortfall": None if held else _shortfall(members, defaults=defaults, trust=trust, precision=target_precision),
    }


def _shortfall(
    members: Sequence[tuple[ReplayedRow, BestAnswer]],
    *,
    defaults: Mapping[str, float],
    trust: Trust,
    precision: float,
) -> dict[str, int] | None:
    """Return the answers that are taken and the right ones of them, if they are surely right too seldom.

    A threshold of the ledger that is lower than that of the settings counts as that of the settings, to which it
    would go back.
    """

    def is_taken(best: BestAnswer) -> bool:
        default = defaults[best.link]
        return best.confidence >= max(default, trust.threshold(best.link, best.evidence, default=default))

    taken = [(row, best) for row, best in members if is_taken(best)]
    if not taken:
        return None
    every = _tallies(taken)[-1]
    if upper_bound(every.n_right, every.n) >= precision:
        return None
    return {"answered": len(taken), "right": sum(best.is_right for _, best in taken)}


def _tallies(members: Sequence[tuple[ReplayedRow, BestAnswer]]) -> list[Tally]:
    outcomes = [JudgedAnswer(best.confidence, best.is_right) for _, best in members]
    return tally(outcomes, texts=[row.text for row, _ in members])


def _held_for_new(held: Sequence[float], new: Sequence[Tally], precision: float) -> list[float]:
    """Keep the thresholds that hold for new texts, too: at the least sure answer about one that each of them takes."""
    kept = set(thresholds_that_hold(new, precision=precision))
    rising = [one.confidence for one in reversed(new)]
    places = ((threshold, bisect_left(rising, threshold)) for threshold in held)
    return [threshold for threshold, i in places if i < len(rising) and rising[i] in kept]


def _adoptable(held: Sequence[float], tallies: Sequence[Tally], *, default: float) -> float | None:
    """Return the lowest threshold that holds, or the settings' one if just the same answers are at or above it."""
    if not held:
        return None
    below = max((one.confidence for one in tallies if one.confidence < held[-1]), default=-1.0)
    return min(default, held[-1]) if default > below else held[-1]


def adopted_thresholds(trust: Trust, *, evidence: Mapping[str, Any], links: Sequence[LinkSetting]) -> Trust:
    """Return the thresholds after a backtest is adopted: that for the target, of each evidence that has one.

    Evidence that surely misses the target only suggests. Of the rest, a threshold of the ledger that is lower than that
    of the settings goes back to it.
    """
    defaults = {link.link: link.threshold for link in links if not link.is_fixed}
    of_evidence = dict(trust.evidence_thresholds)
    for name, figures in evidence.items():
        if figures["threshold_for_target"] is not None:
            of_evidence[name] = figures["threshold_for_target"]
        elif figures.get("shortfall") is not None:  # unknown to backtests of earlier releases
            of_evidence[name] = ONLY_SUGGESTS
        elif of_evidence.get(name, NEVER) < max(defaults.get(link, NEVER) for link in figures["links"]):
            del of_evidence[name]
    of_links = {name: value for name, value in trust.thresholds.items() if value >= defaults.get(name, 0.0)}
    return replace(trust, thresholds=of_links, evidence_thresholds=of_evidence)


def count_outcomes(rows: Sequence[ReplayedRow], *, links: Sequence[LinkSetting]) -> list[list[Any]]:
    """Return [link, evidence, confidence, answers, right ones] for each confidence of the answers to judge."""
    free = [link for link in links if not link.is_fixed]
    answers = [answer for row in rows for answer in _candidates(row, free)]
    counts = Counter((answer.link, answer.evidence, answer.confidence) for answer in answers)
    right = Counter((answer.link, answer.evidence, answer.confidence) for answer in answers if answer.is_right)
    return [[*place, n, right[place]] for place, n in sorted(counts.items())]


def _candidates(row: ReplayedRow, links: Sequence[LinkSetting]) -> list[BestAnswer]:
    """Return the answers that a threshold takes or leaves: those that may decide alone, and that of all links together.

    Two that rest on the same evidence of a link are one, as sure as the surer one, and right if both are. Confidences
    are rounded down.
    """
    found: dict[tuple[str, str], BestAnswer] = {}
    alone = [BestAnswer(link.link, a.evidence, a.confidence, a.is_right) for a, link in _deciding(row, links)]
    for answer in (*alone, *([] if row.best is None else [row.best])):
        place = answer.link, str(answer.evidence)
        confidence, is_right = _rounded(answer.confidence), answer.is_right
        if other := found.get(place):
            confidence, is_right = max(confidence, other.confidence), is_right and other.is_right
        found[place] = BestAnswer(*place, confidence, is_right)
    return list(found.values())


def _rounded(confidence: float) -> float:
    return math.floor(confidence * PLACES) / PLACES


def _figures(
    taken: Sequence[BestAnswer],
    taken_at_target: Sequence[BestAnswer],
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


def _threshold(answers: Sequence[tuple[ReplayedRow, BestAnswer]], precision: float) -> float | None:
    judged = [JudgedAnswer(_rounded(answer.confidence), answer.is_right) for _, answer in answers]
    return threshold_for(judged, precision=precision, texts=[row.text for row, _ in answers])


def _is_sure(answer: LinkAnswer | BestAnswer, link: str, *, default: float, trust: Trust) -> bool:
    return answer.confidence >= trust.threshold(link, answer.evidence, default=default)


def _deciding(row: ReplayedRow, links: Sequence[LinkSetting]) -> Iterator[tuple[LinkAnswer, LinkSetting]]:
    """Yield the answers that may decide alone, in order, up to one that is final."""
    for link in links:
        answer = row.answers.get(link.link)
        if answer is not None and answer.is_final:
            return
        if answer is not None and not answer.is_pooled:
            yield answer, link


def _left_open(rows: Sequence[ReplayedRow], link: LinkSetting, trust: Trust) -> list[ReplayedRow]:
    """Return the rows that the next link is asked about."""

    def ends_at(row: ReplayedRow) -> bool:
        answer = row.answers.get(link.link)
        if answer is None or (answer.is_pooled and not answer.is_final):
            return False
        return answer.is_final or _is_sure(answer, link.link, default=link.threshold, trust=trust)

    return [row for row in rows if not ends_at(row)]


def _decision(row: ReplayedRow, links: Sequence[LinkSetting], trust: Trust) -> BestAnswer | None:
    """Return the answer that the chain takes: the first that is sure alone, or else that of all links together."""
    for answer, link in _deciding(row, links):
        if _is_sure(answer, link.link, default=link.threshold, trust=trust):
            return BestAnswer(link.link, answer.evidence, answer.confidence, answer.is_right)
    defaults = {link.link: link.threshold for link in links}
    if row.best is None or not _is_sure(row.best, row.best.link, default=defaults[row.best.link], trust=trust):
        return None
    return row.best
