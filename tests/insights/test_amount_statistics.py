"""Stored statistics of amounts are kept up to date."""

import datetime as dt
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from expenses.models import Transaction
from expenses.models.ledgers import Ledger, ledger_id_of
from insights.models import AmountCalibration, AmountGroup, InsightState
from insights.services.amounts import AmountChanges
from insights.services.refreshing import refresh
from tests.conftest import Api

PART = "insights.services.amounts.AmountStatistics"


@pytest.fixture
def paid(ana: Api, use_chain) -> Api:
    """Six coffees and three rents."""
    use_chain()
    rows = [("Cafe Luna", f"2.{n}0", n) for n in range(6)] + [("Landlord", "950", 40 * n) for n in range(3)]
    for text, amount, day in rows:
        date = (dt.date(2026, 1, 1) + dt.timedelta(day)).isoformat()
        answer = ana.post("expenses/", {"description": text, "amount": amount, "date": date, "category": "Dining"})
        assert answer.status_code == 201, answer.json()
    return ana


def ledger_id_behind(api: Api) -> int:
    assert api.user is not None
    return ledger_id_of(api.user)


def stored(api: Api) -> dict[tuple[str, str], AmountGroup]:
    rows = AmountGroup.objects.filter(ledger_id=ledger_id_behind(api))
    return {(row.level, row.text): row for row in rows}


def computed(api: Api, **wishes: bool) -> AmountChanges:
    found = refresh(ledger_id=ledger_id_behind(api), **wishes)
    assert found is not None
    result: AmountChanges = found[PART]
    return result


def test_groups_of_payee_word_and_category_are_stored(paid):
    computed(paid)

    found = stored(paid)
    category = str(Transaction.objects.first().category_id)
    assert {key: (row.n, row.n_repeats) for key, row in found.items()} == {
        ("all", ""): (9, 0),
        ("first", ""): (2, 0),
        ("category", category): (9, 0),
        ("category_first", category): (2, 0),
        ("word", "cafe"): (6, 0),
        ("word", "landlord"): (3, 0),
        ("payee", "cafe luna"): (6, 0),
        ("payee", "landlord"): (3, 0),
    }
    assert found["payee", "landlord"].weights == [3]
    assert found["payee", "landlord"].points == [pytest.approx(6.856462)]


def test_unchanged_groups_are_not_computed_again(paid):
    computed(paid)
    kept = stored(paid)["payee", "landlord"].pk
    row = Transaction.objects.filter(raw_description="Cafe Luna").first()
    paid.patch(f"expenses/{row.pk}/", {"amount": "9.90"})

    again = computed(paid)

    assert sorted(row.level for row in again.changed) == ["all", "category", "payee", "word"]
    assert (again.n_unchanged, again.gone) == (4, [])
    assert stored(paid)["payee", "landlord"].pk == kept
    assert stored(paid)["payee", "cafe luna"].points[-1] == pytest.approx(2.292535)


def test_edits_with_the_same_sum_change_the_fingerprint(paid):
    computed(paid)
    first, second = Transaction.objects.filter(raw_description="Landlord")[:2]
    for row, amount in ((first, "900"), (second, "1000")):
        answer = paid.patch(f"expenses/{row.pk}/", {"amount": amount})
        assert answer.status_code == 200, answer.json()

    assert "payee" in {row.level for row in computed(paid).changed}
    assert len(stored(paid)["payee", "landlord"].points) == 3


def test_groups_without_payments_are_deleted(paid):
    computed(paid)
    for row in Transaction.objects.filter(raw_description="Landlord"):
        paid.delete(f"expenses/{row.pk}/")
    for row in Transaction.objects.all():
        paid.patch(f"expenses/{row.pk}/", {"category": "Groceries"})
    computed(paid)

    assert ("payee", "landlord") not in stored(paid)
    assert {row.n for row in stored(paid).values() if row.level == "category"} == {6}
    assert sum(row.level == "category" for row in stored(paid).values()) == 1


def test_new_base_currency_computes_all_groups_again(paid):
    computed(paid)
    User.objects.update(base_currency="CHF")

    assert computed(paid).n_unchanged == 0
    assert stored(paid) == {}
    assert AmountCalibration.objects.get().currency == "CHF"


def test_fresh_ledger_is_skipped_and_rehearsal_stores_nothing(paid):
    assert computed(paid, is_rehearsal=True).n_unchanged == 0
    assert stored(paid) == {}
    computed(paid)

    assert refresh(ledger_id=ledger_id_of(paid.user)) is None
    assert computed(paid, is_forced=True).changed == []


def test_command_prints_how_many_keys_were_computed(paid):
    def said(**options) -> str:
        out = StringIO()
        call_command("compute_anomaly_stats", user="ana", stdout=out, **options)
        return out.getvalue()

    ledger = Ledger.objects.get(pk=ledger_id_of(paid.user))
    assert "8 keys computed, 0 unchanged, 0 gone" in said(dry_run=True)
    assert not InsightState.objects.filter(version__isnull=False).exists()
    assert said().startswith(f"Ledger {ledger.pk}: 8 keys computed, 0 unchanged, 0 gone in ")
    assert said() == f"Ledger {ledger.pk}: nothing has changed.\n"
    assert "0 keys computed, 8 unchanged, 0 gone" in said(force=True)
    assert InsightState.objects.get().day == paid.user.today()


def test_command_rejects_an_unknown_user(db):
    with pytest.raises(CommandError, match="Nobody is called 'eve'"):
        call_command("compute_anomaly_stats", user="eve")


def test_command_computes_every_ledger(paid):
    out = StringIO()
    call_command("compute_anomaly_stats", stdout=out)

    assert len(out.getvalue().splitlines()) == Ledger.objects.count()


def test_renamed_payees_update_the_repeats_of_all(ana):
    for n in range(6):
        body = {"description": f"Stall {n}", "amount": "5", "date": "2026-01-02", "category": "Dining"}
        assert ana.post("expenses/", body).status_code == 201
    computed(ana)
    for one in ana.get("transactions/").json()["results"]:
        ana.patch(f"transactions/{one['id']}/", {"merchant": "Market"})
    computed(ana)
    assert AmountGroup.objects.get(level="all").n_repeats == 5
