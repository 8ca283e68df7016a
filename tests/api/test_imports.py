"""A statement from upload to committed rows."""

import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from expenses.models import Decision, Transaction
from expenses.services.ledger_lock import Refusal
from expenses.services.runs import perform_run
from expenses.services.statement_rows import record_statement_rows
from statements.models import Import, Profile
from statements.services import imports
from tests.api.bodies import assert_problem

RULES = {"BACKEND": "rules.provider.RulesProvider"}
HISTORY = {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.85}
MERCHANTS = {"BACKEND": "providers.merchants.MerchantProvider", "MIN_CONFIDENCE": 0.8}
MODEL = {"BACKEND": "tests.fakes.ScriptedProvider", "MIN_CONFIDENCE": 0.8, "DEFERRED": True}

GIRO = """\
Buchungstag;Auftraggeber;Verwendungszweck;Betrag;Währung
02.03.2026;REWE Markt;REWE SAGT DANKE 4711;-45,50;EUR
02.03.2026;Kaffeehaus Sonne;Karte 12;-3,20;EUR
02.03.2026;Kaffeehaus Sonne;Karte 12;-3,20;EUR
15.03.2026;Muster AG;Gehalt Maerz;2.500,00;EUR
31.03.2026;Hausverwaltung Nord;Miete April;-900,00;EUR
"""
NEXT_GIRO = GIRO.replace("02.03.2026;REWE", "05.04.2026;REWE") + "06.04.2026;Kaffeehaus Sonne;Karte 12;-3,20;EUR\n"


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(autouse=True)
def _chain(use_chain):
    use_chain(RULES, HISTORY, MERCHANTS)


@pytest.fixture
def giro(ana):
    """Ana's account."""
    return ana.post("accounts/", {"name": "Giro", "currency": "EUR", "country": "DE"}).json()


def upload(api, text, *, name="march.csv", **fields):
    content = text if isinstance(text, bytes) else text.encode()
    return api.post("imports/", {"file": SimpleUploadedFile(name, content), **fields}, format="multipart")


def errors_of(answer):
    return [(error["attr"], error["code"]) for error in answer.json()["errors"]]


def test_an_upload_is_read_and_nothing_is_recorded(ana, giro):
    answer = upload(ana, GIRO, account="Giro")
    assert answer.status_code == 201
    body = answer.json()
    profile = body.pop("profile")
    assert {key: profile[key] for key in ("delimiter", "decimal", "date_format", "amount", "header_row")} == {
        "delimiter": ";",
        "decimal": ",",
        "date_format": "%d.%m.%Y",
        "amount": "Betrag",
        "header_row": 0,
    }
    assert body.pop("created_at")
    assert body == {
        "id": body["id"],
        "version": ana.get("changes/").json()["version"],
        "status": "parsed",
        "filename": "march.csv",
        "format": "csv",
        "encoding": "utf-8",
        "profile_name": None,
        "columns": ["Buchungstag", "Auftraggeber", "Verwendungszweck", "Betrag", "Währung"],
        "questions": [],
        "account": giro["id"],
        "account_name": "Giro",
        "accounts": [],
        "warnings": [],
        "n_rows": 5,
        "n_new": 5,
        "n_duplicates": 0,
        "n_possible_duplicates": 0,
        "n_errors": 0,
        "n_skipped": 1,  # the header
        "period": {"from": "2026-03-02", "to": "2026-03-31"},
        "totals": {"EUR": {"in": "2500.00", "out": "951.90", "sum": "1548.10"}},
        "run": None,
        "error": None,
    }
    assert Transaction.objects.count() == 0


def test_rows_are_shown_with_the_category_that_they_would_get(ana, giro):
    statement = upload(ana, GIRO, account="Giro").json()
    answer = ana.get(f"imports/{statement['id']}/rows/")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["count"], body["next"], body["previous"]) == (5, None, None)
    assert body["results"][0] == {
        "line": 2,
        "status": "new",
        "reason": None,
        "account": giro["id"],
        "account_name": "Giro",
        "date": "2026-03-02",
        "amount": "45.50",
        "currency": "EUR",
        "direction": "out",
        "description": "REWE SAGT DANKE 4711",
        "merchant": "REWE Markt",
        "iban": "",
        "mcc": "",
        "notes": "",
        "tags": [],
        "parts": [],
        "category": body["results"][0]["category"],
        "category_name": "Groceries",
        "categorization": {
            "status": "automatic",
            "source": "merchants",
            "confidence": 0.88,
            "explanation": "Rewe is a known supermarket chain.",
            "awaits_model": False,
            "suggestion": None,
        },
        "duplicate_of": None,
        "possible_duplicate_of": None,
        "errors": [],
        "raw": ["02.03.2026", "REWE Markt", "REWE SAGT DANKE 4711", "-45,50", "EUR"],
    }
    assert Transaction.objects.count() == 0


