"""An offline copy of a ledger, kept by nothing but `changes/`, and the ledger as its lists show it."""

from typing import Any, NamedTuple


class Table(NamedTuple):
    """What `deleted` calls the rows of a table, their list, and fields that only the list has."""

    type: str
    path: str
    #: They change by themselves, when transactions do, so a copy does not hold them.
    computed: frozenset[str] = frozenset()


TABLES = {
    "transactions": Table("transaction", "transactions/"),
    "accounts": Table("account", "accounts/", frozenset({"other_currencies"})),
    "categories": Table("category", "categories/"),
    "tags": Table("tag", "tags/"),
    "transfers": Table("transfer", "transfers/"),
    "rates": Table("rate", "rates/?source=manual"),
    "hints": Table("hint", "categorization/hints/"),
    "rules": Table("rule", "rules/", frozenset({"stats"})),
    "proposals": Table("proposal", "rules/proposals/", frozenset({"evidence", "blast_radius", "version"})),
    "imports": Table("import", "imports/"),
    "import_profiles": Table("import_profile", "import-profiles/"),
}
#: What there is one of, under this number in its table.
ONLY = 0
Tables = dict[str, dict[int, dict[str, Any]]]


#: The lists of thresholds in `changes/`, and what `categorization/thresholds/` calls them.
THRESHOLDS = {"thresholds": "results", "evidence_thresholds": "evidence"}


class Copy:
    """What a client knows that began with nothing."""

    def __init__(self, api: Any, *, limit: int = 500) -> None:
        self.api, self.limit, self.version = api, limit, 0
        self.tables: Tables = {name: {} for name in [*TABLES, "preferences", "privacy", *THRESHOLDS]}

    def pull(self) -> "Copy":
        """Ask until there is no more; each page brings the copy further."""
        while self.pull_page()["has_more"]:
            pass
        return self

    def pull_page(self) -> dict[str, Any]:
        answer = self.api.get("changes/", {"since": self.version, "limit": self.limit})
        assert answer.status_code == 200, answer.content
        page: dict[str, Any] = answer.json()
        assert page["version"] > self.version or not page["has_more"]
        self.take(page)
        return page

    def take(self, page: dict[str, Any]) -> None:
        for name, table in TABLES.items():
            for gone in page["deleted"]:
                if gone["type"] == table.type:
                    self.tables[name].pop(gone["id"], None)
            self.tables[name] |= {row["id"]: _stored(row, table) for row in page[name]}
        if page["privacy"] is not None:
            self.tables["privacy"][ONLY] = page["privacy"]
        if page["preferences"] is not None:
            self.tables["preferences"][ONLY] = page["preferences"]
        for name in THRESHOLDS:
            if page[name] is not None:
                self.tables[name] = dict(enumerate(page[name]))
        self.version = page["version"]


def ledger_of(api: Any) -> Tables:
    """The same from the lists, page by page."""
    thresholds = api.get("categorization/thresholds/").json()
    privacy = api.get("privacy/").json()
    chosen = {name: privacy[name] for name in ("kept_days", "names", "version")}
    return {
        **{name: _all_rows(api, table) for name, table in TABLES.items()},
        "preferences": {ONLY: api.get("users/me/").json()["preferences"]},
        "privacy": {ONLY: chosen} if privacy["version"] else {},
        **{name: dict(enumerate(thresholds[called])) for name, called in THRESHOLDS.items()},
    }


def _all_rows(api: Any, table: Table) -> dict[int, dict[str, Any]]:
    rows: dict[int, dict[str, Any]] = {}
    address: str | None = f"{table.path}{'&' if '?' in table.path else '?'}cursor=&page_size=500"
    while address is not None:
        answer = api.get(address)
        assert answer.status_code == 200, answer.content
        body = answer.json()
        rows |= {row["id"]: _stored(row, table) for row in body["results"]}
        address = body["next"] and "/api" + body["next"].partition("/api")[2]
    return rows


def _stored(row: dict[str, Any], table: Table) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in table.computed}
