"""Ids that stand inside other values than foreign keys: in JSON, in names, in plain numbers.

Each function returns its value with every id given to `refer(table, id)`. A backup is written and read by the same
functions: one `refer` makes places in a table of ids, the other ids of places. They raise OddShape for a value that is
made otherwise than Outlay makes it: an id in an odd place could name the row of somebody else.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

Refer = Callable[[str, Any], Any]
Row = Mapping[str, Any]
Find = Callable[[Any, Refer, Row], Any]

ACCOUNT, CATEGORY, RULE, RUN = "expenses.Account", "expenses.Category", "rules.Rule", "expenses.Run"
TAG, TRANSACTION, CALL = "expenses.Tag", "expenses.Transaction", "expenses.ModelCall"
#: The table that the subject of a run is in, by the kind of the run.
SUBJECTS = {"import": "statements.Import", "rules": RULE, "thresholds": RUN}
#: Keys of plans, actions and answers whose values are ids.
NAMED = {"account": ACCOUNT, "category": CATEGORY, "set_category": CATEGORY, "suggested_category": CATEGORY}
JOURNALED = {"decision_id": "expenses.Decision", "transfer": "expenses.Transfer"}
#: What a merge of duplicates moved.
MOVED = {"attachments": "expenses.Attachment", "traces": "expenses.StatementTrace"}
#: The sentence of a question repeats the id that answers it.
ANSWER = re.compile(r'(?<=\{"account": )\d+')
#: Figures of a category are named `category-12-share`, and the key of an unusual week is `unusual_week-12-2026-11-02`.
CATEGORY_NAME = re.compile(r"(?s)(category|unusual_week)-([^-]*)-(.*)")


class OddShape(ValueError):
    """A value that is made otherwise than Outlay makes it."""


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise OddShape
    return value


def _dict(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise OddShape
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise OddShape
    return value


def _with(value: Any, /, **changes: Callable[[Any], Any]) -> dict[str, Any]:
    """Return a JSON object whose values of these keys are changed, as far as it has them."""
    return _dict(value) | {name: change(value[name]) for name, change in changes.items() if name in value}


def _one(table: str) -> Find:
    return lambda value, refer, row: refer(table, value)


def _all(table: str) -> Find:
    return lambda value, refer, row: [refer(table, one) for one in _list(value)]


def _held(value: Any, refer: Refer, row: Row) -> Any:
    return [_held_field(_text(one), refer) for one in _list(value)]


def _held_field(name: str, refer: Refer) -> str:
    kind, _, tag = name.partition(":")
    return f"tag:{refer(TAG, int(tag))}" if kind == "tag" and tag.isascii() and tag.isdigit() else name


def _subject(value: Any, refer: Refer, row: Row) -> Any:
    return refer(SUBJECTS.get(str(row["kind"]), RUN), value)


def _about(value: Any, refer: Refer, row: Row) -> Any:
    return _with(value, rules=lambda rules: _rules(rules, refer), backtest=lambda run: refer(RUN, run))


def _plan(value: Any, refer: Refer, row: Row) -> Any:
    found = _with(value, rules=lambda rules: _rules(rules, refer))
    return {name: refer(NAMED[name], one) if name in NAMED else one for name, one in found.items()}


def _journal(value: Any, refer: Refer, row: Row) -> Any:
    return {name: [_journaled(name, one, refer) for one in _list(pair)] for name, pair in _dict(value).items()}


def _journaled(name: str, value: Any, refer: Refer) -> Any:
    """Return a value as it was before or after. Accounts and categories are id and name."""
    if name in NAMED and value is not None:
        number, *names = _list(value)
        return [refer(NAMED[name], number), *names]
    if name in JOURNALED:
        return refer(JOURNALED[name], value)
    return _held(value, refer, {}) if name == "held" else value


def _attempts(value: Any, refer: Refer, row: Row) -> Any:
    return [_with(one, details=lambda details: _details(details, refer)) for one in _list(value)]


def _details(value: Any, refer: Refer) -> dict[str, Any]:
    return _with(
        value,
        rules=lambda rules: _rules(rules, refer),
        run=lambda run: refer(RUN, run),
        calls=lambda calls: [refer(CALL, call) for call in _list(calls)],
        questions=lambda asked: [_with(one, call=lambda call: refer(CALL, call)) for one in _list(asked)],
    )


def _rules(value: Any, refer: Refer) -> list[Any]:
    return [_with(_rule(one, refer, {}), id=lambda number: refer(RULE, number)) for one in _list(value)]


def _rule(value: Any, refer: Refer, row: Row) -> dict[str, Any]:
    return _with(
        value,
        conditions=lambda conditions: _conditions(conditions, refer, row),
        actions=lambda actions: _actions(actions, refer, row),
    )


def _conditions(value: Any, refer: Refer, row: Row) -> Any:
    return [_condition(_dict(one), refer, row) for one in _list(value)]


def _condition(value: dict[str, Any], refer: Refer, row: Row) -> dict[str, Any]:
    table = NAMED.get(str(value.get("field")))
    changes: dict[str, Callable[[Any], Any]] = {"conditions": lambda inner: _conditions(inner, refer, row)}
    if table is not None:
        changes["value"] = lambda wanted: _wanted(wanted, table, refer)
    return _with(value, **changes)


def _wanted(value: Any, table: str, refer: Refer) -> Any:
    return [refer(table, one) for one in value] if isinstance(value, list) else refer(table, value)


def _actions(value: Any, refer: Refer, row: Row) -> Any:
    return [
        _with(one, value=lambda category: refer(CATEGORY, category)) if str(_dict(one).get("type")) in NAMED else one
        for one in _list(value)
    ]


def _questions(value: Any, refer: Refer, row: Row) -> Any:
    return [_question(_dict(one), refer) for one in _list(value)]


def _question(question: dict[str, Any], refer: Refer) -> dict[str, Any]:
    if not str(question.get("attr")).startswith("account"):
        return question
    return _with(
        question,
        alternatives=lambda ids: [refer(ACCOUNT, one) for one in _list(ids)],
        detail=lambda text: ANSWER.sub(lambda match: str(refer(ACCOUNT, int(match[0]))), _text(text)),
    )


def _accounts(value: Any, refer: Refer, row: Row) -> Any:
    def find(number: Any) -> Any:
        return refer(ACCOUNT, number)

    return [_with(one, account=find, answer=find) for one in _list(value)]


def _book(value: Any, refer: Refer, row: Row) -> Any:
    """Return the plan of a program's books, and what their commit created."""
    return _with(
        value,
        categories=lambda plan: [_with(one, category=lambda number: refer(CATEGORY, number)) for one in _list(plan)],
        created=lambda made: _with(
            made,
            accounts=lambda ids: [refer(ACCOUNT, one) for one in _list(ids)],
            categories=lambda ids: [refer(CATEGORY, one) for one in _list(ids)],
        ),
    )