def test_rows_come_in_pages(ana, giro):
    statement = upload(ana, GIRO, account="Giro").json()
    first = ana.get(f"imports/{statement['id']}/rows/?page_size=2").json()
    second = ana.get(f"imports/{statement['id']}/rows/?page_size=2&page=2").json()
    assert [row["line"] for row in first["results"] + second["results"]] == [2, 3, 4, 5]
    assert ana.get(f"imports/{statement['id']}/rows/?page=9").status_code == 404
    assert errors_of(ana.get(f"imports/{statement['id']}/rows/?show=all")) == [("show", "invalid_choice")]


def test_a_commit_that_records_rows_before_each_stop_of_its_worker_goes_on(ana, giro, monkeypatch, run_tasks):
    monkeypatch.setattr(imports, "CHUNK", 1)
    statement = upload(ana, GIRO, account="Giro").json()
    number = ana.post(f"imports/{statement['id']}/commit/").json()["id"]

    def record_and_die(**arguments):
        n = Transaction.objects.count()
        record_statement_rows(**arguments)
        if Transaction.objects.count() > n:
            raise KeyboardInterrupt

    for n_recorded in (1, 2, 3, 4):
        with monkeypatch.context() as killing:
            killing.setattr(imports, "record_statement_rows", record_and_die)
            with pytest.raises(KeyboardInterrupt):
                perform_run(run_id=number)
        assert ana.get(f"runs/{number}/").json()["status"] == "pending"
        assert ana.get("transactions/").json()["count"] == n_recorded
    run_tasks()

    run = ana.get(f"runs/{number}/").json()
    assert (run["status"], run["counts"]["created"]) == ("succeeded", 5)


def test_a_commit_is_a_run_that_records_every_row(ana, giro, run_tasks):
    statement = upload(ana, GIRO, account="Giro").json()
    answer = ana.post(f"imports/{statement['id']}/commit/")
    assert answer.status_code == 202
    started = answer.json()
    assert (started["kind"], started["status"], started["progress"]) == ("import", "pending", {"done": 0, "total": 5})
    assert Transaction.objects.count() == 0
    run_tasks()
    ended = ana.get(f"runs/{started['id']}/").json()
    assert ended["status"] == "succeeded"
    assert ended["progress"] == {"done": 5, "total": 5}
    assert ended["counts"] == {"created": 5, "duplicates": 0, "automatic": 5}
    committed = ana.get(f"imports/{statement['id']}/").json()
    assert (committed["status"], committed["n_new"], committed["run"]) == ("committed", 5, started["id"])
    rows = ana.get("transactions/?ordering=id").json()["results"]
    assert [(row["date"], row["direction"], row["amount"], row["import"]) for row in rows] == [
        ("2026-03-02", "out", "45.50", statement["id"]),
        ("2026-03-02", "out", "3.20", statement["id"]),
        ("2026-03-02", "out", "3.20", statement["id"]),
        ("2026-03-15", "in", "2500.00", statement["id"]),
        ("2026-03-31", "out", "900.00", statement["id"]),
    ]
    assert {row["account_name"] for row in rows} == {"Giro"}


def test_a_small_statement_can_be_committed_at_once(ana, giro):
    body = upload(ana, GIRO, account="Giro", commit="true").json()
    assert (body["status"], body["n_new"]) == ("committed", 5)
    assert Transaction.objects.count() == 5


def test_equal_rows_of_one_day_are_both_kept(ana, giro):
    upload(ana, GIRO, account="Giro", commit="true")
    assert ana.get("transactions/?search=sonne 12").json()["count"] == 2


def test_the_same_file_again_adds_nothing(ana, giro):
    upload(ana, GIRO, account="Giro", commit="true")
    again = upload(ana, GIRO, account="Giro").json()
    assert (again["n_new"], again["n_duplicates"]) == (0, 5)
    rows = ana.get(f"imports/{again['id']}/rows/").json()["results"]
    assert {row["status"] for row in rows} == {"duplicate"}
    assert len({row["duplicate_of"] for row in rows}) == 5
    body = upload(ana, GIRO, account="Giro", commit="true").json()
    assert (body["status"], body["n_new"], body["n_duplicates"]) == ("committed", 0, 5)
    assert Transaction.objects.count() == 5


def test_an_overlapping_statement_adds_only_what_is_new(ana, giro):
    upload(ana, GIRO, account="Giro", commit="true")
    body = upload(ana, NEXT_GIRO, account="Giro", commit="true").json()
    assert (body["n_new"], body["n_duplicates"]) == (2, 4)
    assert Transaction.objects.count() == 7


