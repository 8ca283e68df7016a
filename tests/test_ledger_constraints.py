"""The database itself refuses what must never be, whatever a service does."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import StoredAnswer, User
from expenses.models import (
    Account,
    Attachment,
    Category,
    Duplicate,
    ExchangeRate,
    KindMapping,
    LedgerCategory,
    Membership,
    StatementTrace,
    Tag,
    Tombstone,
    Transaction,
    Transfer,
)
from expenses.models.ledgers import ledger_id_of
from insights.models import AmountGroup, Anomaly, AnomalyFeedback, Narrative, WeeklySpending
from rules.models import Proposal, Rule
from statements.models import Profile
from tests.conftest import make_user


@pytest.fixture
def ledger(db):
    return ledger_id_of(make_user("ana"))


@pytest.fixture
def account(ledger):
    return Account.objects.create(ledger_id=ledger, name="Checking", currency="EUR", version=1)


def expense(ledger, **fields):
    good = {
        "kind": "expense",
        "direction": "out",
        "amount": Decimal("5.50"),
        "currency": "EUR",
        "date": dt.date(2026, 11, 2),
        "version": 1,
    }
    return Transaction.objects.create(ledger_id=ledger, **good | fields)


def dining():
    return Category.objects.get(key="dining")


def own_category(ledger, name, **fields):
    return Category.objects.create(ledger_id=ledger, name=name, kind="expense", **fields)


def refused(make, *args, **kwargs):
    """The constraint's complaint; SQLite names its index, or the columns of a plain one."""
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make(*args, **kwargs)
    return str(error.value)


SEEN = {
    "transaction_amount_positive",
    "transaction_kind_fits_direction",
    "transaction_status_has_category",
    "transaction_external_id_unique",
    "transaction_external_id_unique_without_account",
    "transaction_fingerprint_unique",
    "category_name_unique",
    "category_key_unique",
    "category_is_system_or_own",
    "ledger_category_unique",
    "kind_mapping_unique",
    "account_name_unique",
    "account_iban_unique",
    "tag_name_unique",
    "tombstone_unique",
    "duplicate_of_two_transactions",
    "duplicate_newer_once",
    "duplicate_older_once",
    "duplicate_pair_unique",
    "statement_trace_unique",
    "transfer_between_two_transactions",
    "transfer_incoming_once",
    "transfer_outgoing_once",
    "transfer_pair_unique",
    "attachment_unique",
    "membership_unique",
    "user_email_unique",
    "user_username_unique",
    "stored_answer_key_unique",
    "rate_positive",
    "rate_of_two_currencies",
    "rate_source_fits_ledger",
    "rate_unique",
    "rate_reference_unique",
    "rule_name_unique",
    "profile_name_unique",
    "proposal_once_for_phrase_and_category",
    "amount_group_unique",
    "anomaly_unique",
    "anomaly_feedback_unique",
    "weekly_spending_unique",
    "narrative_unique",
}


def test_every_constraint_has_its_test_here():
    ours = [
        m for m in apps.get_models() if m._meta.app_label in {"accounts", "expenses", "insights", "rules", "statements"}
    ]
    assert {constraint.name for model in ours for constraint in model._meta.constraints} == SEEN


@pytest.mark.parametrize("amount", ["0", "-0.01", "-5"])
def test_an_amount_is_positive(ledger, amount):
    assert "transaction_amount_positive" in refused(expense, ledger, amount=Decimal(amount))


@pytest.mark.parametrize(
    ("kind", "direction"), [("expense", "in"), ("income", "out"), ("refund", "out"), ("gift", "in")]
)
def test_a_kind_fits_its_direction(ledger, kind, direction):
    message = refused(expense, ledger, kind=kind, direction=direction)
    assert "transaction_kind_fits_direction" in message


