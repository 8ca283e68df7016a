"""The text of a month that lacks something: rows, exchange rates, or earlier days to compare with."""

import datetime as dt

import pytest
from django.utils import timezone

from expenses.models.ledgers import ledger_id_of
from insights.services.refreshing import refresh
from tests.api.reports import record, report
from tests.api.spending import record as record_many
from tests.api.spending import row

pytestmark = pytest.mark.usefixtures("silent_chain")

TODAY = dt.date(2026, 6, 10)


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    noon = dt.datetime.combine(TODAY, dt.time(12), dt.UTC)
    monkeypatch.setattr(timezone, "now", lambda: noon)


def read(api, month, **query):
    return report(api, "narrative", month=month, **query)


def parts(body):
    return body["summary"], body["behavior"], body["tips"]


def subscribe(api, amounts=("9.99", "9.99", "9.99", "9.99"), **fields):
    """Record a bill on the fifth of each month until June 2026, and find it."""
    days = [dt.date(2026, 7 - len(amounts) + place, 5) for place in range(len(amounts))]
    bills = zip(days, amounts, strict=True)
    record_many(api, [row(day, amount, "Streamflix", "Entertainment", **fields) for day, amount in bills])
    refresh(ledger_id=ledger_id_of(api.user))
    [bill] = report(api, "recurring")["results"]
    assert api.put(f"insights/recurring/{bill['id']}/choice/", {"verdict": "confirmed"}).status_code == 200


def recurring_tips(body):
    return [tip for tip in body["tips"] if tip.startswith("Your recurring payments")]


def test_a_month_without_rows_has_no_changes_and_no_tips_but_to_record_some(ana):
    record(ana, "8.40", None, "2014-02-03")
    subscribe(ana)
    assert parts(read(ana, "2014-03")) == (
        "Nothing is recorded in March 2014.",
        "March 2014 has nothing to compare with February 2014.",
        ["Import a statement or record transactions of March 2014 to see its figures."],
    )
    assert parts(read(ana, "1999-01")) == (
        "Nothing is recorded in January 1999.",
        "January 1999 has nothing to compare with December 1998.",
        ["Import a statement or record transactions of January 1999 to see its figures."],
    )
    ana.patch("users/me/", {"preferences": {"locale": "de"}})
    body = read(ana, "2014-03")
    assert parts(body) == (
        "Im März 2014 ist nichts erfasst.",
        "Im März 2014 gibt es nichts, was sich mit dem Februar 2014 vergleichen lässt.",
        ["Importiere einen Kontoauszug oder erfasse Buchungen im März 2014, um Zahlen zu sehen."],
    )
    assert body["reason"] == "Es ist kein lokales Modell eingerichtet."


def test_recurring_payments_cost_something_in_the_month_of_the_latest_only(ana):
    subscribe(ana)
    for month in ("2025-06", "2026-04", "2026-05"):
        record(ana, "30.00", "Dining", f"{month}-02")
        assert recurring_tips(read(ana, month)) == []
    assert recurring_tips(read(ana, "2026-06")) == [
        "Your recurring payments cost €9.99 a month: check whether you use them all."
    ]


def test_a_month_without_any_rate_tells_of_no_zero(ana):
    record(ana, "9.00", "Dining", "2026-04-02")
    record(ana, "9.00", "Dining", "2026-05-02")
    record(ana, "8.00", "Dining", "2026-05-03")
    body = read(ana, "2026-05", currency="XXX")
    assert parts(body) == (
        "2 transactions of May 2026 are not counted: no exchange rate to XXX is known.",
        "Changes are shown as soon as exchange rates to XXX are known.",
        ["Record exchange rates to XXX, or choose another currency."],
    )
    assert body["n_unconverted"] == 2
    assert parts(read(ana, "2026-04", currency="XXX"))[0] == (
        "1 transaction of April 2026 is not counted: no exchange rate to XXX is known."
    )
    ana.patch("users/me/", {"preferences": {"locale": "de"}})
    assert parts(read(ana, "2026-05", currency="XXX")) == (
        "2 Buchungen im Mai 2026 sind nicht mitgezählt: es ist kein Wechselkurs zu XXX bekannt.",
        "Veränderungen stehen hier, sobald Wechselkurse zu XXX bekannt sind.",
        ["Erfasse Wechselkurse zu XXX, oder wähle eine andere Währung."],
    )
    assert parts(read(ana, "2026-04", currency="XXX"))[0] == (
        "1 Buchung im April 2026 ist nicht mitgezählt: es ist kein Wechselkurs zu XXX bekannt."
    )


