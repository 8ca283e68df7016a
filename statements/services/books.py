"""Files of programs that keep books: what the ledger lacks for them is created with the commit, and taken back with it.

`Import.book` holds the plan: `categories`, a list of {path, kind, name, parent, category}, and `created`, the ids of
what the commit created. `last_tag` is the highest id that a tag had before.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.db.models.deletion import ProtectedError

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.ledger.money import round_to_minor_units
from expenses.models import Account, Category, Run, Tag, Transaction
from expenses.models.ledgers import Role, work_in
from expenses.services.accounts import delete_account, open_account
from expenses.services.categories import create_category, delete_category
from expenses.services.edits import Author
from expenses.services.ledger_lock import Refusal, ledger_write, make_room
from expenses.services.pairs import SOURCE, join_rows
from expenses.services.runs import advance
from expenses.services.tags import delete_tag
from statements.book_plan import NAME_LENGTH, stored_plan
from statements.entries import Entry, targets_of
from statements.models import Import

PAIRS_AT_ONCE = 500
#: Names that a sentence lists.
MOST_NAMED = 3


def sentences(statement: Import, planned: Catalog) -> list[str]:
    """Return what the commit of books will create, and which categories go elsewhere, as sentences.

    `planned` also has the categories that the commit will create.
    """
    plan = stored_plan(statement)
    new = [_path(category, planned) for one in plan if one.category is None and (category := planned.find(one.name))]
    moved = [f"{':'.join(one.path)} → {one.name}" for one in plan if one.is_elsewhere]
    opened = [named["name"] for named in statement.accounts if _is_new(named)]
    found = []
    for what, names in (("Accounts", opened), ("Categories", new)):
        if names:
            found.append(f"{what} that the commit creates: {_listed(names)}.")
    if moved:
        found.append(f"Categories that the ledger has in another place: {_listed(moved)}.")
    lost = [named["name"] for named in statement.accounts if named["account"] and named["opening_balance"]]
    if lost:
        found.append(f"Opening balances of accounts that you have already are left out: {_listed(lost)}.")
    return found


def _is_new(named: Mapping[str, Any]) -> bool:
    """Return True for an account of the file that the commit creates: one without rows, or with one that is new."""
    return named["account"] is None and (not named["n_rows"] or named["n_new"] > 0)


def _path(category: Category, catalog: Catalog) -> str:
    parent = catalog.categories.get(category.parent_id or 0)
    return f"{parent.display_name}:{category.name}" if parent else category.name


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"“{name}”" for name in names[:MOST_NAMED])
    return shown if len(names) <= MOST_NAMED else f"{shown} and {len(names) - MOST_NAMED} more"


def open_book(statement: Import, *, run: Run) -> None:
    """Create the accounts and categories that the file needs. A commit that was interrupted finds what it created."""
    user = _author(run)
    with ledger_write(statement.ledger_id) as version:
        advance(run, n_rows=0)
        statement.refresh_from_db(fields=["accounts", "book"])  # another worker may have created some before it died
        targets = targets_of(statement)
        created: dict[str, list[int]] = {"accounts": [], "categories": [], **statement.book.get("created", {})}
        for named in statement.accounts:
            if _is_new(named):
                currency = targets[named["key"]].currency
                fields = {
                    "name": _account_name(statement, named["name"]),
                    "currency": currency,
                    "opening_balance": round_to_minor_units(Decimal(named["opening_balance"] or 0), currency),
                }
                account = open_account(by=user, fields=fields)
                named |= {"account": account.pk, "matched_by": "created"}
                created["accounts"].append(account.pk)
        catalog = Catalog.load(statement.ledger_id)
        for one in stored_plan(statement):
            is_gone = one.category not in catalog.categories  # deleted since the file was read, or never there
            if is_gone and catalog.find(one.name) is None:
                parent = catalog.find(one.parent) if one.parent else None
                if one.parent and parent is None:
                    parent = create_category(by=user, fields={"name": one.parent, "kind": one.kind})
                    created["categories"].append(parent.pk)
                is_parent = parent is not None and parent.kind == one.kind and parent.parent_id is None
                fields = {"name": one.name, "kind": one.kind, "parent": parent if is_parent else None}
                created["categories"].append(create_category(by=user, fields=fields).pk)
                catalog = Catalog.load(statement.ledger_id)
        last_tag = (
            Tag.objects.filter(ledger_id=statement.ledger_id).order_by("-pk").values_list("pk", flat=True).first()
        )
        statement.book = {"last_tag": last_tag or 0, **statement.book, "created": created}
        Import.objects.filter(pk=statement.pk).update(accounts=statement.accounts, book=statement.book, version=version)


def _author(run: Run) -> User:
    """Return the user of a run, at work in the run's ledger; an admin has another one."""
    work_in(run.ledger, user=run.user, role=Role.EDITOR)
    return run.user


