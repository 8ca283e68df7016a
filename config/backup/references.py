"""Ids that stand inside other values than foreign keys: in JSON, in names, in plain numbers.

Each function returns its value with every id given to `refer(table, id)`. A backup is written and read by the same
functions: one `refer` makes places in a table of ids, the other ids of places.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

Refer = Callable[[str, Any], Any]
Row = Mapping[str, Any]

ACCOUNT, CATEGORY, RULE, RUN = "expenses.Account", "expenses.Category", "rules.Rule", "expenses.Run"
TAG, TRANSACTION = "expenses.Tag", "expenses.Transaction"
#: The table that the subject of a run is in, by the kind of the run.
SUBJECTS = {"import": "statements.Import", "rules": RULE, "thresholds": RUN}
#: Keys of plans, actions and answers whose values are ids.
NAMED = {"account": ACCOUNT, "category": CATEGORY, "set_category": CATEGORY, "suggested_category": CATEGORY}
JOURNALED = {"decision_id": "expenses.Decision", "transfer": "expenses.Transfer"}
#: The sentence of a question repeats the id that answers it.
ANSWER = re.compile(r'(?<=\{"account": )\d+')


def _all(table: str) -> "Callable[[Any, Refer, Row], Any]":
    return lambda value, refer, row: [refer(table, one) for one in value] if isinstance(value, list) else value


def _one(table: str) -> "Callable[[Any, Refer, Row], Any]":
    return lambda value, refer, row: refer(table, value)


def _held(value: Any, refer: Refer, row: Row) -> Any:
    if not isinstance(value, list):
        return value
    return [f"tag:{refer(TAG, int(one[4:]))}" if _is_tag(one) else one for one in value]


def _is_tag(held: Any) -> bool:
    return isinstance(held, str) and held.startswith("tag:") and held[4:].isascii() and held[4:].isdigit()


def _subject(value: Any, refer: Refer, row: Row) -> Any:
    table = SUBJECTS.get(row["kind"])
    return refer(table, value) if table else value


def _about(value: Any, refer: Refer, row: Row) -> Any:
    if isinstance(value, dict) and isinstance(value.get("rules"), list):
        rules = [one | {"id": refer(RULE, one.get("id"))} for one in value["rules"] if isinstance(one, dict)]
        value = value | {"rules": rules}
    if isinstance(value, dict) and "backtest" in value:
        value = value | {"backtest": refer(RUN, value["backtest"])}
    return value


def _plan(value: Any, refer: Refer, row: Row) -> Any:
    if not isinstance(value, dict):
        return value
    found = {name: refer(NAMED[name], one) if name in NAMED else one for name, one in value.items()}
    if isinstance(found.get("rules"), list):
        found["rules"] = [
            rule_with(one, refer) | {"id": refer(RULE, one.get("id"))} for one in found["rules"] if isinstance(one, dict)
        ]
    return found


def _journal(value: Any, refer: Refer, row: Row) -> Any:
    if not isinstance(value, dict):
        return value
    found = {}
    for name, pair in value.items():
        if name in NAMED and isinstance(pair, list):
            pair = [[refer(NAMED[name], one[0]), *one[1:]] if isinstance(one, list) and one else one for one in pair]
        elif name in JOURNALED and isinstance(pair, list):
            pair = [refer(JOURNALED[name], one) for one in pair]
        elif name == "held" and isinstance(pair, list):
            pair = [_held(one, refer, row) for one in pair]
        found[name] = pair
    return found


def _attempts(value: Any, refer: Refer, row: Row) -> Any:
    """Calls of the model are named by the answers that came of them."""
    if not isinstance(value, list):
        return value
    return [one | {"details": _details(one["details"], refer)} if _has_details(one) else one for one in value]


def _has_details(attempt: Any) -> bool:
    return isinstance(attempt, dict) and isinstance(attempt.get("details"), dict)


def _details(details: dict[str, Any], refer: Refer) -> dict[str, Any]:
    found = dict(details)
    if isinstance(found.get("calls"), list):
        found["calls"] = [refer("expenses.ModelCall", call) for call in found["calls"]]
    if isinstance(found.get("questions"), list):
        found["questions"] = [
            one | {"call": refer("expenses.ModelCall", one["call"])} if isinstance(one, dict) and "call" in one else one
            for one in found["questions"]
        ]
    return found


def _conditions(value: Any, refer: Refer, row: Row) -> Any:
    if not isinstance(value, list):
        return value
    return [_condition(one, refer, row) if isinstance(one, dict) else one for one in value]


def _condition(value: dict[str, Any], refer: Refer, row: Row) -> dict[str, Any]:
    if "conditions" in value:
        return value | {"conditions": _conditions(value["conditions"], refer, row)}
    table = NAMED.get(str(value.get("field")))
    if table is None or "value" not in value:
        return value
    wanted = value["value"]
    return value | {"value": [refer(table, one) for one in wanted] if isinstance(wanted, list) else refer(table, wanted)}


def _actions(value: Any, refer: Refer, row: Row) -> Any:
    if not isinstance(value, list):
        return value
    return [
        one | {"value": refer(CATEGORY, one.get("value"))} if isinstance(one, dict) and one.get("type") in NAMED else one
        for one in value
    ]


def rule_with(value: dict[str, Any], refer: Refer) -> dict[str, Any]:
    """Return the fields of a rule with its references."""
    found = dict(value)
    for name, change in (("conditions", _conditions), ("actions", _actions)):
        if name in found:
            found[name] = change(found[name], refer, {})
    return found


def _proposed(value: Any, refer: Refer, row: Row) -> Any:
    return rule_with(value, refer) if isinstance(value, dict) else value


def _questions(value: Any, refer: Refer, row: Row) -> Any:
    if not isinstance(value, list):
        return value
    return [_question(one, refer) if isinstance(one, dict) else one for one in value]


def _question(question: dict[str, Any], refer: Refer) -> dict[str, Any]:
    if not str(question.get("attr")).startswith("account"):
        return question
    found = dict(question)
    if isinstance(found.get("alternatives"), list):
        found["alternatives"] = [refer(ACCOUNT, one) for one in found["alternatives"]]
    if isinstance(found.get("detail"), str):
        found["detail"] = ANSWER.sub(lambda match: str(refer(ACCOUNT, int(match[0]))), found["detail"])
    return found


def _accounts(value: Any, refer: Refer, row: Row) -> Any:
    if not isinstance(value, list):
        return value
    return [
        one | {"account": refer(ACCOUNT, one["account"])} if isinstance(one, dict) and "account" in one else one
        for one in value
    ]


def _anomaly_key(value: Any, refer: Refer, row: Row) -> Any:
    """The key of an unusual week names its category: `unusual_week-12-2026-11-02`."""
    kind, _, rest = str(value).partition("-")
    category, dash, week = rest.partition("-")
    if kind != "unusual_week" or not dash:
        return value
    place = refer(CATEGORY, int(category)) if category.isascii() and category.isdigit() else refer(CATEGORY, category)
    return f"{kind}-{place}-{week}"


#: Column → the function that finds its ids.
IDS: dict[str, Callable[[Any, Refer, Row], Any]] = {
    "expenses.Transaction.held": _held,
    "expenses.Decision.source_id": _one(RULE),
    "expenses.Decision.attempts": _attempts,
    "expenses.Run.subject": _subject,
    "expenses.Run.about": _about,
    "expenses.Plan.rows": _all(TRANSACTION),
    "expenses.Plan.changes": _plan,
    "expenses.Omission.transaction": _one(TRANSACTION),
    "expenses.Change.fields": _journal,
    "expenses.TrackRecord.used": _all(CATEGORY),
    "rules.Rule.conditions": _conditions,
    "rules.Rule.actions": _actions,
    "rules.Proposal.rule": _proposed,
    "rules.Proposal.evidence": _all(TRANSACTION),
    "insights.AnomalyFeedback.key": _anomaly_key,
    "insights.AnomalyFeedback.transactions": _all(TRANSACTION),
    "insights.RecurringChoice.transactions": _all(TRANSACTION),
    "statements.Import.questions": _questions,
    "statements.Import.accounts": _accounts,
}
#: Columns of JSON and of plain large numbers that hold no ids.
WITHOUT_IDS = {
    "expenses.Attachment.size", "expenses.BacktestResult.body", "expenses.BacktestResult.outcomes",
    "expenses.LedgerCategory.keywords", "expenses.ModelCall.n_bytes_received", "expenses.ModelCall.n_bytes_sent",
    "expenses.PrivacyChoices.names", "expenses.Run.counts", "expenses.Run.done", "expenses.Run.total",
    "expenses.TrackRecord.answer_records", "expenses.TrackRecord.corrections",
    "expenses.TrackRecord.evidence_thresholds", "expenses.TrackRecord.links", "expenses.TrackRecord.thresholds",
    "insights.Narrative.sentences", "rules.Rule.n_timeouts", "rules.Rule.triggers", "statements.Import.columns",
    "statements.Import.confirmed_currencies", "statements.Import.n_duplicates", "statements.Import.n_errors",
    "statements.Import.n_new", "statements.Import.n_rows", "statements.Import.n_skipped", "statements.Import.profile",
    "statements.Import.totals", "statements.Import.warnings", "statements.Profile.columns", "statements.Profile.profile",
}  # fmt: skip
