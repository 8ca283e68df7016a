"""Profiles: saved for an account, recognized by the look of a file, shipped for known banks, and exported."""

import tomllib
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

import statements.profiles
from statements.formats import importer_for
from statements.importer import StatementRow
from statements.profiles import shipped_profile
from tests.api.bodies import assert_problem

pytestmark = pytest.mark.usefixtures("silent_chain", "files")

DATES = "Date,Description,Amount\n01/02/2026,Bakery,-5.00\n03/02/2026,Kiosk,-6.00\n"
BARE = "01/02/2026,Bakery,-5.00\n03/02/2026,Kiosk,-6.00\n"
MONTH_FIRST, DAY_FIRST = {"date_format": "%m/%d/%Y"}, {"date_format": "%d/%m/%Y"}


def upload(api, text, **fields):
    content = SimpleUploadedFile("file.csv", text.encode())
    return api.post("imports/", {"file": content, **fields}, format="multipart")


def save(api, text, profile, name, **fields):
    statement = upload(api, text, **fields).json()
    assert api.patch(f"imports/{statement['id']}/", {"profile": profile, "save_as": name}).status_code == 200
    return next(one for one in api.get("import-profiles/").json()["results"] if one["name"] == name)


@pytest.fixture
def accounts(ana):
    return [ana.post("accounts/", {"name": name, "currency": "EUR"}).json() for name in ("Giro", "Card")]


def test_a_profile_is_saved_for_the_account_of_its_import(ana, accounts):
    giro, _ = accounts
    profile = save(ana, DATES, MONTH_FIRST, "Bank", account="Giro")
    assert (profile["account"], len(profile["fingerprint"])) == (giro["id"], 32)
    assert profile["profile"]["date_format"] == "%m/%d/%Y"


def test_the_files_of_an_account_use_its_own_profile_first(ana, accounts):
    save(ana, DATES, MONTH_FIRST, "Of giro", account="Giro")
    save(ana, DATES, DAY_FIRST, "Of card", account="Card")
    read_by = {name: upload(ana, DATES, account=name).json() for name in ("Giro", "Card")}
    assert {name: body["profile_name"] for name, body in read_by.items()} == {"Giro": "Of giro", "Card": "Of card"}
    assert [body["period"]["from"] for body in read_by.values()] == ["2026-01-02", "2026-02-01"]
    purse = ana.post("accounts/", {"name": "Purse", "currency": "EUR"}).json()
    assert upload(ana, DATES, account=purse["id"]).json()["profile_name"] == "Of card"  # the newest of others


def test_a_file_without_a_header_is_recognized_by_its_shape(ana, accounts):
    assert [q["attr"] for q in upload(ana, BARE, account="Giro").json()["questions"]] == ["date_format"]
    save(ana, BARE, MONTH_FIRST, "Bare", account="Giro")
    later = upload(ana, BARE.replace("01/02", "05/06"), account="Giro", commit="true").json()
    assert (later["profile_name"], later["questions"], later["status"]) == ("Bare", [], "committed")
    other = "01/02/2026,Bakery,-5.00,95.00\n03/02/2026,Kiosk,-6.00,89.00\n"
    assert upload(ana, other, account="Giro").json()["profile_name"] is None


def test_a_profile_that_cannot_read_a_file_is_passed_over(ana, accounts):
    exported = ana.get(f"import-profiles/{save(ana, DATES, MONTH_FIRST, 'Bank', account='Giro')['id']}/export/").json()
    broken = exported | {"name": "Broken", "profile": {"date_format": "%Q"}}
    assert ana.post("import-profiles/", broken | {"account": "Giro"}).status_code == 201
    assert upload(ana, DATES, account="Giro").json()["profile_name"] == "Bank"


def test_deleting_an_account_leaves_its_profile_to_all(ana, accounts):
    giro, _ = accounts
    profile = save(ana, DATES, MONTH_FIRST, "Bank", account="Giro")
    statement = ana.get("imports/").json()["results"][0]
    ana.delete(f"imports/{statement['id']}/")
    since = ana.get("changes/").json()["version"]
    assert ana.delete(f"accounts/{giro['id']}/").status_code == 204
    (changed,) = ana.get(f"changes/?since={since}").json()["import_profiles"]
    assert (changed["id"], changed["account"]) == (profile["id"], None)
    assert upload(ana, DATES, account="Card").json()["profile_name"] == "Bank"


