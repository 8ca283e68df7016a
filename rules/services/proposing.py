"""Keeps a ledger's proposals in step with its corrections: new ones are made, those without reason are withdrawn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Max

from expenses.categorization.catalog import Catalog
from expenses.models import Ledger
from expenses.services.ledger_lock import ledger_write
from rules.models import Attention, Proposal, ProposalStatus, Rule
from rules.operators.patterns import limited_time
from rules.proposals.phrases import is_one_merchant
from rules.services.corrections import corrections_of, touched_heads
from rules.services.drafting import Drafting, Made, fields_of, rule_of

#: What a look may spend on the patterns of rules that are there.
REGEX_S = 10.0


def propose_rules(*, ledger_id: int) -> None:
    """Look at what has been corrected since the last time. Costs two small queries where nothing has.

    Whoever writes meanwhile is not kept waiting: what they correct is looked at the next time.
    """
    attention, _ = Attention.objects.get_or_create(ledger_id=ledger_id)
    newest = Ledger.objects.values_list("version", flat=True).get(pk=ledger_id)
    touched = touched_heads(ledger_id=ledger_id, since=attention.looked_to, until=newest)
    if touched or _has_new_rules(ledger_id, since=attention.looked_to):
        with limited_time(REGEX_S):
            made = _made(ledger_id, touched)
        _keep(made, ledger_id=ledger_id)
    Attention.objects.filter(pk=ledger_id).update(looked_to=newest)


def has_news(*, ledger_id: int) -> bool:
    """Whether corrections or rules were written since the last look."""
    looked_to = Attention.objects.values_list("looked_to", flat=True).get(pk=ledger_id)
    newest = Ledger.objects.values_list("version", flat=True).get(pk=ledger_id)
    return bool(touched_heads(ledger_id=ledger_id, since=looked_to, until=newest)) or _has_new_rules(
        ledger_id, since=looked_to
    )


def _has_new_rules(ledger_id: int, *, since: int) -> bool:
    newest: int | None = Rule.objects.filter(ledger_id=ledger_id).aggregate(newest=Max("version"))["newest"]
    return newest is not None and newest > since


def _made(ledger_id: int, touched: frozenset[str]) -> list[Made]:
    waiting = list(_waiting(ledger_id))
    corrections = corrections_of(ledger_id=ledger_id, heads=touched | {proposal.head for proposal in waiting})
    drafting = Drafting(ledger_id=ledger_id, catalog=Catalog.load(ledger_id))
    return drafting.of_corrections(corrections, touched=touched, waiting=waiting, least=settings.PROPOSAL_AFTER)


def _keep(made: Sequence[Made], *, ledger_id: int) -> None:
    """Write what is new or changed, and take away what is not made any more, as things stand under the lock."""
    if not _plan(made, ledger_id).is_needed:
        return
    with ledger_write(ledger_id) as version:
        plan = _plan(made, ledger_id)
        Proposal.objects.filter(pk__in=[proposal.pk for proposal in plan.gone]).delete()
        for proposal in plan.changed:
            proposal.version = version
            proposal.save(update_fields=["rule", "evidence", "version"])
        for one in plan.new:
            _propose(one, ledger_id=ledger_id, version=version)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be done to a ledger's proposals."""

    gone: list[Proposal]
    new: list[Made]
    changed: list[Proposal]

    @property
    def is_needed(self) -> bool:
        return bool(self.gone or self.new or self.changed)


def _plan(made: Sequence[Made], ledger_id: int) -> _Plan:
    known = {proposal.key: proposal for proposal in Proposal.objects.filter(ledger_id=ledger_id)}
    wanted = {one.key: one for one in made if not _is_refused(one, known.values())}
    return _Plan(
        gone=[p for key, p in known.items() if p.status == ProposalStatus.OPEN and key not in wanted],
        new=[one for key, one in wanted.items() if key not in known],
        changed=[p for key, p in known.items() if key in wanted and _follow(p, wanted[key])],
    )


def _propose(one: Made, *, ledger_id: int, version: int) -> None:
    """Unless another task was quicker."""
    fields: dict[str, Any] = {
        "head": one.head,
        "rule": fields_of(rule_of(one.draft, category=one.category)),
        "evidence": list(one.evidence),
        "version": version,
    }
    phrase, direction, category = one.key
    Proposal.objects.get_or_create(
        ledger_id=ledger_id, phrase=phrase, direction=direction, category_id=category, defaults=fields
    )


def _follow(proposal: Proposal, one: Made) -> bool:
    """Take over the evidence, and the conditions unless somebody narrowed them. Returns whether anything is new."""
    if proposal.status != ProposalStatus.OPEN:
        return False
    rule = proposal.rule if proposal.is_narrowed else fields_of(rule_of(one.draft, category=one.category))
    before = proposal.rule, proposal.evidence
    proposal.rule, proposal.evidence = rule, list(one.evidence)
    return before != (proposal.rule, proposal.evidence)


def _is_refused(one: Made, known: Iterable[Proposal]) -> bool:
    """Somebody said never for this merchant: for this phrase, a part of it, or one that begins with it."""
    refused = [p for p in known if p.is_of_merchant and p.status == ProposalStatus.NEVER]
    return any(p.direction == one.direction and is_one_merchant(p.phrase, one.draft.phrase) for p in refused)


def _waiting(ledger_id: int) -> Any:
    return Proposal.objects.filter(ledger_id=ledger_id, status=ProposalStatus.OPEN)
