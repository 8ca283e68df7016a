"""Accounts that a file names: which of the ledger they are, what is asked about them, and what they take over.

`Import.accounts` holds an object for each. Beside the fields that the API shows, `answer` is the id that a person
chose, `confirmed_currencies` are those that may go there, and `given` are the fields that the commit wrote.
"""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from expenses.models import Account
from statements.delimited.words import SHARED_SYMBOLS
from statements.entries import StatementSummary
from statements.formats import importer_named
from statements.importer import FileAccount, ReadingQuestion
from statements.models import NO_CURRENCY, OTHER_ACCOUNT, OTHER_CURRENCY, UNKNOWN_ACCOUNT, Import
from statements.services.account_matching import contradicts, match_account, missing_numbers

#: Ids of accounts that a question offers.
MAX_OFFERED = 20


def stored_accounts(accounts: Iterable[FileAccount]) -> list[dict[str, Any]]:
    """Return the accounts of a file as an import keeps them, before any is known."""
    return [
        {
            "key": named.key,
            "name": named.name,
            "iban": named.iban,
            "number": named.number,
            "bank": named.bank,
            "currency": named.currency,
            "balance": None if named.balance is None else str(named.balance),
            "balance_date": named.balance_date and named.balance_date.isoformat(),
            "opening_balance": None if named.opening_balance is None else str(named.opening_balance),
            "account": None,
            "matched_by": None,
            "n_rows": 0,
            "n_new": 0,
            "n_duplicates": 0,
            "totals": {},
            "new_numbers": {},
            "answer": None,
            "confirmed_currencies": [],
            "given": {},
        }
        for named in accounts
    ]


def assign_accounts(statement: Import) -> list[ReadingQuestion]:
    """Say into which account of the ledger the rows of each account go, and return the questions that remain.

    The account of the import takes the rows of a file that names one account which none of the ledger is known to be.
    """
    accounts = list(Account.objects.filter(ledger_id=statement.ledger_id))
    by_id = {account.pk: account for account in accounts}
    is_alone = len(statement.accounts) == 1
    is_book = importer_named(statement.format).is_book
    by_name = {account.name.casefold(): account for account in accounts if is_book}
    questions = []
    for stored in statement.accounts:
        named, answer = _named(stored), by_id.get(stored["answer"])
        match = match_account(named, accounts)
        own = statement.account if is_alone else None
        if answer is not None:
            account, by = answer, "answer"
        elif own is not None:
            account, by = own, "import" if match.account != own else match.by
            claimed = [match.account] if match.account else [*match.proposals]
            if (claimed and own not in claimed) or contradicts(named, own):
                questions.append(_other_account(named, own, claimed))
        else:
            account, by = match.account, match.by
            if account is None and named.name.strip().casefold() in by_name:
                account, by = by_name[named.name.strip().casefold()], "name"
            if account is None and not is_book:
                questions.append(_unknown_account(named, match.proposals, accounts))
        stored["account"], stored["matched_by"] = (account.pk, by) if account else (None, None)
        stored["new_numbers"] = missing_numbers(named, account) if account else {}
        if is_alone and account is not None:
            statement.account = account
    return questions


def count_rows(statement: Import, summary: StatementSummary, renamed: Mapping[str, int]) -> list[ReadingQuestion]:
    """Store what the rows of each account come to, and return the questions about their currencies.

    `renamed` says how many rows of each account, by its key in the file, book a pending row under another text.
    """
    unnamed = summary.accounts.get("")
    for stored in statement.accounts:
        # A table names its account once, and not in each row.
        found = summary.accounts.get(stored["key"], unnamed if len(statement.accounts) == 1 else None)
        n_rows, n_known = (len(found.fingerprints), found.n_known) if found else (0, 0)
        n_known += renamed.get(stored["key"], renamed.get("", 0) if len(statement.accounts) == 1 else 0)
        stored |= {"n_rows": n_rows, "n_new": n_rows - n_known, "n_duplicates": n_known}
        stored["totals"] = found.totals if found else {}
    totals, confirmed = statement.totals, statement.confirmed_currencies
    if len(statement.accounts) > 1:
        totals = summary.accounts[""].totals if "" in summary.accounts else {}
    questions = _other_currency(statement, "account", statement.account, totals, confirmed)
    if not questions and "" in summary.accounts and summary.accounts[""].lacks_currency:
        questions += _shared_symbol(statement)
    if statement.lacks_account and "" in summary.accounts and summary.accounts[""].lacks_currency:
        questions.append(_no_currency(statement))
    opens_one = any(not (stored["account"] or stored["currency"]) for stored in statement.accounts)
    if opens_one and importer_named(statement.format).is_book and not statement.profile.get("currency_code"):
        questions.append(_no_currency_of_books(statement))
    if len(statement.accounts) <= 1:
        return questions
    by_id = Account.objects.in_bulk([stored["account"] for stored in statement.accounts if stored["account"]])
    for stored in statement.accounts:
        attr, confirmed = f"accounts.{stored['key']}", stored["confirmed_currencies"]
        questions += _other_currency(statement, attr, by_id.get(stored["account"]), stored["totals"], confirmed)
    return questions