def test_the_same_rows_in_another_account_are_other_rows(ana, giro):
    ana.post("accounts/", {"name": "Card"})
    upload(ana, GIRO, account="Giro", commit="true")
    upload(ana, GIRO, account="Card", commit="true")
    assert Transaction.objects.count() == 10


def test_kinds_follow_direction_and_category(ana, giro):
    text = "Date;Description;Amount\n2026-03-01;REWE;-5.00\n2026-03-02;REWE;5.00\n2026-03-03;Salary March;900.00\n"
    upload(ana, text, account="Giro", commit="true")
    rows = ana.get("transactions/?ordering=id").json()["results"]
    assert [(row["kind"], row["category_name"]) for row in rows] == [
        ("expense", "Groceries"),
        ("refund", "Groceries"),
        ("income", "Income"),
    ]


def test_rules_with_trigger_import_decide_and_tag_imported_rows(ana, giro):
    condition = {"field": "raw_description", "op": "contains", "value": "karte 12"}
    actions = [{"type": "set_category", "value": "Dining"}, {"type": "add_tags", "value": ["coffee"]}]
    ana.post("rules/", {"name": "Coffee", "triggers": ["import"], "conditions": [condition], "actions": actions})
    upload(ana, GIRO, account="Giro", commit="true")
    rows = ana.get("transactions/?tag=coffee").json()["results"]
    assert [(r["category_name"], r["categorization"]["source"], r["tags"]) for r in rows] == [
        ("Dining", "rule", ["coffee"])
    ] * 2


def test_rows_with_the_same_answers_share_a_decision_and_each_has_its_explanation(ana, giro):
    upload(ana, GIRO, account="Giro", commit="true")
    coffees = Transaction.objects.filter(description="Karte 12")
    assert len({row.decision_id for row in coffees}) == 1
    for row in Transaction.objects.all():
        body = ana.get(f"transactions/{row.pk}/explanation/").json()
        assert [attempt["provider"] for attempt in body["attempts"]][:1] == ["rule"]


def test_undecided_rows_wait_for_the_model_and_then_get_its_answer(ana, giro, use_chain, run_tasks, monkeypatch):
    use_chain(RULES, MODEL)
    monkeypatch.setattr("tests.fakes.ScriptedProvider.script", {"Miete": ("housing", 0.9)})
    body = upload(ana, GIRO, account="Giro", commit="true").json()
    assert ana.get("transactions/?status=pending").json()["count"] == body["n_new"] == 5
    run_tasks()
    assert ana.get("transactions/?status=pending").json()["count"] == 0
    (rent,) = ana.get("transactions/?status=suggested").json()["results"]
    suggestion = rent["categorization"]["suggestion"]
    said = (rent["description"], suggestion["category_name"], suggestion["source"])
    assert said == ("Miete April", "Housing", "model")


def test_a_commit_that_was_killed_half_way_is_taken_up(ana, giro, monkeypatch):
    statement = upload(ana, GIRO, account="Giro").json()
    number = ana.post(f"imports/{statement['id']}/commit/").json()["id"]
    monkeypatch.setattr(imports, "CHUNK", 2)
    chunks = iter([record_statement_rows, die])
    with monkeypatch.context() as killing:
        killing.setattr(imports, "record_statement_rows", lambda **what: next(chunks)(**what))  # noqa: PLW0108 - another each time
        with pytest.raises(KeyboardInterrupt):
            perform_run(run_id=number)
    rows_of_one_chunk = Transaction.objects.count()
    assert 0 < rows_of_one_chunk < 5
    assert ana.get(f"runs/{number}/").json()["status"] == "pending"
    perform_run(run_id=number)
    run = ana.get(f"runs/{number}/").json()
    assert (run["status"], run["counts"]["created"], run["counts"]["duplicates"]) == ("succeeded", 5, 0)
    assert Transaction.objects.count() == 5


def die(*_, **__):
    raise KeyboardInterrupt


def test_a_statement_with_open_questions_is_not_committed_at_once(ana, giro):
    text = "Date,Description,Amount\n01/02/2026,Bakery,-5.00\n"
    body = upload(ana, text, account="Giro", commit="true").json()
    assert (body["status"], [q["attr"] for q in body["questions"]]) == ("parsed", ["date_format"])
    assert Transaction.objects.count() == 0


def test_a_correction_answers_its_own_question_only(ana, giro):
    text = "Date,Description,Amount\n01/02/2026,Bakery,-5.00\n"
    statement = upload(ana, text, account="Giro").json()
    address = f"imports/{statement['id']}/"
    assert len(ana.patch(address, {"profile": {"invert_sign": False}}).json()["questions"]) == 1
    assert ana.patch(address, {"profile": {"date_format": "%d/%m/%Y"}}).json()["questions"] == []