def _matches(value: Any, refer: Refer, row: Row) -> Any:
    """Return the possible duplicates of a file: key of a row → transaction, of each sort."""
    return {
        sort: {_row_key(key, refer): refer(TRANSACTION, one) for key, one in _dict(found).items()}
        for sort, found in _dict(value).items()
    }


def _row_key(key: str, refer: Refer) -> str:
    """Return the key of a row of a file: the account, which may be missing, and the fingerprint."""
    account, colon, fingerprint = key.rpartition(":")
    if account and not (account.isascii() and account.isdigit()):
        raise OddShape
    return f"{refer(ACCOUNT, int(account)) if account else ''}{colon}{fingerprint}"


def _moved(value: Any, refer: Refer, row: Row) -> Any:
    if not _dict(value).keys() <= MOVED.keys():
        raise OddShape
    return {name: [refer(MOVED[name], one) for one in _list(ids)] for name, ids in value.items()}


def _category_name(value: Any, refer: Refer, row: Row) -> Any:
    found = CATEGORY_NAME.fullmatch(_text(value))
    if found is None:
        return value
    kind, category, rest = found.groups()
    place = refer(CATEGORY, int(category) if category.isascii() and category.isdigit() else category)
    return f"{kind}-{place}-{rest}"


def _sentences(value: Any, refer: Refer, row: Row) -> Any:
    return [
        _with(one, figures=lambda names: [_category_name(name, refer, row) for name in _list(names)])
        for one in _list(value)
    ]


#: Column → the function that finds its ids.
IDS: dict[str, Find] = {
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
    "rules.Proposal.rule": _rule,
    "rules.Proposal.evidence": _all(TRANSACTION),
    "insights.AnomalyFeedback.key": _category_name,
    "insights.AnomalyFeedback.transactions": _all(TRANSACTION),
    "insights.RecurringChoice.transactions": _all(TRANSACTION),
    "insights.Narrative.sentences": _sentences,
    "statements.Import.questions": _questions,
    "statements.Import.accounts": _accounts,
    "statements.Import.book": _book,
    "statements.Import.matches": _matches,
    "expenses.Duplicate.moved": _moved,
}
#: Columns of JSON and of plain large numbers that hold no ids.
WITHOUT_IDS = {
    "expenses.Attachment.size", "expenses.BacktestResult.body", "expenses.BacktestResult.outcomes",
    "expenses.LedgerCategory.keywords", "expenses.ModelCall.n_bytes_received", "expenses.ModelCall.n_bytes_sent",
    "expenses.PrivacyChoices.names", "expenses.Run.counts", "expenses.Run.done", "expenses.Run.total",
    "expenses.TrackRecord.answer_records", "expenses.TrackRecord.corrections",
    "expenses.TrackRecord.evidence_thresholds", "expenses.TrackRecord.links", "expenses.TrackRecord.thresholds",
    "rules.Rule.n_timeouts", "rules.Rule.triggers", "statements.Import.columns",
    "expenses.Duplicate.reasons", "statements.Import.losses",
    "statements.Import.confirmed_currencies", "statements.Import.n_duplicates", "statements.Import.n_errors",
    "statements.Import.n_new", "statements.Import.n_rows", "statements.Import.n_skipped", "statements.Import.profile",
    "statements.Import.totals", "statements.Import.warnings", "statements.Profile.columns",
    "statements.Profile.profile",
}  # fmt: skip
