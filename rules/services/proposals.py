"""What people say of proposed rules: yes, yes but narrower, never."""

from itertools import count
from typing import Any

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.models import Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.services.ledger_lock import Refusal, ledger_write
from rules.compiling import compile_stored
from rules.conditions import Subject
from rules.engine import Asking, RuleSet
from rules.models import Origin, Proposal, ProposalStatus, Rule
from rules.operators.patterns import limited_time
from rules.proposals.phrases import is_one_merchant
from rules.proposals.separation import separating
from rules.records import Record, read_records
from rules.services.drafting import NAME_LENGTH
from rules.services.radius import candidates, contradicting
from rules.services.rules import create_rule
from rules.settler import Settler

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
    settler = Settler(ledger_id=proposal.ledger_id, asking=Asking(RuleSet([old, new])), catalog=catalog)
    rows = candidates([new], ledger_id=proposal.ledger_id)
    with limited_time():
        for record in read_records(rows, user=None, with_tags=settler.uses_tags):
            subject = settler.subject(record)
            if new.matches(subject) and not old.matches(subject):
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


def _subjects(proposal: Proposal, against: list[Record], *, catalog: Catalog) -> tuple[list[Subject], list[Subject]]:
    """The corrections that the rule matches, and what speaks against it."""
    compiled = compile_stored(Rule(**proposal.rule))
    settler = Settler(ledger_id=proposal.ledger_id, asking=Asking(RuleSet([compiled])), catalog=catalog)
    rows = Transaction.objects.filter(ledger_id=proposal.ledger_id, pk__in=proposal.evidence)
    records = read_records(rows, user=None, with_tags=settler.uses_tags)
    examples = [subject for subject in map(settler.subject, records) if compiled.matches(subject)]
    return examples, [settler.subject(record) for record in against]