@pytest.mark.parametrize(
    ("kind", "direction"),
    [("expense", "out"), ("income", "in"), ("refund", "in"), ("transfer", "in"), ("transfer", "out")],
)
def test_kinds_that_fit_are_kept(ledger, kind, direction):
    assert expense(ledger, kind=kind, direction=direction).pk


@pytest.mark.parametrize("status", ["confirmed", "automatic"])
def test_a_decided_row_has_a_category(ledger, status):
    assert "transaction_status_has_category" in refused(expense, ledger, review_status=status)
    assert expense(ledger, review_status=status, category=dining()).pk


def test_an_external_id_is_unique_in_its_account(ledger, account):
    other = Account.objects.create(ledger_id=ledger, name="Purse", currency="EUR", version=1)
    expense(ledger, account=account, external_id="a")
    assert "external_id" in refused(expense, ledger, account=account, external_id="a")
    assert expense(ledger, account=other, external_id="a").pk
    assert expense(ledger, external_id="a").pk
    assert "external_id" in refused(expense, ledger, external_id="a")
    assert expense(ledger_id_of(make_user("ben")), external_id="a").pk
    assert expense(ledger, account=account).pk
    assert expense(ledger, account=account).pk


def test_a_fingerprint_is_unique_in_its_account(ledger, account):
    expense(ledger, account=account, fingerprint="f")
    assert "fingerprint" in refused(expense, ledger, account=account, fingerprint="f")
    assert expense(ledger, account=account, fingerprint="g").pk


def test_names_are_unique_in_a_ledger_whatever_the_case(ledger, account):
    other = ledger_id_of(make_user("ben"))
    assert "account_name_unique" in refused(
        Account.objects.create, ledger_id=ledger, name="CHECKING", currency="EUR", version=1
    )
    own_category(ledger, "Tea")
    assert "category_name_unique" in refused(own_category, ledger, "TEA")
    Tag.objects.create(ledger_id=ledger, name="food")
    assert "tag_name_unique" in refused(Tag.objects.create, ledger_id=ledger, name="Food")
    assert own_category(other, "Tea").pk
    assert Tag.objects.create(ledger_id=other, name="food").pk
    assert Account.objects.create(ledger_id=other, name="Checking", currency="EUR", version=1).pk


def test_an_iban_is_unique_in_a_ledger_and_a_currency(ledger):
    def account(name, *, ledger_id=ledger, currency="EUR", iban="DE89370400440532013000"):
        fields = {"name": name, "currency": currency, "iban": iban, "version": 1}
        return Account.objects.create(ledger_id=ledger_id, **fields)

    account("One")
    assert "iban" in refused(account, "Two")
    assert account("Dollars", currency="USD").pk
    assert account("Purse", iban="").pk
    assert account("Bag", iban="").pk
    assert account("One", ledger_id=ledger_id_of(make_user("ben"))).pk


def test_a_transaction_is_half_of_one_transfer_that_stands(ledger):
    rows = [expense(ledger) for _ in range(5)]

    def pair(going, coming, status="automatic"):
        return Transfer.objects.create(
            ledger_id=ledger, outgoing=rows[going], incoming=rows[coming], status=status, version=1
        )

    assert pair(0, 1).pk
    assert "outgoing" in refused(pair, 0, 2, "confirmed")
    assert "incoming" in refused(pair, 2, 1)
    assert pair(0, 2, "rejected").pk
    assert pair(3, 1, "rejected").pk
    assert "outgoing" in refused(pair, 3, 1, "rejected")
    assert "transfer_between_two_transactions" in refused(pair, 4, 4)


def test_a_transaction_is_in_one_open_offer(ledger):
    rows = [expense(ledger) for _ in range(4)]

    def offer(older, newer, status="open"):
        pair = {"older": rows[older], "newer": rows[newer], "status": status, "likeness": 1, "version": 1}
        return Duplicate.objects.create(ledger_id=ledger, **pair)

    assert offer(0, 1).pk
    assert "older" in refused(offer, 0, 2)
    assert "newer" in refused(offer, 2, 1)
    assert offer(0, 2, "dismissed").pk
    assert offer(3, 1, "merged").pk
    assert "older" in refused(offer, 3, 1, "dismissed")
    assert "duplicate_of_two_transactions" in refused(offer, 3, 3)