def test_a_large_statement_is_committed_when_it_was_read(ana, giro, settings, run_tasks):
    settings.IMPORT_READ_AT_ONCE_BYTES = 10
    body = upload(ana, GIRO, account="Giro", commit="true").json()
    assert body["status"] == "reading"
    run_tasks()
    assert ana.get(f"imports/{body['id']}/").json()["status"] == "committed"
    assert ana.get(f"transactions/?import={body['id']}").json()["count"] == 5


def test_a_correction_that_comes_after_the_commit_changes_nothing(ana, giro):
    statement = Import.objects.get(pk=upload(ana, GIRO, account="Giro").json()["id"])
    imports.start_commit(by=ana.user, statement=Import.objects.get(pk=statement.pk))
    with pytest.raises(Refusal):
        imports.correct_statement(statement=statement, corrections={"invert_sign": True}, account=None)
    with pytest.raises(Refusal):
        imports.forget_statement(statement=statement)
    stored = Import.objects.get(pk=statement.pk)
    assert (stored.status, stored.profile["invert_sign"]) == ("committing", False)


def test_the_account_of_a_commit_may_be_gone(ana, giro, run_tasks):
    statement = upload(ana, GIRO, account="Giro").json()
    run = ana.post(f"imports/{statement['id']}/commit/").json()
    assert ana.delete(f"accounts/{giro['id']}/").status_code == 204
    run_tasks()
    body = ana.get(f"runs/{run['id']}/").json()
    assert (body["status"], body["error"]) == ("failed", "The account of this import is gone; give it another one.")
    assert ana.get(f"imports/{statement['id']}/").json()["status"] == "parsed"


def test_a_refused_file_leaves_nothing_on_the_disk(ana, giro, tmp_path, monkeypatch):
    monkeypatch.setattr(imports, "_read", die)
    with pytest.raises(KeyboardInterrupt):
        imports.receive_statement(by=ana.user, data=GIRO.encode(), filename="x.csv")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_saved_profile_leaves_encoding_and_header_to_each_file(ana, giro):
    text = "Date,Description,Amount\n01/02/2026,Bakery,-5.00\n"
    statement = upload(ana, text, account="Giro").json()
    ana.patch(f"imports/{statement['id']}/", {"profile": {"date_format": "%m/%d/%Y"}, "save_as": "My bank"})
    later = "Statement of Ana\n\n" + text.replace("Bakery", "Bäckerei")
    body = upload(ana, later.encode("cp1252"), account="Giro").json()
    assert (body["profile"]["encoding"], body["profile"]["header_row"]) == ("cp1252", 2)
    rows = ana.get(f"imports/{body['id']}/rows/").json()["results"]
    assert [(row["description"], row["date"]) for row in rows] == [("Bäckerei", "2026-01-02")]


def test_a_committed_import_can_be_taken_back_and_committed_again(ana, giro):
    statement = upload(ana, GIRO, account="Giro", commit="true").json()
    before = contents(ana)
    answer = ana.post(f"runs/{statement['run']}/revert/")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["kept"]) == ("reverted", [])
    assert body["counts"] == {"created": 5, "duplicates": 0, "automatic": 5, "removed": 5, "kept": 0}
    assert (Transaction.objects.count(), Decision.objects.count()) == (0, 0)
    assert ana.get(f"imports/{statement['id']}/").json()["status"] == "parsed"
    assert ana.patch(f"imports/{statement['id']}/", {"profile": {"invert_sign": False}}).status_code == 200
    again = ana.post(f"imports/{statement['id']}/commit/").json()["id"]
    perform_run(run_id=again)
    assert contents(ana) == before
    assert ana.get(f"imports/{statement['id']}/").json()["status"] == "committed"


def contents(api):
    """What a ledger holds, but for what a database or a clock gives out."""
    rows = api.get("transactions/?page_size=500&ordering=date").json()["results"]
    given = {"id", "version", "created_at", "updated_at"}
    return [{key: value for key, value in row.items() if key not in given} for row in rows]


def test_what_its_owner_touched_stays_when_an_import_is_taken_back(ana, giro):
    run = upload(ana, GIRO, account="Giro", commit="true").json()["run"]
    noted, confirmed, *_ = ana.get("transactions/?ordering=id").json()["results"]
    ana.patch(f"transactions/{noted['id']}/", {"notes": "with Jo"})
    ana.post(f"transactions/{confirmed['id']}/confirm/")
    body = ana.post(f"runs/{run}/revert/").json()
    reason = "It was changed, confirmed or booked since."
    assert body["kept"] == [{"transaction": row["id"], "reason": reason} for row in (noted, confirmed)]
    rows = ana.get("transactions/?ordering=id").json()["results"]
    assert [(row["id"], row["notes"]) for row in rows] == [(noted["id"], "with Jo"), (confirmed["id"], "")]


