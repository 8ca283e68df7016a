"""An offline copy of a ledger, kept by nothing but `changes/`, and the ledger as its lists show it."""

from typing import Any

#: What a copy holds → the type that `deleted` calls it.
TABLES = {
    "transactions": "transaction",
    "accounts": "account",
    "categories": "category",
    "tags": "tag",
    "transfers": "transfer",
}
Tables = dict[str, dict[int, dict[str, Any]]]


class Copy:
    """What a client knows that began with nothing."""

    def __init__(self, api: Any, *, limit: int = 500) -> None:
        self.api, self.limit, self.version = api, limit, 0
        self.tables: Tables = {name: {} for name in TABLES}

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
        for name, kind in TABLES.items():
            for gone in page["deleted"]:
                if gone["type"] == kind:
                    self.tables[name].pop(gone["id"], None)
            self.tables[name] |= {row["id"]: row for row in page[name]}
        self.version = page["version"]


def ledger_of(api: Any) -> Tables:
    """The same from the lists, page by page."""
    return {name: _all_rows(api, f"{name}/") for name in TABLES}


def _all_rows(api: Any, path: str) -> dict[int, dict[str, Any]]:
    rows: dict[int, dict[str, Any]] = {}
    address: str | None = f"{path}?cursor=&page_size=500"
    while address is not None:
        answer = api.get(address)
        assert answer.status_code == 200, answer.content
        body = answer.json()
        rows |= {row["id"]: row for row in body["results"]}
        address = body["next"] and "/api" + body["next"].partition("/api")[2]
    return rows