def test_a_row_of_a_statement_leaves_one_trace_of_a_kind(ledger, account):
    def trace(kind):
        fields = {"transaction": expense(ledger), "date": dt.date(2026, 11, 2), "fingerprint": "f", "kind": kind}
        return StatementTrace.objects.create(ledger_id=ledger, account=account, **fields)

    assert trace("pending").pk
    assert trace("booked").pk
    assert "fingerprint" in refused(trace, "booked")


def test_what_is_gone_is_buried_once(ledger):
    stone = {"ledger_id": ledger, "type": "transaction", "object_id": 7}
    Tombstone.objects.create(**stone, version=1)
    assert "tombstone" in refused(Tombstone.objects.create, **stone, version=2)


def test_a_file_is_attached_once(ledger):
    fields = {"ledger_id": ledger, "transaction": expense(ledger), "sha256": "5f", "size": 1, "version": 1}
    Attachment.objects.create(**fields)
    assert "attachment" in refused(Attachment.objects.create, **fields)


def test_a_category_is_either_the_systems_or_ones_own(ledger):
    assert "category_is_system_or_own" in refused(own_category, ledger, "Tea", key="tea")
    assert "category_is_system_or_own" in refused(own_category, None, "Tea")
    assert "key" in refused(own_category, None, "Dining again", key="dining")


def rate(ledger, **fields):
    good = {"base": "USD", "quote": "CHF", "date": dt.date(2026, 11, 2), "rate": Decimal("0.8")}
    source = "manual" if ledger else "ecb"
    return ExchangeRate.objects.create(ledger_id=ledger, **good | {"source": source} | fields)


@pytest.mark.parametrize("value", ["0", "-0.8"])
def test_a_rate_is_positive(ledger, value):
    assert "rate_positive" in refused(rate, ledger, rate=Decimal(value))


def test_a_rate_is_of_two_currencies(ledger):
    assert "rate_of_two_currencies" in refused(rate, ledger, quote="USD")


def test_the_ecbs_rates_belong_to_nobody_and_manual_ones_to_a_ledger(ledger):
    assert "rate_source_fits_ledger" in refused(rate, ledger, source="ecb")
    assert "rate_source_fits_ledger" in refused(rate, None, source="manual")


def test_a_pair_has_one_rate_a_day_in_each_ledger_and_one_of_the_ecbs(ledger):
    other = ledger_id_of(make_user("ben"))
    for owner in (ledger, other, None):
        assert rate(owner).pk
        assert "unique" in refused(rate, owner, rate=Decimal(9)).lower()
        assert rate(owner, date=dt.date(2026, 11, 3)).pk


def test_a_ledger_adapts_a_category_once(ledger):
    fields = {"ledger_id": ledger, "category": dining(), "is_hidden": True, "version": 1}
    LedgerCategory.objects.create(**fields)
    assert "category" in refused(LedgerCategory.objects.create, **fields)


def test_a_ledger_puts_a_kind_of_shop_into_one_category(ledger):
    fields = {"kind": "shop=pet", "version": 1}
    KindMapping.objects.create(ledger_id=ledger, category=dining(), **fields)
    assert "kind" in refused(KindMapping.objects.create, ledger_id=ledger, category=None, **fields)
    assert KindMapping.objects.create(ledger_id=ledger_id_of(make_user("ben")), category=None, **fields).pk


def test_a_person_is_once_in_a_ledger(ledger):
    assert "membership" in refused(
        Membership.objects.create, ledger_id=ledger, user=User.objects.get(username="ana"), role="viewer"
    )