def test_only_a_run_that_has_ended_is_taken_back_and_only_once(ana, ben, giro, run_tasks):
    statement = upload(ana, GIRO, account="Giro").json()
    run = ana.post(f"imports/{statement['id']}/commit/").json()["id"]
    assert errors_of(ana.post(f"runs/{run}/revert/")) == [(None, "not_ended")]
    run_tasks()
    assert ben.post(f"runs/{run}/revert/").status_code == 404
    assert ana.post(f"runs/{run}/revert/").status_code == 200
    assert errors_of(ana.post(f"runs/{run}/revert/")) == [(None, "already_reverted")]


def test_an_import_is_committed_once(ana, giro):
    statement = upload(ana, GIRO, account="Giro", commit="true").json()
    answer = ana.post(f"imports/{statement['id']}/commit/")
    assert (answer.status_code, errors_of(answer)) == (409, [(None, "committed")])
    assert ana.patch(f"imports/{statement['id']}/", {"profile": {}}).status_code == 409
    assert ana.delete(f"imports/{statement['id']}/").status_code == 409


def test_a_commit_needs_an_account(ana, giro):
    assert errors_of(upload(ana, GIRO, commit="true")) == [("account", "required")]
    statement = upload(ana, GIRO).json()
    assert errors_of(ana.post(f"imports/{statement['id']}/commit/")) == [("account", "required")]
    assert ana.patch(f"imports/{statement['id']}/", {"account": giro["id"]}).json()["account_name"] == "Giro"
    assert ana.post(f"imports/{statement['id']}/commit/").status_code == 202


def test_unreadable_rows_are_named_and_stop_a_commit_until_they_are_left_out(ana, giro, run_tasks):
    text = "Date,Description,Amount\n2026-04-01,Bakery,-5.00\n2026-04-02,Bakery,-12..34\n2026-04-03,Bakery,-7.00\n"
    statement = upload(ana, text, account="Giro", commit="true").json()
    assert (statement["status"], statement["n_rows"], statement["n_errors"]) == ("parsed", 2, 1)
    (row,) = ana.get(f"imports/{statement['id']}/rows/?show=errors").json()["results"]
    assert (row["line"], row["status"], [error["attr"] for error in row["errors"]]) == (3, "error", ["amount"])
    assert "12..34" in row["errors"][0]["detail"]
    refused = ana.post(f"imports/{statement['id']}/commit/")
    assert (refused.status_code, errors_of(refused)) == (409, [(None, "unreadable_rows")])
    assert Transaction.objects.count() == 0
    assert ana.post(f"imports/{statement['id']}/commit/", {"skip_errors": True}).status_code == 202
    run_tasks()
    assert Transaction.objects.count() == 2


def test_a_corrected_profile_reads_the_file_anew(ana, giro):
    text = "Date,Description,Amount\n01/02/2026,Bakery,-5.00\n03/02/2026,Bakery,-6.00\n"
    statement = upload(ana, text, account="Giro").json()
    assert "date_format" in [question["attr"] for question in statement["questions"]]
    body = ana.patch(
        f"imports/{statement['id']}/", {"profile": {"date_format": "%m/%d/%Y", "invert_sign": True}}
    ).json()
    assert body["period"] == {"from": "2026-01-02", "to": "2026-03-02"}
    assert body["totals"] == {"EUR": {"in": "11.00", "out": "0.00", "sum": "11.00"}}
    assert body["questions"] == []


@pytest.mark.parametrize(
    ("profile", "attr"),
    [
        ({"amount": "Nonsense"}, "profile.amount"),
        ({"encoding": "klingon"}, "profile.encoding"),
        ({"date_format": "%Q"}, "profile.date_format"),
        ({"nonsense": 1}, "profile.nonsense"),
        ({"description": ["a\0b"]}, "profile"),
    ],
)
def test_a_wrong_profile_names_its_key(ana, giro, profile, attr):
    statement = upload(ana, GIRO, account="Giro").json()
    answer = ana.patch(f"imports/{statement['id']}/", {"profile": profile})
    assert answer.status_code == 400
    assert attr in [error["attr"] for error in answer.json()["errors"]]
    assert ana.get(f"imports/{statement['id']}/").json()["profile"] == statement["profile"]