def test_a_missing_rate_of_the_month_before_is_why_nothing_is_compared(ana):
    record(ana, "9.00", "Dining", "2026-04-02", currency="CHF")
    record(ana, "9.00", "Dining", "2026-04-03")
    record(ana, "9.00", "Dining", "2026-05-02")
    why = "Nothing can be compared with April 2026, because exchange rates are missing."
    assert read(ana, "2026-05")["behavior"] == why
    assert why in read(ana, "2026-05")["summary"]
    ana.patch("users/me/", {"preferences": {"locale": "de"}})
    assert read(ana, "2026-05")["behavior"] == (
        "Mit dem April 2026 lässt sich nichts vergleichen, weil Wechselkurse fehlen."
    )


def test_a_ledger_that_began_late_in_the_month_before_says_so(ana):
    record(ana, "30.00", "Dining", "2026-05-30")
    record(ana, "40.00", "Dining", "2026-06-03")
    why = "Only days until June 10, 2026 could be compared with May 2026, and the first transaction is of May 30, 2026."
    body = read(ana, "2026-06")
    assert body["behavior"] == why
    assert body["sentences"][1]["text"] == why
    ana.patch("users/me/", {"preferences": {"locale": "de"}})
    assert read(ana, "2026-06")["behavior"] == (
        "Nur Tage bis zum 10. Juni 2026 ließen sich mit dem Mai 2026 vergleichen, und die erste Buchung ist vom "
        "30. Mai 2026."
    )


def test_a_month_that_is_over_is_not_compared_with_one_that_was_recorded_late(ana):
    record(ana, "30.00", "Dining", "2026-04-20")
    record(ana, "40.00", "Dining", "2026-05-03")
    record(ana, "40.00", "Dining", "2026-05-30")
    assert read(ana, "2026-05")["behavior"] == (
        "Nothing can be compared with April 2026: the first transaction is of April 20, 2026."
    )
    ana.patch("users/me/", {"preferences": {"locale": "de"}})
    assert read(ana, "2026-05")["behavior"] == (
        "Mit dem April 2026 lässt sich nichts vergleichen: die erste Buchung ist vom 20. April 2026."
    )


def test_a_bill_is_told_in_the_currency_of_the_text(ana):
    ana.post("rates/", {"base": "EUR", "quote": "JPY", "date": "2026-05-01", "rate": "160"})
    subscribe(ana, ("9.99", "9.99", "9.99", "9.99", "11.99", "11.99"))
    record(ana, "30.00", "Dining", "2026-05-02")
    assert read(ana, "2026-05")["tips"][0] == (
        "Streamflix takes €11.99 since May 5, 2026, €9.99 before: check whether you still need it."
    )
    assert read(ana, "2026-05", currency="JPY")["tips"][0] == (
        "Streamflix takes ¥1,918 since May 5, 2026, ¥1,598 before: check whether you still need it."
    )


def test_a_bill_without_a_rate_stays_in_its_own_currency(ana):
    subscribe(ana, ("9.99", "9.99", "9.99", "9.99", "11.99", "11.99"))
    record(ana, "30.00", "Dining", "2026-05-02", currency="JPY")
    assert read(ana, "2026-05", currency="JPY")["tips"][0] == (
        "Streamflix takes €11.99 since May 5, 2026, €9.99 before: check whether you still need it."
    )


def test_a_german_reader_learns_in_german_that_a_month_is_empty(ana, use_chain):
    options = {"model": "tiny:1b", "host": "http://127.0.0.1:9"}
    use_chain({"BACKEND": "providers.ollama.OllamaProvider", "DEFERRED": True, "OPTIONS": options})
    reasons = {}
    for locale in ("en", "de"):
        ana.patch("users/me/", {"preferences": {"locale": locale}})
        reasons[locale] = read(ana, "2026-05")["reason"]
    assert reasons == {
        "en": "There is nothing to tell about this month.",
        "de": "Über diesen Monat gibt es nichts zu berichten.",
    }