def _account_name(statement: Import, name: str) -> str:
    """Return the name of a new account, with a number if a closed or other account has it."""
    names = Account.objects.filter(ledger_id=statement.ledger_id).values_list("name", flat=True)
    taken = {one.casefold() for one in names}
    wanted = name.strip()[: NAME_LENGTH - 5]
    candidates = [wanted, *(f"{wanted} ({i})" for i in range(2, 1000))]
    return next(one for one in candidates if one.casefold() not in taken)


def join_transfers(pairs: Mapping[str, Sequence[Entry]], *, run: Run) -> None:
    """Join the recorded halves of the transfers that the file shows, by its id of each."""
    prints = [entry.fingerprint for entries in pairs.values() for entry in entries]
    ids: dict[tuple[int | None, str], int] = {}
    for start in range(0, len(prints), PAIRS_AT_ONCE):
        rows = Transaction.objects.filter(run=run, fingerprint__in=prints[start : start + PAIRS_AT_ONCE], transfer=None)
        for pk, account, fingerprint in rows.order_by().values_list("pk", "account_id", "fingerprint"):
            ids[account, fingerprint] = pk
    halves: list[tuple[int, int]] = []
    for entries in pairs.values():
        out = [entry for entry in entries if entry.direction == "out"]
        into = [entry for entry in entries if entry.direction == "in"]
        if len(out) == len(into) == 1:
            found = [ids.get((one.account.pk if one.account else None, one.fingerprint)) for one in (*out, *into)]
            if found[0] is not None and found[1] is not None:
                halves.append((found[0], found[1]))
    for start in range(0, len(halves), PAIRS_AT_ONCE):
        with ledger_write(run.ledger_id):
            join_rows(halves[start : start + PAIRS_AT_ONCE], ledger_id=run.ledger_id, author=Author(SOURCE, run=run))
        make_room()


def note_tags(statement: Import, *, run: Run) -> None:
    """Note the tags that are new since the commit began and that its rows have. Call it under the ledger's lock."""
    if "last_tag" not in statement.book:
        return
    links = Transaction.tags.through.objects.filter(transaction__run=run, tag__gt=statement.book["last_tag"])
    tags = sorted(set(links.values_list("tag_id", flat=True)))
    statement.book = {**statement.book, "created": {**statement.book.get("created", {}), "tags": tags}}
    Import.objects.filter(pk=statement.pk).update(book=statement.book)


def close_book(statement: Import, *, run: Run) -> None:
    """Remove what the commit created and nothing uses by now."""
    created = statement.book.get("created", {})
    user = _author(run)
    categories = Category.objects.filter(ledger_id=statement.ledger_id, pk__in=created.get("categories", []))
    for category in categories.order_by(F("parent").desc(nulls_last=True), "-pk"):
        try:
            delete_category(by=user, category=category)
        except Refusal:
            continue  # somebody uses it
    for account in Account.objects.filter(ledger_id=statement.ledger_id, pk__in=created.get("accounts", [])):
        if not Transaction.objects.filter(account=account).exists():
            try:
                delete_account(by=user, account=account)
            except ProtectedError:
                continue
    for tag in Tag.objects.filter(ledger_id=statement.ledger_id, pk__in=created.get("tags", [])):
        if not Transaction.tags.through.objects.filter(tag=tag).exists():
            delete_tag(by=user, tag=tag)
    statement.refresh_from_db(fields=["accounts", "book"])
    book = {name: value for name, value in statement.book.items() if name != "last_tag"}
    Import.objects.filter(pk=statement.pk).update(book={**book, "created": {}})
