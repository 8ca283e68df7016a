"""The words of Firefly III's rules (its search operators), and why some of them have no equal here."""

#: Other words for the same trigger.
ALIASES = {
    "description": "description_is",
    "notes": "notes_contains",
    "notes_contain": "notes_contains",
    "notes_are": "notes_is",
    "notes_start": "notes_starts",
    "notes_end": "notes_ends",
    "has_any_notes": "any_notes",
    "has_notes": "any_notes",
    "type": "transaction_type",
    "tag": "tag_is",
    "category": "category_contains",
    "amount": "amount_is",
    "amount_exactly": "amount_is",
    "amount_max": "amount_less",
    "less": "amount_less",
    "amount_min": "amount_more",
    "more": "amount_more",
    "date": "date_on",
    "date_is": "date_on",
    "on": "date_on",
    "before": "date_before",
    "after": "date_after",
    "source": "source_account_contains",
    "from": "source_account_contains",
    "destination": "destination_account_contains",
    "to": "destination_account_contains",
}
#: Beginnings of other words for the same trigger.
ALIAS_PREFIXES = {"from_account_": "source_account_", "to_account_": "destination_account_"}

#: How the end of a trigger's name asks, in the words used here.
TEXT_OPS = {"is": "equals", "contains": "contains", "starts": "starts_with", "ends": "ends_with"}

#: Why a trigger cannot be asked here → how the names of such triggers begin.
UNKNOWN_TRIGGERS = {
    "A rule here cannot ask for a budget.": (
        "budget",
        "has_any_budget",
        "has_no_budget",
    ),
    "A rule here cannot ask for a bill or subscription.": (
        "bill",
        "has_any_bill",
        "has_no_bill",
    ),
    "A rule here asks for whole categories, not for a part of their names.": ("category_",),
    "A rule here asks for whole tags, not for a part of their names.": ("tag_",),
    "A transaction here has one amount in one currency.": ("foreign_",),
    "A transaction here has one date.": (
        "interest_date",
        "book_date",
        "process_date",
        "due_date",
        "payment_date",
        "invoice_date",
    ),
    "A rule here cannot ask when a transaction was entered.": ("created_",),
    "A rule here cannot ask when a transaction was changed.": ("updated_",),
    "A rule here cannot ask for attachments.": (
        "attachment",
        "has_attachments",
        "has_no_attachments",
    ),
    "A rule here cannot ask for references of other systems.": (
        "external_",
        "any_external_",
        "has_any_external_",
        "no_external_",
        "internal_reference",
        "sepa_",
    ),
    "Numbers of Firefly III's own mean nothing here.": (
        "recurrence_id",
        "journal_id",
    ),
    "Numbers of Firefly III's own mean nothing here; name the account instead.": (
        "account_id",
        "source_account_id",
        "destination_account_id",
    ),
    "A rule here cannot ask for an account's balance.": (
        "source_balance",
        "destination_balance",
    ),
    "There is no cash account here that stands for whoever is not known.": (
        "source_is_cash",
        "destination_is_cash",
        "account_is_cash",
    ),
    "A rule here cannot ask whether a transaction is reconciled.": ("reconciled",),
}
#: Why an action cannot be done here → such actions.
UNKNOWN_ACTIONS = {
    "A rule here sets a category, and cannot take one away.": ("clear_category",),
    "A rule here cannot set a budget.": (
        "set_budget",
        "clear_budget",
    ),
    "A rule here takes away tags that it names, not all.": ("remove_all_tags",),
    "A rule here sets a description, and cannot add to it.": (
        "append_description",
        "prepend_description",
    ),
    "A rule here sets notes, and cannot add to them.": (
        "append_notes",
        "prepend_notes",
    ),
    "A rule here sets notes, and cannot take them away.": ("clear_notes",),
    "A rule here cannot copy one text into another.": (
        "append_descr_to_notes",
        "append_notes_to_descr",
        "move_descr_to_notes",
        "move_notes_to_descr",
    ),
    "A rule here cannot move a transaction to another account.": (
        "set_source_account",
        "set_destination_account",
        "set_source_to_cash",
        "set_destination_to_cash",
    ),
    "A rule here cannot turn a transaction round.": ("switch_accounts",),
    "A rule here cannot turn a transaction into one of another type.": (
        "convert_withdrawal",
        "convert_deposit",
        "convert_transfer",
    ),
    "A rule here cannot link a bill or subscription.": ("link_to_bill",),
    "There are no piggy banks here.": ("update_piggy",),
    "A rule here never deletes a transaction.": ("delete_transaction",),
    "A rule here never changes an amount.": ("set_amount",),
}
#: The moment when a rule is asked. By hand, every rule can be.
TRIGGERS = {
    "store-journal": ["create", "import", "manual"],
    "update-journal": ["update", "manual"],
    "manual-activation": ["manual"],
}


def root_of(word: str) -> str:
    """The trigger that a word stands for."""
    for alias, prefix in ALIAS_PREFIXES.items():
        if word.startswith(alias):
            return prefix + word.removeprefix(alias)
    return ALIASES.get(word, word)


def why_unknown(word: str) -> str:
    """Why a trigger cannot be asked here."""
    fits = (why for why, starts in UNKNOWN_TRIGGERS.items() if word.startswith(starts))
    return next(fits, "Outlay does not know this trigger.")


def why_undone(word: str) -> str:
    """Why an action cannot be done here."""
    fits = (why for why, words in UNKNOWN_ACTIONS.items() if word in words)
    return next(fits, "Outlay does not know this action.")
