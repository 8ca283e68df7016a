"""Money that comes in is income or a transfer; it is spending only as the refund of a known name."""

import pytest
from django.conf import settings


@pytest.fixture(autouse=True)
def _chain(use_chain):
    use_chain(*[link for link in settings.CATEGORIZATION_PROVIDERS if "ollama" not in link["BACKEND"]])


def suggested(api, description):
    body = {"description": description, "direction": "in", "amount": "10500.00"}
    answer = api.post("categorization/suggest/", body)
    assert answer.status_code == 200, answer.json()
    return answer.json()


@pytest.mark.parametrize(
    "description",
    [
        "Qvrelli Consulting LLC",
        "Cafe Xyzzy",
        "Hotel Plugh",
        "Zahnarztpraxis Qvrelli",
        "Plugh Restaurant Group",
        "Autohaus Xyzzy GmbH",
        "Max Mustermann",
        "Uberweisung Qvrelli",
        "JPMorgan Chase Ext Trnsfr",
    ],
)
def test_money_from_somebody_unknown_is_never_spending(ana, description):
    body = suggested(ana, description)
    names = [body["category_name"], *(other["category_name"] for other in body["alternatives"])]
    assert set(names) <= {None, "Income", "Salary", "Interest", "Other income", "Transfers"}


@pytest.fixture
def taught(ana, run_tasks):
    """A ledger that has learned from confirmed spending."""
    for number, (name, category) in enumerate(
        [(f"Cafe {name}", "Dining") for name in ("Luna", "Sol", "Mar", "Rio", "Mesa", "Orion", "Vega", "Lyra")]
        + [(f"Consulting {name}", "Education") for name in ("Alva", "Bera", "Cora", "Dora", "Esra", "Fina")]
        + [(f"Rent {name}", "Housing") for name in ("May", "June", "July")]
    ):
        row = {"amount": f"{900 + number}.00", "description": name, "category": category}
        assert ana.post("expenses/", row).status_code == 201
    run_tasks()
    return ana


@pytest.mark.parametrize("description", ["Cafe Xyzzy", "Consulting Qvrelli", "Qvrelli", "Consulting Qvrelli Cafe"])
def test_what_was_spent_teaches_nothing_about_money_from_somebody_unknown(taught, description):
    body = suggested(taught, description)
    assert body["category_name"] in {None, "Income", "Transfers"}


def test_a_refund_of_a_known_name_is_spending(taught):
    assert suggested(taught, "REFUND REWE")["category_name"] == "Groceries"
    assert suggested(taught, "Zalando")["category_name"] == "Shopping"
