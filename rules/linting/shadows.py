"""Finds rules that never get a turn, since others come first."""

from collections.abc import Iterator, Sequence

from rules.linting.cases import Case, covers
from rules.linting.findings import Finding, Kind, Verdict, counted, named
from rules.linting.history import Group
from rules.linting.study import Study

#: Rules that may shadow another one together.
MAX_TOGETHER = 20


def shadowed_rules(study: Study) -> Iterator[Finding]:
    """Proved where what comes first takes all that it would match; disproved by a row on which it gets its turn."""
    for case in study.living:
        found = _finding(case, study)
        if found is not None:
            yield found
        if study.clock.has_struck:
            return


def _finding(case: Case, study: Study) -> Finding | None:
    groups = [] if case.rule in study.history.unsure else study.history.of(case.rule)
    turns = [group for group in groups if case.rule in group.turns]
    rivals = [other for other in study.akin(case) if _takes_from(other, case, study)]
    if not turns and (takers := _takers(case, rivals, study)):
        return Finding(
            Kind.SHADOWED, Verdict.PROVED, (case, *takers), _proof(case, takers), study.history.newest(case.rule)
        )
    if groups and not turns:
        return _unlucky(case, groups, study)
    return _denied(case, groups, turns[0], study) if turns else None


def _takes_from(earlier: Case, case: Case, study: Study) -> bool:
    """Whether the later rule gets nothing of the rows that the earlier one matches, too."""
    is_asked = earlier.position < case.position and earlier.rule.triggers >= case.rule.triggers
    return is_asked and (earlier.rule.stops or covers(earlier, case, study.kinds))


def _takers(case: Case, rivals: Sequence[Case], study: Study) -> tuple[Case, ...]:
    """Rules, as few as may be, one of which matches whatever the case does; none where that is not proved."""
    always = study.history.always_with(case.rule)
    for rival in rivals:
        if (always is None or rival.rule in always) and study.implies(case, rival):
            return (rival,)
    together = tuple(rivals[:MAX_TOGETHER])
    if len(together) < 2 or not study.implies(case, *together):  # one was tried alone
        return ()
    for rival in together:
        fewer = tuple(other for other in together if other is not rival)
        if study.implies(case, *fewer):
            together = fewer
    return together


def _proof(case: Case, takers: Sequence[Case]) -> str:
    """A rule that stops leaves no turn; one that goes on leaves a turn with nothing to write in it."""
    is_stopped = all(taker.rule.stops for taker in takers)
    start = f"{case.quoted} never gets a turn" if is_stopped else f"{case.quoted} never gets to write anything"
    if len(takers) > 1:
        return f"{start}: {named([*takers])} come first, and take everything it would match."
    end = "and stops" if is_stopped else "and writes all that it would write"
    return f"{start}: {named([*takers])} comes first, takes everything it would match, {end}."


def _unlucky(case: Case, groups: Sequence[Group], study: Study) -> Finding | None:
    example, n_rows = groups[0], sum(group.n_rows for group in groups)
    before = [study.case_of(rule) for rule in example.matched[: example.matched.index(case.rule)]]
    takers = [other for other in before if _takes_from(other, case, study)]
    if not takers:  # what it sets cannot be
        return None
    explanation = f"{case.quoted} has not had a turn: it matches {counted(n_rows)}, all taken by rules before it."
    return Finding(Kind.SHADOWED, Verdict.UNDECIDED, (case, *takers), explanation, example.example)


def _denied(case: Case, groups: Sequence[Group], turn: Group, study: Study) -> Finding | None:
    """Another rule takes some of its rows, which looks like a shadow, but not this one."""
    taken = {rule: None for group in groups if case.rule not in group.turns for rule in group.matched}
    suspect = next((other for other in map(study.case_of, taken) if _takes_from(other, case, study)), None)
    if suspect is None:
        return None
    explanation = f"{case.quoted} gets a turn where {suspect.quoted} leaves it one."
    return Finding(Kind.SHADOWED, Verdict.DISPROVED, (case, suspect), explanation, turn.example)