def answer_accounts(statement: Import, account: Account | None, chosen: Mapping[str, Account]) -> None:
    """Take over what a person answered about the account of the import, and about those that the file names.

    The account that is there already answers the question about currencies.
    """
    is_alone = len(statement.accounts) == 1
    if is_alone and chosen:
        account = next(iter(chosen.values()))
    if account is not None:
        asks_account = statement.asks(OTHER_ACCOUNT, about="account")
        if account != statement.account:
            statement.account, statement.confirmed_currencies = account, []
        elif statement.asks(OTHER_CURRENCY, about="account") and not asks_account:
            foreign = {*statement.totals, *_symbols(statement)} - {account.currency}
            statement.confirmed_currencies = sorted(foreign)
        if is_alone:
            statement.accounts[0]["answer"] = account.pk
    for stored in [] if is_alone else statement.accounts:
        answer = chosen.get(stored["key"])
        if answer is None:
            continue
        if stored["account"] != answer.pk:
            stored["confirmed_currencies"] = []
        elif statement.asks(OTHER_CURRENCY, about=f"accounts.{stored['key']}"):
            stored["confirmed_currencies"] = sorted(stored["totals"].keys() - {answer.currency})
        stored["answer"] = answer.pk


def write_numbers(statement: Import, *, version: int) -> list[dict[str, Any]]:
    """Give accounts without IBAN and number those of the file. Return the import's accounts with what was given.

    The caller holds the ledger's lock.
    """
    accounts = Account.objects.filter(ledger_id=statement.ledger_id)
    for stored in statement.accounts:
        account = accounts.filter(pk=stored["account"]).first()
        numbers = missing_numbers(_named(stored), account) if account else {}
        if account and "iban" in numbers:  # another account may have come by it since
            same = accounts.filter(iban=numbers["iban"], currency=account.currency)
            numbers = {name: value for name, value in numbers.items() if name != "iban" or not same.exists()}
        if numbers:
            accounts.filter(pk=stored["account"]).update(**numbers, version=version)
        stored |= {"new_numbers": numbers, "given": numbers}
    return list(statement.accounts)


def take_numbers_back(statement: Import, *, version: int) -> list[dict[str, Any]]:
    """Take IBAN and number back where a commit wrote them and nobody has changed them since.

    Return the import's accounts. The caller holds the ledger's lock.
    """
    accounts = Account.objects.filter(ledger_id=statement.ledger_id)
    for stored in statement.accounts:
        for field, value in stored["given"].items():
            accounts.filter(pk=stored["account"], **{field: value}).update(**{field: "", "version": version})
        stored["given"] = {}
    return list(statement.accounts)


def forget_account(account: int, *, ledger_id: int, version: int) -> None:
    """Let imports no longer name an account that is about to be deleted."""
    for statement in Import.objects.filter(ledger_id=ledger_id).exclude(accounts=[]).only("accounts"):
        of = [stored for stored in statement.accounts if account in (stored["account"], stored["answer"])]
        for stored in of:
            stored |= {"account": None, "matched_by": None, "answer": None, "new_numbers": {}, "given": {}}
        if of:
            Import.objects.filter(pk=statement.pk).update(accounts=statement.accounts, version=version)


def _named(stored: Mapping[str, Any]) -> FileAccount:
    texts = {name: stored[name] for name in ("key", "name", "iban", "number", "bank", "currency")}
    return FileAccount(**texts, balance=None if stored["balance"] is None else Decimal(stored["balance"]))


def _label(named: FileAccount) -> str:
    return f"“{named.iban or named.number or named.name or named.key}”"


def _unknown_account(named: FileAccount, proposals: Iterable[Account], accounts: Iterable[Account]) -> ReadingQuestion:
    likely = [account for account in proposals if account.is_active]
    others = [
        account
        for account in accounts
        if account.is_active
        and account not in likely
        and named.currency in ("", account.currency)
        and not contradicts(named, account)
    ]
    offered = [account.pk for account in (*likely, *others)][:MAX_OFFERED]
    says = f"The file names the account {_label(named)}, and no account is known to have this IBAN or number."
    if likely:
        names = " or ".join(f"“{account}”" for account in likely)
        says = f"The file names the account {_label(named)}, which may be {names}."
    attr = f"accounts.{named.key}"
    if not offered:
        answer = "Open an account with this IBAN or number (POST accounts/), and PATCH the import with {}."
        return ReadingQuestion(attr, UNKNOWN_ACCOUNT, f"{says} {answer}")
    answer = f"Say which one it is: PATCH the import with {_body('accounts', {named.key: offered[0]})}"
    answer += ", or with the id of another account."
    return ReadingQuestion(attr, UNKNOWN_ACCOUNT, f"{says} {answer}", tuple(offered))