def test_people_differ_in_more_than_case(ledger):
    assert "user_email_unique" in refused(
        User.objects.create_user, username="other", email="ANA@EXAMPLE.ORG", password="x"
    )
    assert "user_username_unique" in refused(
        User.objects.create_user, username="ANA", email="other@example.org", password="x"
    )


def test_a_key_is_one_persons_and_once(db):
    ana, ben = make_user("ana"), make_user("ben")
    answer = {"key": "k", "fingerprint": "f", "claim": uuid.uuid4()}
    StoredAnswer.objects.create(user=ana, **answer)
    assert "key" in refused(StoredAnswer.objects.create, user=ana, **answer)
    assert StoredAnswer.objects.create(user=ben, **answer).pk


def test_rules_and_profiles_have_names_of_their_own(ledger):
    rule = {"ledger_id": ledger, "name": "R", "triggers": [], "conditions": [], "actions": [], "version": 1}
    Rule.objects.create(**rule)
    assert "rule" in refused(Rule.objects.create, **rule)
    profile = {"ledger_id": ledger, "name": "P", "format": "csv", "columns": [], "profile": {}, "version": 1}
    Profile.objects.create(**profile)
    assert "profile" in refused(Profile.objects.create, **profile)


def test_what_is_in_use_cannot_be_deleted_behind_the_services_back(ledger, account):
    own = own_category(ledger, "Tea")
    expense(ledger, account=account, category=own)
    for row in (account, own):
        with pytest.raises(IntegrityError), transaction.atomic():
            row.delete()


def test_a_proposal_is_there_once_for_a_phrase_and_a_category(ledger):
    fields = {"phrase": "luna", "direction": "out", "category": dining(), "rule": {}, "evidence": [], "version": 1}
    Proposal.objects.create(ledger_id=ledger, **fields)
    refused(Proposal.objects.create, ledger_id=ledger, **fields)
    Proposal.objects.create(ledger_id=ledger, **fields | {"direction": "in"})


def test_amounts_of_one_payee_are_kept_once(ledger):
    def keep(text):
        fields = {"kind": "expense", "level": "payee", "n": 1, "fingerprint": 1, "points": [1.0], "weights": [1.0]}
        return AmountGroup.objects.create(ledger_id=ledger, text=text, **fields)

    keep("cafe luna")
    assert refused(keep, "cafe luna").replace("_", "").count("amountgroup")
    assert keep("cafe sole").pk


@pytest.mark.parametrize(("model", "name"), [(Anomaly, "anomaly"), (AnomalyFeedback, "anomalyfeedback")])
def test_a_finding_and_what_is_said_of_it_are_kept_once(ledger, model, name):
    day = dt.date(2026, 11, 2)
    about = {"key": "unusual_week-1-2026-11-02", "kind": "unusual_week", "day": day, "currency": "EUR", "observed": 9}
    found = {"week": day, "expected": 5, "low": 4, "high": 6, "score": 3, "severity": 1, "method": "robust_level"}
    said = {"verdict": "normal", "given_at": timezone.now(), "given_on": day, "version": 1}

    def keep():
        return model.objects.create(ledger_id=ledger, **about, **(found if model is Anomaly else said))

    keep()
    assert refused(keep).replace("_", "").count(name)


def test_weekly_spending_of_a_category_is_kept_once(ledger):
    def keep(subject):
        first = dt.date(2026, 11, 2)
        return WeeklySpending.objects.create(
            ledger_id=ledger, subject=subject, first=first, n_weeks=1, currency="EUR", figures={"observed": ["9"]}
        )

    keep("all")
    assert refused(keep, "all").replace("_", "").count("weeklyspending")
    assert keep("none").pk


def test_the_text_of_a_month_is_kept_once(ledger):
    def keep(locale):
        month = {"month": dt.date(2026, 11, 1), "currency": "EUR", "locale": locale}
        return Narrative.objects.create(ledger_id=ledger, digest="d", state="writing", **month)

    keep("en")
    assert refused(keep, "en").replace("_", "").count("narrative")
    assert keep("de").pk
