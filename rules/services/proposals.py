"""Keeps a ledger's proposals in step with its corrections: new ones are made, those without reason are withdrawn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from django.conf import settings
from django.db.models import Max

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.models import Ledger, Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.services.ledger_lock import Refusal, ledger_write
from rules.engine.compilation import compile_stored
from rules.engine.evaluator import Evaluator
from rules.engine.movements import Movement
from rules.engine.rule_sets import Matcher, RuleSet
from rules.engine.stored_rows import StoredRow, read_stored_rows
from rules.models import Attention, Origin, Proposal, ProposalStatus, Rule
from rules.operators.patterns import pattern_budget
from rules.proposals.phrases import is_one_merchant
from rules.proposals.separation import separating
from rules.services.corrections import corrections_of, touched_heads
from rules.services.impact import candidates, contradicting
from rules.services.rule_drafts import NAME_LENGTH, ProposalDraft, RuleDrafter, fields_of, rule_of
from rules.services.rules import create_rule

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
        with pattern_budget(REGEX_S):
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


def _made(ledger_id: int, touched: frozenset[str]) -> list[ProposalDraft]:
    waiting = list(_waiting(ledger_id))
    corrections = corrections_of(ledger_id=ledger_id, heads=touched | {proposal.head for proposal in waiting})
    drafting = RuleDrafter(ledger_id=ledger_id, catalog=Catalog.load(ledger_id))
    return drafting.of_corrections(corrections, touched=touched, waiting=waiting, least=settings.PROPOSAL_AFTER)


def _keep(made: Sequence[ProposalDraft], *, ledger_id: int) -> None:
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
    new: list[ProposalDraft]
    changed: list[Proposal]

    @property
    def is_needed(self) -> bool:
        return bool(self.gone or self.new or self.changed)


def _plan(made: Sequence[ProposalDraft], ledger_id: int) -> _Plan:
    known = {proposal.key: proposal for proposal in Proposal.objects.filter(ledger_id=ledger_id)}
    wanted = {one.key: one for one in made if not _is_refused(one, known.values())}
    return _Plan(
        gone=[p for key, p in known.items() if p.status == ProposalStatus.OPEN and key not in wanted],
        new=[one for key, one in wanted.items() if key not in known],
        changed=[p for key, p in known.items() if key in wanted and _follow(p, wanted[key])],
    )


def _propose(one: ProposalDraft, *, ledger_id: int, version: int) -> None:
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


def _follow(proposal: Proposal, one: ProposalDraft) -> bool:
    """Take over the evidence, and the conditions unless somebody narrowed them. Returns whether anything is new."""
    if proposal.status != ProposalStatus.OPEN:
        return False
    rule = proposal.rule if proposal.is_narrowed else fields_of(rule_of(one.draft, category=one.category))
    before = proposal.rule, proposal.evidence
    proposal.rule, proposal.evidence = rule, list(one.evidence)
    return before != (proposal.rule, proposal.evidence)


def _is_refused(one: ProposalDraft, known: Iterable[Proposal]) -> bool:
    """Somebody said never for this merchant: for this phrase, a part of it, or one that begins with it."""
    refused = [p for p in known if p.is_of_merchant and p.status == ProposalStatus.NEVER]
    return any(p.direction == one.direction and is_one_merchant(p.phrase, one.draft.phrase) for p in refused)


def _waiting(ledger_id: int) -> Any:
    return Proposal.objects.filter(ledger_id=ledger_id, status=ProposalStatus.OPEN)


NOTHING_AGAINST = "No confirmed transaction speaks against this rule; to make it narrower, send the `conditions`."
WIDER = "That is wider, not narrower: it also matches “{}” of {}. Accept with these `conditions` if you mean it."
NOT_APART = (
    "Nothing in text, account, amount or currency sets its transactions apart from those that speak against it; "
    "send the `conditions`, or say never."
)


def accept_proposal(*, by: User, proposal: Proposal, fields: dict[str, Any]) -> Rule:
    """Make the rule; `fields` are checked. Raises Refusal unless the proposal is open."""
    with ledger_write(ledger_id_of(by)) as version:
        current = _still_open(proposal)
        rule = create_rule(by=by, fields=fields | {"origin": Origin.LEARNED})
        current.status, current.accepted_rule, current.version = ProposalStatus.ACCEPTED, rule, version
        current.save()
        return rule


def narrow_proposal(*, by: User, proposal: Proposal, catalog: Catalog) -> Proposal:
    """Add conditions that keep away from confirmed rows of other categories. Raises Refusal where there are none."""
    ledger_id = ledger_id_of(by)
    current = _still_open(proposal)
    rule = Rule(**current.rule)
    against = contradicting(rule, ledger_id=ledger_id, catalog=catalog)
    if not against:
        raise Refusal(NOTHING_AGAINST, code="nothing_against")
    examples, others = _subjects(current, against, catalog=catalog)
    added = separating(examples, others) if examples else []
    if not added:
        raise Refusal(NOT_APART, code="not_narrower")
    conditions = [*_as_all(rule), *(condition for condition in added if condition not in rule.conditions)]
    return replace_conditions(by=by, proposal=current, match="all", conditions=conditions)


def replace_conditions(*, by: User, proposal: Proposal, match: str, conditions: list[dict[str, Any]]) -> Proposal:
    """Give it other conditions, which are checked and stay from now on. Raises Refusal unless it is open."""
    with ledger_write(ledger_id_of(by)) as version:
        current = _still_open(proposal)
        current.rule = current.rule | {"match": match, "conditions": conditions}
        current.is_narrowed, current.version = True, version
        current.save()
        return current


def check_narrower(*, proposal: Proposal, match: str, conditions: list[dict[str, Any]], catalog: Catalog) -> None:
    """Raises Refusal where the conditions match a transaction that the proposal does not."""
    old = compile_stored(Rule(**proposal.rule))
    new = compile_stored(Rule(**proposal.rule | {"match": match, "conditions": conditions}))
    evaluator = Evaluator(ledger_id=proposal.ledger_id, matcher=Matcher(RuleSet([old, new])), catalog=catalog)
    rows = candidates([new], ledger_id=proposal.ledger_id)
    with pattern_budget():
        for record in read_stored_rows(rows, user=None, with_tags=evaluator.uses_tags):
            movement = evaluator.movement(record)
            if new.matches(movement) and not old.matches(movement):
                raise Refusal(WIDER.format(record.description, record.day), code="wider")


def refuse_proposal(*, by: User, proposal: Proposal, is_of_merchant: bool) -> Proposal:
    """Never again: this rule, or any for the merchant. Repeating it may widen it. Raises Refusal once accepted."""
    with ledger_write(ledger_id_of(by)) as version:
        current: Proposal = Proposal.objects.select_related("accepted_rule").get(pk=proposal.pk)
        if current.status == ProposalStatus.ACCEPTED:
            raise Refusal(_settled(current), code=current.status)
        current.status, current.version = ProposalStatus.NEVER, version
        current.is_of_merchant = current.is_of_merchant or is_of_merchant
        current.save()
        if current.is_of_merchant:
            _withdraw_others(current)
        return current


def move_proposals(*, ledger_id: int, category: int, into: int, version: int) -> None:
    """Let proposals of a category be of another one, which takes its place; not where that has the same already."""
    for proposal in Proposal.objects.filter(ledger_id=ledger_id, category=category):
        twins = Proposal.objects.filter(
            ledger_id=ledger_id, category=into, phrase=proposal.phrase, direction=proposal.direction
        )
        if twins.exists():
            proposal.delete()
            continue
        actions = [_moved(action, category, into) for action in proposal.rule["actions"]]
        proposal.rule, proposal.category_id, proposal.version = proposal.rule | {"actions": actions}, into, version
        proposal.save()


def _moved(action: dict[str, Any], category: int, into: int) -> dict[str, Any]:
    is_of_it = action["type"] == "set_category" and action["value"] == category
    return action | {"value": into} if is_of_it else action


def free_name(name: str, *, ledger_id: int) -> str:
    """The name, with a number behind it where another rule has it."""
    taken = set(Rule.objects.filter(ledger_id=ledger_id).values_list("name", flat=True))
    numbered = (f"{name[: NAME_LENGTH - 6]} {n}" for n in count(2))
    return name if name not in taken else next(other for other in numbered if other not in taken)


def _withdraw_others(refused: Proposal) -> None:
    others = Proposal.objects.filter(
        ledger_id=refused.ledger_id, direction=refused.direction, status=ProposalStatus.OPEN
    )
    of_merchant = [other.pk for other in others if is_one_merchant(other.phrase, refused.phrase)]
    others.filter(pk__in=of_merchant).delete()


def _still_open(proposal: Proposal) -> Proposal:
    current: Proposal = Proposal.objects.select_related("accepted_rule").get(pk=proposal.pk)
    if current.status != ProposalStatus.OPEN:
        raise Refusal(_settled(current), code=current.status)
    return current


def _settled(proposal: Proposal) -> str:
    if proposal.status == ProposalStatus.NEVER:
        return "You said never to this proposal; make the rule yourself if you want it after all."
    rule = proposal.accepted_rule
    what = f"it is your rule “{rule.name}” now" if rule else "you deleted its rule since; make one yourself"
    return f"You accepted this proposal: {what}."


def _as_all(rule: Rule) -> list[dict[str, Any]]:
    """Its conditions as part of a list of which all must hold."""
    if rule.match == "all":
        return list(rule.conditions)
    return [{"match": "any", "negate": False, "conditions": rule.conditions}]


def _subjects(
    proposal: Proposal, against: list[StoredRow], *, catalog: Catalog
) -> tuple[list[Movement], list[Movement]]:
    """The corrections that the rule matches, and what speaks against it."""
    compiled = compile_stored(Rule(**proposal.rule))
    evaluator = Evaluator(ledger_id=proposal.ledger_id, matcher=Matcher(RuleSet([compiled])), catalog=catalog)
    rows = Transaction.objects.filter(ledger_id=proposal.ledger_id, pk__in=proposal.evidence)
    records = read_stored_rows(rows, user=None, with_tags=evaluator.uses_tags)
    examples = [movement for movement in map(evaluator.movement, records) if compiled.matches(movement)]
    return examples, [evaluator.movement(record) for record in against]