def _other_account(named: FileAccount, own: Account, claimed: list[Account]) -> ReadingQuestion:
    says = f"The file is of the account {_label(named)}, and “{own}” has another IBAN or number."
    choose = "Choose another account"
    if claimed:
        names = " or ".join(f"“{account}”" for account in claimed)
        says = f"The file is of the account {_label(named)}, which {'is' if len(claimed) == 1 else 'may be'} {names}."
        choose = f"For {names}, PATCH the import with {_body('account', claimed[0].pk)}"
    detail = f"{says} {choose}, or confirm “{own}”: PATCH the import with {_body('account', own.pk)}."
    return ReadingQuestion("account", OTHER_ACCOUNT, detail, (own.pk, *(account.pk for account in claimed)))


def _no_currency(statement: Import) -> ReadingQuestion:
    base = statement.user.base_currency
    accounts = Account.objects.filter(ledger_id=statement.ledger_id, is_active=True)
    offered = tuple(accounts.values_list("pk", flat=True)[:MAX_OFFERED])
    if offered:
        answer = f"PATCH the import with {_body('account', offered[0])}, or with the id of another account."
    else:
        answer = f"Open one (POST accounts/), and PATCH the import with {_body('account', 'its name')}."
    detail = f"The file names no currency. Amounts are shown in {base}, and count in that of the account. {answer}"
    return ReadingQuestion("account", NO_CURRENCY, detail, offered)


def _no_currency_of_books(statement: Import) -> ReadingQuestion:
    base = statement.user.base_currency
    detail = (
        "The file names no currency, or has a symbol that several share, such as $. "
        f"Amounts are shown in {base}. To confirm this, PATCH the import with "
        f"{_body('profile', {'currency_code': base})}; otherwise send another code of ISO 4217."
    )
    return ReadingQuestion("currency_code", NO_CURRENCY, detail, (base,))


def _other_currency(
    statement: Import, attr: str, account: Account | None, totals: Mapping[str, Any], confirmed: Iterable[str]
) -> list[ReadingQuestion]:
    """Return the question about rows in other currencies than the account's, unless its owner has confirmed them."""
    others = sorted(totals.keys() - {account.currency}) if account else []
    if account is None or set(others) <= set(confirmed):
        return []
    accounts = Account.objects.filter(ledger_id=statement.ledger_id, currency__in=others, is_active=True)
    field, _, key = attr.partition(".")
    body = _body(field, {key: account.pk} if key else account.pk)
    detail = (
        f"Rows are in {', '.join(others)}, and “{account}” is an account in {account.currency}. "
        f"Choose another account, or confirm this one: PATCH the import with {body}."
    )
    alternatives = (account.pk, *accounts.values_list("pk", flat=True))
    return [ReadingQuestion(attr, OTHER_CURRENCY, detail, alternatives)]


def _symbols(statement: Import) -> set[str]:
    """Return the symbols that stand beside amounts of the file, and that several currencies have."""
    profiles = [statement.profile, *statement.profile.get("files", {}).values()]
    return {symbol for profile in profiles if (symbol := profile.get("currency_symbol"))}


def _shared_symbol(statement: Import) -> list[ReadingQuestion]:
    """Return the question about amounts with the symbol of other currencies than the account's."""
    account = statement.account
    foreign = {symbol for symbol in _symbols(statement) if account and account.currency not in SHARED_SYMBOLS[symbol]}
    open_symbols = sorted(foreign - set(statement.confirmed_currencies))
    if account is None or not open_symbols:
        return []
    currencies = {currency for symbol in open_symbols for currency in SHARED_SYMBOLS[symbol]}
    accounts = Account.objects.filter(ledger_id=statement.ledger_id, currency__in=currencies, is_active=True)
    named = " and ".join(f"“{symbol}”" for symbol in open_symbols)
    detail = (
        f"Amounts are in {named}, and “{account}” is an account in {account.currency}. Choose another account, or "
        f"confirm that they are in {account.currency}: PATCH the import with {_body('account', account.pk)}."
    )
    return [ReadingQuestion("account", OTHER_CURRENCY, detail, (account.pk, *accounts.values_list("pk", flat=True)))]


def _body(field: str, value: Any) -> str:
    return json.dumps({field: value}, ensure_ascii=False)