def test_a_saved_profile_is_used_for_files_of_the_same_columns(ana, giro):
    text = "Date,Description,Amount\n01/02/2026,Bakery,-5.00\n"
    statement = upload(ana, text, account="Giro").json()
    correction = {"profile": {"date_format": "%m/%d/%Y"}, "save_as": "My bank"}
    ana.patch(f"imports/{statement['id']}/", correction)
    again = upload(ana, text.replace("01/02", "04/05"), account="Giro").json()
    assert (again["period"]["from"], again["questions"]) == ("2026-04-05", [])
    (profile,) = ana.get("import-profiles/").json()["results"]
    assert (profile["name"], profile["columns"]) == ("My bank", ["Date", "Description", "Amount"])
    assert upload(ana, text, account="Giro", profile="My bank").json()["period"]["from"] == "2026-01-02"
    assert ana.delete(f"import-profiles/{profile['id']}/").status_code == 204
    assert Profile.objects.count() == 0


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "image"),
        (b"PK\x03\x04anything", "damaged"),
        (b"\x00\x01\x02\x03" * 50, "binary"),
        ("Date;Text;Amount\n2026-01-02;a\0b;-5.00\n".encode("utf-16"), "binary"),
        (b"hello world\nthis is no statement\n", "no_table"),
    ],
)
def test_a_file_that_is_no_statement_is_refused_and_not_kept(ana, giro, content, code, tmp_path):
    answer = upload(ana, content, account="Giro")
    assert (answer.status_code, errors_of(answer)) == (400, [("file", code)])
    assert Import.objects.count() == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_too_many_lines_are_refused_at_once(ana, giro):
    text = "Date,Description,Amount\n" + "2026-04-01,Bakery,-5.00\n" * 200_000
    assert errors_of(upload(ana, text, account="Giro")) == [("file", "too_many_rows")]


def test_too_many_bytes_are_refused(ana, giro, settings):
    settings.IMPORT_MAX_BYTES = 100
    assert errors_of(upload(ana, GIRO, account="Giro")) == [("file", "too_large")]


def test_a_large_statement_is_read_by_the_worker(ana, giro, settings, run_tasks):
    settings.IMPORT_READ_AT_ONCE_BYTES = 10
    answer = upload(ana, GIRO, account="Giro")
    assert (answer.status_code, answer.json()["status"]) == (202, "reading")
    address = f"imports/{answer.json()['id']}/"
    assert ana.get(f"{address}rows/").status_code == 409
    assert ana.post(f"{address}commit/").status_code == 409
    run_tasks()
    body = ana.get(address).json()
    assert (body["status"], body["n_rows"]) == ("parsed", 5)


def test_the_name_of_a_file_never_reaches_the_file_system(ana, giro, tmp_path):
    body = upload(ana, GIRO, account="Giro", name="..%2f..%2fevil.csv").json()
    stored = str(Import.objects.get(pk=body["id"]).file.name)
    assert "evil" not in stored
    assert (tmp_path / stored).is_file()


def test_an_import_that_is_not_wanted_goes_with_its_file(ana, giro, tmp_path):
    body = upload(ana, GIRO, account="Giro").json()
    assert ana.delete(f"imports/{body['id']}/").status_code == 204
    assert Import.objects.count() == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_missing_file_and_a_stranger_s_account_are_named(ana, ben, giro):
    assert errors_of(ana.post("imports/", {"account": "Giro"}, format="multipart")) == [("file", "required")]
    assert errors_of(upload(ben, GIRO, account=str(giro["id"]))) == [("account", "does_not_exist")]
    assert errors_of(upload(ben, GIRO, account="Giro")) == [("account", "does_not_exist")]


