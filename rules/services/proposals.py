"""Everything that writes proposals: the task that proposes rules, and the user's answers."""

from collections.abc import Iterable, Sequence, Set
from itertools import count
from typing import Any

from django.conf import settings

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.models import Ledger, Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.services.ledger_lock import Refusal, bury, ledger_write
from rules.engine.compilation import compile_stored
from rules.engine.evaluator import Evaluator
from rules.engine.rule_sets import Matcher, RuleSet
from rules.engine.stored_rows import read_stored_rows
from rules.models import Attention, Origin, Proposal, ProposalStatus, Rule
from rules.operators.patterns import pattern_budget
from rules.proposals.drafts import separating_conditions
from rules.proposals.phrases import is_one_merchant
from rules.services.corrections import corrections_of, touched_heads
from rules.services.impact import candidates, contradicting
from rules.services.rule_drafts import NAME_LENGTH, ProposalDraft, RuleDrafter
from rules.services.rules import create_rule

#: Time of the task for the patterns of existing rules.
REGEX_S = 10.0
#: Answers of the user to a proposal.
ANSWERS = frozenset({ProposalStatus.ACCEPTED, ProposalStatus.NEVER})


def propose_rules(*, ledger_id: int) -> None:
    """Propose rules for corrections since the last look. Costs two small queries if there are none.

    Other writes go on meanwhile; the next look reads their corrections.
    """
    attention, _ = Attention.objects.get_or_create(ledger_id=ledger_id)
    newest = Ledger.objects.values_list("version", flat=True).get(pk=ledger_id)
    touched = touched_heads(ledger_id=ledger_id, since=attention.looked_to, until=newest)
    if touched or Rule.objects.filter(ledger_id=ledger_id, version__gt=attention.looked_to).exists():
        with pattern_budget(REGEX_S):
            waiting = list(Proposal.objects.filter(ledger_id=ledger_id, status=ProposalStatus.OPEN))
            corrections = corrections_of(ledger_id=ledger_id, heads=touched | {proposal.head for proposal in waiting})
            drafter = RuleDrafter(ledger_id=ledger_id, catalog=Catalog.load(ledger_id))
            drafts = drafter.of_corrections(
                corrections, touched=touched, waiting=waiting, least=settings.PROPOSAL_AFTER
            )
        _store(drafts, ledger_id=ledger_id)
    Attention.objects.filter(pk=ledger_id).update(looked_to=newest)


def has_news(*, ledger_id: int) -> bool:
    """Return True if corrections or rules were written since the last look."""
    looked_to = Attention.objects.values_list("looked_to", flat=True).get(pk=ledger_id)
    newest = Ledger.objects.values_list("version", flat=True).get(pk=ledger_id)
    touched = touched_heads(ledger_id=ledger_id, since=looked_to, until=newest)
    return bool(touched) or Rule.objects.filter(ledger_id=ledger_id, version__gt=looked_to).exists()


def _store(drafts: Sequence[ProposalDraft], *, ledger_id: int) -> None:
    """Write new and changed proposals, and delete open ones that have no draft any more."""
    if not any(_plan(drafts, ledger_id)):
        return
    with ledger_write(ledger_id) as version:
        gone, new, changed = _plan(drafts, ledger_id)
        remove_proposals(gone, ledger_id=ledger_id, version=version)
        for proposal in changed:
            proposal.version = version
            proposal.save(update_fields=["rule", "evidence", "version"])
        for draft in new:
            phrase, direction, category = draft.key
            fields: dict[str, Any] = {
                "head": draft.head, "rule": draft.rule_fields, "evidence": list(draft.evidence), "version": version,
            }  # fmt: skip
            Proposal.objects.get_or_create(  # another task may have been quicker
                ledger_id=ledger_id, phrase=phrase, direction=direction, category_id=category, defaults=fields
            )


def _plan(
    drafts: Sequence[ProposalDraft], ledger_id: int
) -> tuple[list[Proposal], list[ProposalDraft], list[Proposal]]:
    """Return the proposals to delete, the drafts to propose, and the open proposals that have changed."""
    known = {proposal.key: proposal for proposal in Proposal.objects.filter(ledger_id=ledger_id)}
    refused = [p for p in known.values() if p.is_of_merchant and p.status == ProposalStatus.NEVER]
    wanted = {
        draft.key: draft
        for draft in drafts
        if not any(p.direction == draft.direction and is_one_merchant(p.phrase, draft.draft.phrase) for p in refused)
    }
    gone, changed = [], []
    for key, proposal in known.items():
        if proposal.status != ProposalStatus.OPEN:
            continue
        if key not in wanted:
            gone.append(proposal)
            continue
        before = proposal.rule, proposal.evidence
        if not proposal.is_narrowed:
            proposal.rule = wanted[key].rule_fields
        proposal.evidence = list(wanted[key].evidence)
        if before != (proposal.rule, proposal.evidence):
            changed.append(proposal)
    return gone, [draft for key, draft in wanted.items() if key not in known], changed


def accept_proposal(*, by: User, proposal: Proposal, fields: dict[str, Any]) -> Rule:
    """Create the rule; `fields` are checked. Raises Refusal unless the proposal is open."""
    with ledger_write(ledger_id_of(by)) as version:
        current = _read_unanswered(proposal)
        rule = create_rule(by=by, fields=fields | {"origin": Origin.LEARNED})
        current.status, current.accepted_rule, current.version = ProposalStatus.ACCEPTED, rule, version
        current.save()
        return rule


