"""Keeps count of matches that took too long, for the rules' statistics."""

from collections.abc import Iterable, Mapping

from django.db.models import F

from rules.engine import CompiledRule
from rules.models import Rule


def note_timeouts(*, ledger_id: int, rules: Iterable[CompiledRule], timeouts: Mapping[str, int]) -> None:
    """Add to the rules' counts; `timeouts` are numbers by pattern. Writes only where there were some."""
    if not timeouts:
        return
    for rule in rules:
        n = sum(timeouts.get(pattern, 0) for pattern in rule.compiled.patterns)
        if n and rule.id is not None:
            Rule.objects.filter(ledger_id=ledger_id, pk=rule.id).update(n_timeouts=F("n_timeouts") + n)