def test_a_stranger_sees_no_import(ana, ben, giro):
    body = upload(ana, GIRO, account="Giro").json()
    ana.patch(f"imports/{body['id']}/", {"save_as": "My bank"})
    address = f"imports/{body['id']}/"
    assert ben.get("imports/").json()["results"] == []
    assert ben.get("import-profiles/").json()["results"] == []
    answers = [
        ben.get(address), ben.patch(address, {}), ben.delete(address), ben.get(f"{address}rows/"),
        ben.post(f"{address}commit/"),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [404] * 5
    assert errors_of(upload(ben, GIRO, profile="My bank")) == [("profile", "does_not_exist")]


MIXED = "Date,Description,Amount,Currency\n2026-04-01,Bakery,-5.00,EUR\n2026-04-02,Diner,-700,JPY\n"
DOLLARS = "Date,Description,Amount,Currency\n2026-04-01,Bakery,-5.00,USD\n2026-04-02,Diner,-7.00,USD\n"


def currency_question(currencies, account, *others):
    return {
        "attr": "account",
        "code": "other_currency",
        "detail": f"Rows are in {currencies}, and “{account['name']}” is an account in EUR. Choose another account, or "
        f'confirm this one: PATCH the import with {{"account": {account["id"]}}}.',
        "alternatives": [account["id"], *(other["id"] for other in others)],
    }


def test_rows_of_another_currency_wait_for_an_answer_and_keep_it(ana, giro, run_tasks):
    body = upload(ana, MIXED, account="Giro", commit="true").json()
    assert body["totals"] == {
        "EUR": {"in": "0.00", "out": "5.00", "sum": "-5.00"},
        "JPY": {"in": "0", "out": "700", "sum": "-700"},
    }
    question = currency_question("JPY", giro)
    assert (body["status"], body["questions"]) == ("parsed", [question])
    address = f"imports/{body['id']}/"
    assert_problem(ana.post(f"{address}commit/"), 409, (None, "other_currency"))
    assert ana.post(f"{address}commit/").json()["detail"] == question["detail"]
    assert ana.get("transactions/").json()["count"] == 0
    assert ana.patch(address, {"profile": {"invert_sign": False}}).json()["questions"] == [question]
    profile = body["profile"] | {"invert_sign": False}
    confirmed = ana.patch(address, {"account": "Giro"}).json()
    assert confirmed == body | {"questions": [], "profile": profile, "version": confirmed["version"]}
    assert ana.patch(address, {"profile": {"invert_sign": False}}).json()["questions"] == []
    assert ana.post(f"{address}commit/").status_code == 202
    run_tasks()
    rows = ana.get("transactions/?ordering=id").json()["results"]
    assert [(row["amount"], row["currency"]) for row in rows] == [("5.00", "EUR"), ("700", "JPY")]


def test_a_file_in_another_currency_than_the_account_asks_for_an_account(ana, ben, giro):
    dollars = ana.post("accounts/", {"name": "Dollars", "currency": "USD"}).json()
    francs = ana.post("accounts/", {"name": "Francs", "currency": "CHF"}).json()
    ben.post("accounts/", {"name": "Mine", "currency": "USD"})
    body = upload(ana, DOLLARS, account="Giro").json()
    address = f"imports/{body['id']}/"
    assert body["questions"] == [currency_question("USD", giro, dollars)]
    (question,) = ana.patch(address, {"account": "Francs"}).json()["questions"]
    assert question["alternatives"] == [francs["id"], dollars["id"]]
    assert_problem(ana.post(f"{address}commit/"), 409, (None, "other_currency"))
    answered = ana.patch(address, {"account": "Dollars"}).json()
    assert (answered["account_name"], answered["questions"]) == ("Dollars", [])
    assert ana.post(f"{address}commit/").status_code == 202


def test_an_answer_about_one_account_or_currency_is_none_about_another(ana, giro):
    francs = ana.post("accounts/", {"name": "Francs", "currency": "CHF"}).json()
    address = f"imports/{upload(ana, MIXED).json()['id']}/"
    assert ana.get(address).json()["questions"] == []
    assert ana.patch(address, {"account": "Giro"}).json()["questions"] == [currency_question("JPY", giro)]
    assert ana.patch(address, {"account": "Giro"}).json()["questions"] == []
    (question,) = ana.patch(address, {"account": "Francs"}).json()["questions"]
    assert question["alternatives"] == [francs["id"], giro["id"]]
    without_column = {"profile": {"currency": None, "currency_code": "EUR"}, "account": "Giro"}
    assert ana.patch(address, without_column).json()["questions"] == []
    asked = ana.patch(address, {"profile": {"currency_code": "USD"}}).json()["questions"]
    assert asked == [currency_question("USD", giro)]


def test_a_large_file_in_another_currency_waits_as_well(ana, giro, settings, run_tasks):
    settings.IMPORT_READ_AT_ONCE_BYTES = 10
    address = f"imports/{upload(ana, DOLLARS, account='Giro', commit='true').json()['id']}/"
    run_tasks()
    body = ana.get(address).json()
    assert (body["status"], body["questions"]) == ("parsed", [currency_question("USD", giro)])
    assert ana.get("transactions/").json()["count"] == 0


QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    (
        "Date,Description,Amount\n01/02/2026,Bakery,-5.00\n",
        {
            "attr": "date_format",
            "code": "unknown_date_order",
            "detail": "Every date of the file can be read in more than one way; they were read as %d/%m/%Y. "
            'To confirm this, PATCH the import with {"profile": {"date_format": "%d/%m/%Y"}}; '
            'to change it, with {"profile": {"date_format": "%m/%d/%Y"}}.',
            "alternatives": ["%d/%m/%Y", "%m/%d/%Y"],
        },
    ),
    (
        "Date,Description,Amount\n2026-04-01,Bakery,5.00\n2026-04-02,Diner,7.00\n",
        {
            "attr": "invert_sign",
            "code": "unknown_sign",
            "detail": "Nothing in the file says whether its positive amounts are money in or out; they were taken as "
            'money in, as written. To confirm this, PATCH the import with {"profile": {"invert_sign": false}}; '
            'to change it, with {"profile": {"invert_sign": true}}.',
            "alternatives": [False, True],
        },
    ),
    (
        "Date;Description;Amount\n2026-04-01;Bakery;-3.900\n2026-04-02;Diner;-4.500\n",
        {
            "attr": "decimal",
            "code": "unknown_decimal",
            "detail": "Nothing in the file says whether the separator in “-3.900” is that of thousands or of "
            "fractions; “,” was taken as the decimal separator. "
            'To confirm this, PATCH the import with {"profile": {"decimal": ","}}; '
            'to change it, with {"profile": {"decimal": "."}}.',
            "alternatives": [",", "."],
        },
    ),
]


