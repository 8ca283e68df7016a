"""The groups of operations in the OpenAPI document, in the order of a reader who is new."""

from typing import NamedTuple


class Group(NamedTuple):
    """Operations below some addresses. An address belongs to the group that names most of it."""

    name: str
    addresses: tuple[str, ...]
    description: str


GROUPS = (
    Group(
        "Sign-in",
        ("auth/",),
        "Register, sign in and sign out. Each device or program has a token of its own, with a name and a scope.",
    ),
    Group("Your user", ("users/",), "Your name, your preferences such as base currency and time zone, and your exit."),
    Group(
        "Accounts",
        ("accounts/",),
        "Where money is: a bank account, a card, a purse. An account has one currency and an opening balance.",
    ),
    Group(
        "Transactions",
        ("transactions/",),
        "Money in, money out and transfers in one list. Use these addresses to see or change all kinds together, to "
        "record or change many at once, and for sums. `expenses/` and `incomes/` show the same rows, by kind.",
    ),
    Group(
        "Expenses",
        ("expenses/",),
        "Money that you spent. These are the transactions of the kind `expense`: an amount is positive and goes out, "
        "and a row here has the same id at `transactions/`. Refunds and transfers are at `transactions/` alone.",
    ),
    Group(
        "Incomes",
        ("incomes/",),
        "Money that you earned, such as a salary. These are the transactions of the kind `income`: an amount is "
        "positive and comes in, and a row here has the same id at `transactions/`.",
    ),
    Group(
        "Transfers",
        ("transfers/",),
        "Money that moves between two accounts of your own: a pair of transactions, neither spent nor earned.",
    ),
    Group(
        "Duplicates",
        ("duplicates/",),
        "Pairs of transactions that may be one movement, recorded by hand and by a statement, or by statements of two "
        "formats. Merge or dismiss them.",
    ),
    Group(
        "Attachments",
        ("attachments/", "transactions/{transaction}/attachments/"),
        "Receipts and invoices, as PDF files or pictures of a transaction.",
    ),
    Group(
        "Categories",
        ("categories/",),
        "Topics that money goes to or comes from: those of the system, and your own below or beside them.",
    ),
    Group(
        "Tags",
        ("tags/",),
        "Free words on transactions, any number on each. A tag that a transaction or a rule names is created "
        "automatically.",
    ),
    Group(
        "Bank statements",
        ("imports/", "import-profiles/"),
        "Upload a bank's file, look at its rows, correct how they are read, and record them. A profile remembers how "
        "the files of a bank are read.",
    ),
    Group(
        "Export",
        ("export/",),
        "Your transactions as a file: CSV, JSON lines, Excel, OFX, or a text for hledger, ledger and beancount. Each "
        "takes the filters of the list. A month or year can be printed as a PDF.",
    ),
    Group(
        "Review",
        ("review/",),
        "Transactions that wait for you: suggestions, rows without a category, and rows that a rule marks, grouped by "
        "merchant.",
    ),
    Group(
        "Rules",
        ("rules/",),
        "Your own rules, which categorize, rename and tag. Test a rule before it is saved, apply it to stored "
        "transactions, and share it as a file.",
    ),
    Group(
        "Proposed rules",
        ("rules/proposals/", "transactions/{id}/propose-rule/"),
        "Rules proposed from your corrections: accept them, narrow them, or refuse them for good.",
    ),
    Group(
        "Categorization",
        ("categorization/",),
        "The chain that finds categories: what it would answer, how reliable each link is, from which confidence it "
        "is believed, and where kinds of shops belong.",
    ),
    Group(
        "Privacy",
        ("privacy/",),
        "What leaves Outlay: every call of the model with the exact text, what is hidden in it, and how long calls are "
        "kept.",
    ),
    Group(
        "Runs",
        ("runs/",),
        "Work that writes many rows: an import, a change of many transactions, rules. See how far it is, stop it, "
        "resume it or revert it.",
    ),
    Group(
        "Reports",
        (
            "insights/summary/",
            "insights/timeseries/",
            "insights/trends/",
            "insights/forecast/",
            "insights/decomposition/",
            "insights/narrative/",
        ),
        "Sums of your spending and income over time, comparisons, seasons, and a forecast of the month. Each is JSON "
        "or a chart. A text in plain words says what they show.",
    ),
    Group(
        "Questions",
        ("insights/ask/",),
        "Questions about your ledger in plain words, English or German. The answer names what was understood and the "
        "figures that it used.",
    ),
    Group(
        "Recurring payments",
        ("insights/recurring/",),
        "Subscriptions, bills and salaries: payments that recur, when the next is due, and your verdict on them.",
    ),
    Group(
        "Anomalies",
        ("insights/anomalies/", "insights/score-transaction/"),
        "Unusual weeks, bills that are missing, more expensive or doubled, and large payments to new payees.",
    ),
    Group(
        "Currencies",
        ("currencies/", "rates/"),
        "Currencies, exchange rates of the European Central Bank and of your own, and conversion.",
    ),
    Group("Synchronization", ("changes/",), "Changes since a version, for clients that keep a copy of the ledger."),
    Group(
        "Backup",
        ("export/backup.json", "export/backup.zip", "restore/"),
        "Your whole ledger as one file, with a checksum of each part, and back into an empty ledger.",
    ),
    Group("Health", ("health/",), "For monitors: whether the server answers, and whether it is ready to work."),
)


def group_of(path: str) -> str:
    """Return the name of the group of an address below `/api/v1/`. Raises ValueError if it belongs to none."""
    address = path.removeprefix("/api/v1/")
    found = ((len(start), group.name) for group in GROUPS for start in group.addresses if address.startswith(start))
    _length, name = max(found)
    return name