def narrow_proposal(*, by: User, proposal: Proposal, catalog: Catalog) -> Proposal:
    """Add conditions that exclude confirmed rows of other categories. Raises Refusal if there are none."""
    current = _read_unanswered(proposal)
    rule = current.unsaved_rule
    against = contradicting(rule, ledger_id=current.ledger_id, catalog=catalog)
    if not against:
        detail = "No confirmed transaction speaks against this rule; to make it narrower, send the `conditions`."
        raise Refusal(detail, code="nothing_against")
    compiled = compile_stored(rule)
    evaluator = Evaluator(ledger_id=current.ledger_id, matcher=Matcher(RuleSet([compiled])), catalog=catalog)
    rows = Transaction.objects.filter(ledger_id=current.ledger_id, pk__in=current.evidence)
    stored = read_stored_rows(rows, user=None, with_tags=evaluator.uses_tags)
    examples = [movement for movement in map(evaluator.movement, stored) if compiled.matches(movement)]
    others = [evaluator.movement(row) for row in against]
    added = separating_conditions(examples, others) if examples else []
    if not added:
        detail = (
            "Nothing in text, account, amount or currency sets its transactions apart from those that speak against "
            "it; send the `conditions`, or say never."
        )
        raise Refusal(detail, code="not_narrower")
    conditions = list(rule.conditions)
    if rule.match == "any":
        conditions = [{"match": "any", "negate": False, "conditions": conditions}]
    conditions += [condition for condition in added if condition not in rule.conditions]
    return replace_conditions(by=by, proposal=current, match="all", conditions=conditions)


def replace_conditions(*, by: User, proposal: Proposal, match: str, conditions: list[dict[str, Any]]) -> Proposal:
    """Replace the conditions for good; they are checked. Raises Refusal unless the proposal is open."""
    with ledger_write(ledger_id_of(by)) as version:
        current = _read_unanswered(proposal)
        current.rule = current.rule | {"match": match, "conditions": conditions}
        current.is_narrowed, current.version = True, version
        current.save()
        return current


def check_narrower(*, proposal: Proposal, match: str, conditions: list[dict[str, Any]], catalog: Catalog) -> None:
    """Raise Refusal if the conditions match a transaction that the proposal does not match."""
    old = compile_stored(proposal.unsaved_rule)
    new = compile_stored(Rule(**proposal.rule | {"match": match, "conditions": conditions}))
    evaluator = Evaluator(ledger_id=proposal.ledger_id, matcher=Matcher(RuleSet([old, new])), catalog=catalog)
    rows = candidates([new], ledger_id=proposal.ledger_id)
    with pattern_budget():
        for row in read_stored_rows(rows, user=None, with_tags=evaluator.uses_tags):
            movement = evaluator.movement(row)
            if new.matches(movement) and not old.matches(movement):
                detail = (
                    f"That is wider, not narrower: it also matches “{row.description}” of {row.day}. Accept with "
                    "these `conditions` if you mean it."
                )
                raise Refusal(detail, code="wider")


def refuse_proposal(*, by: User, proposal: Proposal, is_of_merchant: bool) -> Proposal:
    """Refuse this rule, or any for the merchant, for good. Raises Refusal if it was accepted.

    A second call may extend the refusal to the merchant.
    """
    with ledger_write(ledger_id_of(by)) as version:
        current = _read_unanswered(proposal, {ProposalStatus.ACCEPTED})
        current.status, current.version = ProposalStatus.NEVER, version
        current.is_of_merchant = current.is_of_merchant or is_of_merchant
        current.save()
        if current.is_of_merchant:
            others = Proposal.objects.filter(
                ledger_id=current.ledger_id, direction=current.direction, status=ProposalStatus.OPEN
            )
            of_merchant = [other for other in others if is_one_merchant(other.phrase, current.phrase)]
            remove_proposals(of_merchant, ledger_id=current.ledger_id, version=version)
        return current


def remove_proposals(proposals: Iterable[Proposal], *, ledger_id: int, version: int) -> None:
    """Delete proposals for good and leave tombstones."""
    ids = [proposal.pk for proposal in proposals]
    bury(Proposal, ids, ledger_id=ledger_id, version=version)
    Proposal.objects.filter(pk__in=ids).delete()


def move_proposals(*, ledger_id: int, category: int, into: int, version: int) -> None:
    """Move the proposals of a category into another; delete those that it has already."""
    for proposal in Proposal.objects.filter(ledger_id=ledger_id, category=category):
        twins = Proposal.objects.filter(
            ledger_id=ledger_id, category=into, phrase=proposal.phrase, direction=proposal.direction
        )
        if twins.exists():
            remove_proposals([proposal], ledger_id=ledger_id, version=version)
            continue
        own = {"type": "set_category", "value": category}
        actions = [own | {"value": into} if action == own else action for action in proposal.rule["actions"]]
        proposal.rule, proposal.category_id, proposal.version = proposal.rule | {"actions": actions}, into, version
        proposal.save()


def free_name(name: str, *, ledger_id: int) -> str:
    """Return the name, followed by a number if another rule has it."""
    taken = set(Rule.objects.filter(ledger_id=ledger_id).values_list("name", flat=True))
    numbered = (f"{name[: NAME_LENGTH - 6]} {n}" for n in count(2))
    return name if name not in taken else next(other for other in numbered if other not in taken)


def _read_unanswered(proposal: Proposal, answers: Set[str] = ANSWERS) -> Proposal:
    """Return the proposal as it is stored now. Raises Refusal if it has one of the answers."""
    current: Proposal = Proposal.objects.select_related("accepted_rule").get(pk=proposal.pk)
    if current.status not in answers:
        return current
    if current.status == ProposalStatus.NEVER:
        detail = "You said never to this proposal; make the rule yourself if you want it after all."
    else:
        rule = current.accepted_rule
        what = f"it is your rule “{rule.name}” now" if rule else "you deleted its rule since; make one yourself"
        detail = f"You accepted this proposal: {what}."
    raise Refusal(detail, code=current.status)