def test_a_profile_travels_from_one_ledger_to_another(ana, ben, accounts):
    profile = save(ana, DATES, MONTH_FIRST, "Bank", account="Giro")
    exported = ana.get(f"import-profiles/{profile['id']}/export/").json()
    assert exported == {
        "export_version": 1,
        "name": "Bank",
        "format": "csv",
        "columns": ["Date", "Description", "Amount"],
        "fingerprint": profile["fingerprint"],
        "profile": profile["profile"],
    }
    answer = ben.post("import-profiles/", exported)
    assert answer.status_code == 201
    added = answer.json()
    assert {key: added[key] for key in exported if key != "export_version"} == {
        key: value for key, value in exported.items() if key != "export_version"
    }
    assert (added["account"], ben.get("import-profiles/").json()["results"]) == (None, [added])
    ben.post("accounts/", {"name": "Mine", "currency": "EUR"})
    assert upload(ben, DATES, account="Mine").json()["profile_name"] == "Bank"
    again = ben.post("import-profiles/", exported)
    assert_problem(again, 409, (None, "unique"))
    detail = "There is a profile “Bank” already. Send another name, or delete that one first."
    assert again.json()["detail"] == detail
    assert_problem(ben.get(f"import-profiles/{profile['id']}/export/"), 404, (None, "not_found"))


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("format", "parquet", "unknown_format"),
        ("fingerprint", "nonsense", "invalid"),
        ("name", "", "blank"),
        ("export_version", 2, "max_value"),
        ("profile", {str(n): n for n in range(51)}, "invalid"),
        ("profile", {"amount": "a\0b"}, "invalid_characters"),
        ("account", "Nobody's", "does_not_exist"),
        ("colums", [], "unknown"),
    ],
)
def test_a_bad_exported_profile_is_refused(ana, field, value, code):
    good = {"name": "Bank", "format": "csv", "columns": ["Date"], "fingerprint": "", "profile": {}}
    assert_problem(ana.post("import-profiles/", good | {field: value}), 400, (field, code))
    assert ana.get("import-profiles/").json()["results"] == []


CARD = (
    "Trans. Date,Post Date,Description,Amount,Category\n"
    "01/02/2026,01/03/2026,KIOSK,12.50,Food\n02/03/2026,02/04/2026,INTERNET PAYMENT,-80.00,Payments\n"
    "02/05/2026,02/06/2026,BAKERY,3.20,Food\n"
)


def test_a_shipped_profile_settles_the_questions_of_a_known_bank(ana, accounts):
    body = upload(ana, CARD, account="Card").json()
    assert (body["profile_name"], body["questions"]) == ("Discover, card", [])
    assert (body["period"], body["totals"]["EUR"]["sum"]) == ({"from": "2026-01-02", "to": "2026-02-05"}, "64.30")


def test_a_saved_profile_goes_before_a_shipped_one(ana, accounts):
    save(ana, CARD, {"invert_sign": False}, "Mine", account="Card")
    body = upload(ana, CARD, account="Card").json()
    assert (body["profile_name"], body["totals"]["EUR"]["sum"]) == ("Mine", "-64.30")


def test_a_shipped_format_of_dates_does_not_overrule_the_file(ana, accounts):
    body = upload(ana, CARD.replace("01/02/2026", "13/02/2026").replace("01/03/2026", "14/02/2026")).json()
    assert body["profile"]["date_format"] == "%d/%m/%Y"


SHIPPED = [
    entry
    for path in sorted(Path(statements.profiles.__file__).parent.glob("*.toml"))
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["bank"]
]


@pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: entry["name"])
def test_a_shipped_profile_is_found_by_its_header_and_can_be_read(entry):
    names = entry["columns"]
    found = shipped_profile([f" {name.upper()} " for name in names])
    assert found is not None
    assert found.name == entry["name"]
    day = "02/03/26" if "%y" in entry["profile"].get("date_format", "") else "02/03/2026"
    row = ["GBP" if "urrency" in name else day if "date" in name.casefold() else "text" for name in names]
    money = ("amount", "debit", "value", "cad$")
    row[next(n for n, name in enumerate(names) if any(word in name.casefold() for word in money))] = "-4.50"
    text = ",".join(f'"{name}"' for name in names) + "\n" + ",".join(row) + "\n"
    importer = importer_for(text.encode())
    reading = importer.detect(text.encode())
    profile = {**reading.profile, **found.profile}
    assert importer.check_profile(profile, text.encode()) == []
    if entry["name"] != "Nubank, card":
        assert any(isinstance(outcome, StatementRow) for outcome in importer.read(text.encode(), profile))


def test_shipped_headers_differ():
    assert len({tuple(map(str.casefold, entry["columns"])) for entry in SHIPPED}) == len(SHIPPED) >= 20
