"""Transactions recorded and edited many at once, and how the ledger shows them."""

ROW = {"amount": "5.50", "description": "Cafe Luna", "date": "2026-11-02", "direction": "out"}


def record(api, *rows):
    answer = api.post("transactions/bulk/", {"transactions": [{**ROW, **row} for row in rows]})
    assert len(answer.json()["created"]) == len(rows), answer.json()
    return [row["id"] for row in answer.json()["created"]]


def edit(api, where, **changes):
    return api.patch("transactions/bulk/", {**where, "set": changes})


def body_of(api, pk):
    return api.get(f"transactions/{pk}/").json()


def contents(api):
    """What the ledger shows, but for stamps."""
    rows = api.get("transactions/?page_size=500&ordering=id").json()["results"]
    return [{name: value for name, value in row.items() if name not in {"version", "updated_at"}} for row in rows]
