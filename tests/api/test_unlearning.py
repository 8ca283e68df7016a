"""The chain unlearns what is taken back: deleted, restored, merged, split and reverted rows."""

import pytest

from expenses.models import Classifier, TrackRecord, Transaction
from tests.api.learned_shops import SHOPS, confirmed_bodies

NEW_SHOP = "Pfotenglück Filiale Lindenplatz"
BOTH = [{"amount": "4.00", "category": "Hund"}, {"amount": "6.00", "category": "Boulder"}]


@pytest.fixture(autouse=True)
def _chain(use_chain):
    use_chain(
        {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.95},
        {"BACKEND": "expenses.categorization.classifier.LearnedProvider", "MIN_CONFIDENCE": 0.6},
    )


@pytest.fixture
def ids(ana, run_tasks):
    """Ids of sixty rows that were learned from; the next learning need not wait."""
    for name in SHOPS:
        ana.post("categories/", {"name": name, "kind": "expense"})
    bodies = [{"kind": "expense", **body} for body in confirmed_bodies(60)]
    assert ana.post("transactions/bulk/", {"transactions": bodies}).status_code == 200
    run_tasks()
    TrackRecord.objects.update(learned_for_s=0)
    return list(Transaction.objects.order_by("pk").values_list("pk", flat=True))


@pytest.fixture
def n_learned(run_tasks):
    """How many rows the classifier was trained on, after everything that is queued was done."""

    def n_learned():
        run_tasks()
        TrackRecord.objects.update(learned_for_s=0)
        return Classifier.objects.values_list("n_confirmed", flat=True).first()

    return n_learned


def number_of(api, name):
    return next(one["id"] for one in api.get("categories/").json()["results"] if one["name"] == name)


def answer_of(api):
    return api.post("categorization/suggest/", {"description": NEW_SHOP, "amount": "12.00"}).json()["category_name"]


def is_queued():
    return TrackRecord.objects.exclude(learning_until=None).exists()


def test_rows_that_are_deleted_one_by_one_are_forgotten_and_learned_again_when_they_are_back(ana, ids, n_learned):
    for number in ids[:5]:
        assert ana.delete(f"transactions/{number}/").status_code == 204
    assert n_learned() == 55
    for number in ids[:2]:
        assert ana.post(f"transactions/{number}/restore/").status_code == 200
    assert n_learned() == 57


def test_many_rows_that_are_deleted_at_once_are_forgotten_until_that_is_reverted(ana, ids, n_learned):
    run = ana.delete("transactions/bulk/", {"ids": ids[:50]}).json()
    assert n_learned() == 10
    assert ana.post(f"runs/{run['id']}/revert/").status_code == 200
    assert n_learned() == 60


def test_a_merged_category_is_answered_with_the_one_that_took_its_place(ana, ids, n_learned):
    assert answer_of(ana) == "Hund"
    other = ana.post("categories/", {"name": "Haustier", "kind": "expense"}).json()["id"]
    answer = ana.post(f"categories/{number_of(ana, 'Hund')}/merge/", {"into": other})
    assert answer.status_code == 200, answer.json()
    assert (n_learned(), answer_of(ana)) == (60, "Haustier")


def test_a_category_that_is_deleted_with_a_replacement_is_answered_with_that(ana, ids, n_learned):
    ana.post("categories/", {"name": "Haustier", "kind": "expense"})
    answer = ana.delete(f"categories/{number_of(ana, 'Hund')}/?replacement=Haustier")
    assert answer.status_code in {200, 204}
    assert (n_learned(), answer_of(ana)) == (60, "Haustier")