@pytest.mark.parametrize(("text", "question"), QUESTIONS, ids=[question["code"] for _, question in QUESTIONS])
def test_a_question_says_how_to_answer_it_and_a_commit_without_an_answer_takes_the_rows_as_shown(
    ana, giro, text, question, run_tasks
):
    body = upload(ana, text, account="Giro", commit="true").json()
    assert (body["status"], body["run"], body["questions"]) == ("parsed", None, [question])
    shown = ana.get(f"imports/{body['id']}/rows/").json()["results"]
    for answer in re.findall(r"PATCH the import with ({.*?}}); to change it, with ({.*?}})\.", question["detail"])[0]:
        other = upload(ana, text, account="Giro").json()
        assert ana.patch(f"imports/{other['id']}/", json.loads(answer)).json()["questions"] == []
    assert ana.post(f"imports/{body['id']}/commit/").status_code == 202
    run_tasks()
    recorded = ana.get("transactions/?ordering=id").json()["results"]
    facts = ("date", "amount", "direction", "description")
    assert [[row[key] for key in facts] for row in recorded] == [[row[key] for key in facts] for row in shown]


def test_a_file_without_transactions_is_not_recorded_and_says_so(ana, giro, settings, run_tasks):
    question = {
        "attr": "file",
        "code": "no_rows",
        "detail": "No transaction was found in this file: it has no rows below its header. Correct the profile, or "
        "DELETE this import and upload another file.",
        "alternatives": [],
    }
    text = "Date,Description,Amount\n"
    body = upload(ana, text, account="Giro", commit="true").json()
    assert (body["status"], body["n_rows"], body["run"], body["questions"]) == ("parsed", 0, None, [question])
    address = f"imports/{body['id']}/"
    answer = ana.post(f"{address}commit/")
    assert_problem(answer, 409, (None, "no_rows"))
    assert answer.json()["detail"] == question["detail"]
    assert ana.get("runs/").json()["count"] == 0
    assert ana.delete(address).status_code == 204
    settings.IMPORT_READ_AT_ONCE_BYTES = 10
    large = upload(ana, text, account="Giro", commit="true").json()
    run_tasks()
    read = ana.get(f"imports/{large['id']}/").json()
    assert (read["status"], read["run"], read["questions"]) == ("parsed", None, [question])


def test_a_refusal_names_the_state_of_an_import_and_what_to_do_first(ana, giro, settings, run_tasks):
    def assert_refused(code, detail):
        for answer in (ana.post(f"{address}commit/"), ana.patch(address, {"profile": {}}), ana.delete(address)):
            assert_problem(answer, 409, (None, code))
            assert answer.json()["detail"] == detail

    settings.IMPORT_READ_AT_ONCE_BYTES = 10
    answer = upload(ana, GIRO, account="Giro")
    body = answer.json()
    assert (answer.status_code, answer["Retry-After"], body["status"], body["run"]) == (202, "2", "reading", None)
    address = f"imports/{body['id']}/"
    assert_refused("reading", "The file is still being read; ask again in a moment.")
    run_tasks()
    run = ana.post(f"{address}commit/").json()["id"]
    assert_refused("committing", f"Its rows are being recorded; the run shows how far it is: GET runs/{run}/.")
    run_tasks()
    assert_refused("committed", f"This import is committed; revert its run first: POST runs/{run}/revert/.")
    assert ana.post(f"runs/{run}/revert/").status_code == 200
    assert ana.delete(address).status_code == 204


@pytest.mark.parametrize(
    "content",
    [b"<?xml version='1.0'?><html/>", b"This is no statement.\n"],
    ids=["html", "text"],
)
def test_a_refusal_names_the_formats_that_are_read(ana, content):
    answer = upload(ana, content)
    assert_problem(answer, 400, ("file", "no_table"))
    assert answer.json()["errors"][0]["detail"] == (
        "No table with a date and an amount was found in this file. Outlay reads Excel, PDF, zip, OFX, QIF, CAMT, "
        "MT940 and CSV. Download the list of transactions from your bank as one of these, and upload that file."
    )