def test_what_a_review_confirmed_is_forgotten_when_it_is_reverted(ana, ids, n_learned):
    names = [f"Quux {place}" for place in ("Laubengasse", "Seitenweg", "Hafen")]
    bodies = [{"amount": "3.00", "description": name, "date": "2026-10-01", "currency": "EUR"} for name in names]
    fresh = [ana.post("expenses/", body | {"ai_classify": False}).json()["id"] for body in bodies]
    run = ana.post("review/resolve/", {"ids": fresh, "category": "Boulder"}).json()
    assert n_learned() == 63
    answer = ana.post(f"runs/{run['id']}/revert/")
    assert (answer.status_code, answer.json()["kept"]) == (200, [])
    assert n_learned() == 60


def test_a_bulk_edit_that_is_reverted_teaches_what_was_chosen_before(ana, ids, n_learned):
    other = ana.post("categories/", {"name": "Haustier", "kind": "expense"}).json()["id"]
    run = ana.patch("transactions/bulk/", {"filter": {"category": "Hund"}, "set": {"category": other}}).json()
    assert (n_learned(), answer_of(ana)) == (60, "Haustier")
    assert ana.post(f"runs/{run['id']}/revert/").status_code == 200
    assert (n_learned(), answer_of(ana)) == (60, "Hund")


def test_the_parts_of_a_split_teach_in_place_of_the_whole_until_it_is_taken_back(ana, ids, n_learned):
    body = {"amount": "10.00", "description": "Quux", "date": "2026-10-01", "currency": "EUR", "category": "Hund"}
    whole = ana.post("expenses/", body).json()["id"]
    assert n_learned() == 61
    answer = ana.put(f"transactions/{whole}/split/", {"parts": BOTH})
    assert answer.status_code == 200, answer.json()
    assert n_learned() == 62
    assert ana.delete(f"transactions/{whole}/split/").status_code == 200
    assert n_learned() == 61


def test_a_whole_that_was_confirmed_is_forgotten_though_its_parts_are_not_confirmed(ana, ids, n_learned):
    parts = [{"amount": part["amount"]} for part in BOTH]
    assert ana.put(f"transactions/{ids[0]}/split/", {"parts": parts}).status_code == 200
    assert n_learned() == 59


def test_a_confirmed_transfer_is_forgotten_when_one_half_is_deleted(ana, ids, n_learned):
    accounts = [ana.post("accounts/", {"name": name}).json()["id"] for name in ("Giro", "Purse")]
    body = {"currency": "EUR", "date": "2026-10-01", "amount": "5.00", "description": "Quux", "ai_classify": False}
    rows = [body | {"direction": way, "account": own} for way, own in zip(("out", "in"), accounts, strict=True)]
    halves = [ana.post("transactions/", row).json()["id"] for row in rows]
    [found] = ana.get("transfers/").json()["results"]
    assert ana.post(f"transfers/{found['id']}/confirm/").status_code == 200
    ana.patch(f"transactions/{ids[0]}/", {"category": "Boulder"})
    assert n_learned() == 62
    assert ana.delete(f"transactions/{halves[0]}/").status_code == 204
    assert n_learned() == 60


def test_what_nobody_confirmed_queues_nothing_when_it_goes(ana, ids):
    body = {"amount": "3.00", "description": "Quux", "date": "2026-10-01", "currency": "EUR", "ai_classify": False}
    one, other = (ana.post("expenses/", body).json()["id"] for _ in range(2))
    assert ana.delete(f"transactions/{one}/").status_code == 204
    assert ana.post(f"transactions/{one}/restore/").status_code == 200
    run = ana.delete("transactions/bulk/", {"ids": [one, other]}).json()
    assert ana.post(f"runs/{run['id']}/revert/").status_code == 200
    empty = ana.post("categories/", {"name": "Haustier", "kind": "expense"}).json()["id"]
    assert ana.post(f"categories/{empty}/merge/", {"into": number_of(ana, "Hund")}).status_code == 200
    assert not is_queued()


def test_a_revert_of_notes_queues_nothing(ana, ids):
    run = ana.patch("transactions/bulk/", {"ids": ids, "set": {"notes": "x"}}).json()
    assert ana.post(f"runs/{run['id']}/revert/").status_code == 200
    assert not is_queued()
