"""`changes/` also names rules, proposals, rates, imports, their profiles, mapped kinds, preferences and thresholds."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from expenses.models import ExchangeRate, KindMapping, Ledger, Membership, Run, RunStatus
from rules.models import Proposal, Rule
from statements.models import Import, Profile
from statements.services.imports import fail_reading
from tests.api.bodies import settled
from tests.api.copies import Copy, ledger_of
from tests.api.saved_rules import category_id, create, rule
from tests.api.test_changes import NOTHING, news, record_many, version_of

HERON = ["BLUE HERON 12 OSLO", "BLUE HERON 31 BERGEN", "Blue Heron 7 Moss"]
RATE = {"base": "EUR", "quote": "USD", "date": "2026-11-02", "rate": "1.25"}
FILE = "Date;Payee;Amount;Currency\n2026-11-13;Cafe Luna;-5.50;EUR\n2026-11-14;Tea House;-3.20;EUR\n"
ROW = {"amount": "4.50", "date": "2026-11-02"}


@pytest.fixture(autouse=True)
def _chain(use_chain, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    use_chain({"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.85})


@pytest.fixture
def copy(ana):
    ana.post("tags/", {"name": "cold"})  # so that no page begins with 0
    return Copy(ana).pull()


def told(copy: Copy) -> dict[str, Any]:
    """The lists of the next page that are not empty; the copy then equals the ledger."""
    page = copy.pull_page()
    assert not page.pop("has_more")
    assert copy.tables == ledger_of(copy.api)
    del page["version"]
    return {name: value for name, value in page.items() if value}


def stored(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "stats"}


def gone(kind: str, *ids: int) -> dict[str, Any]:
    return {"deleted": [{"type": kind, "id": pk} for pk in ids]}


def upload(api: Any, text: str = FILE, **fields: Any) -> Any:
    file = SimpleUploadedFile("november.csv", text.encode())
    answer = api.post("imports/", {"file": file, **fields}, format="multipart")
    assert answer.status_code in {201, 202}, answer.content
    return answer.json()


def own_category(api: Any, name: str) -> Any:
    return api.post("categories/", {"name": name, "kind": "expense"}).json()


# Rules


def test_a_rule_is_told_without_its_statistics(ana, copy):
    body = create(ana)
    assert told(copy) == {"rules": [stored(body)]}
    assert set(body) - set(stored(body)) == {"stats"}
    edited = ana.patch(f"rules/{body['id']}/", {"priority": 7}).json()
    assert told(copy) == {"rules": [stored(edited)]}
    assert ana.delete(f"rules/{body['id']}/").status_code == 204
    assert told(copy) == gone("rule", body["id"])


def test_a_new_order_and_an_import_tell_every_rule_that_they_write(ana, copy):
    first, second = create(ana, name="A"), create(ana, name="B")
    told(copy)
    ana.post("rules/reorder/", {"ids": [second["id"], first["id"]]})
    assert [body["id"] for body in told(copy)["rules"]] == [first["id"], second["id"]]
    document = {"format": "outlay-rules", "format_version": 1, "rules": [rule(name="C"), rule(name="A", priority=3)]}
    ana.post("rules/import/?on_conflict=update", document)
    assert [body["name"] for body in told(copy)["rules"]] == ["A", "C"]
    since = copy.version
    ana.post("rules/import/?on_conflict=update", document)
    ana.post("rules/reorder/", {"ids": []})
    assert version_of(ana) == since


def test_a_rule_follows_the_names_of_its_category_and_tags(ana, copy):
    tea, drinks = own_category(ana, "Tea"), own_category(ana, "Drinks")
    actions = [{"type": "set_category", "value": "Tea"}, {"type": "add_tags", "value": ["hot"]}]
    create(ana, actions=actions)
    tag = ana.post("tags/", {"name": "hot"}).json()
    told(copy)
    ana.patch(f"categories/{tea['id']}/", {"name": "Tisane"})
    assert told(copy)["rules"][0]["actions"][0]["value_name"] == "Tisane"
    ana.patch(f"tags/{tag['id']}/", {"name": "warm"})
    assert told(copy)["rules"][0]["actions"][1]["value"] == ["warm"]
    assert ana.delete(f"categories/{tea['id']}/?replacement={drinks['id']}").status_code in {200, 204}
    page = told(copy)
    assert page["rules"][0]["actions"][0]["value"] == drinks["id"]
    assert page["deleted"] == [{"type": "category", "id": tea["id"]}]


# Proposals


@pytest.fixture
def propose(ana, run_tasks):
    """Let the worker propose a rule from three corrections. Return its body in the list."""

    def do(category: str = "Dining", texts: list[str] = HERON) -> Any:
        for text in texts:
            row = ana.post("expenses/", ROW | {"description": text}).json()
            ana.patch(f"transactions/{row['id']}/", {"category": category})
        run_tasks()
        return ana.get("rules/proposals/").json()["results"][0]

    return do


def test_a_proposal_is_told_without_what_it_would_do_now(ana, copy, propose):
    body = propose()
    [shown] = told(copy)["proposals"]
    assert settled(shown) == {
        "status": "open",
        "rule": body["rule"],
        "because": "You put 3 transactions with “blue heron” into Dining, which no machine had said.",
        "transactions": [line["id"] for line in body["evidence"]],
        "accepted_rule": None,
    }
    assert shown["version"] == version_of(ana)


def test_every_answer_to_a_proposal_is_told(ana, copy, propose):
    number = propose()["id"]
    told(copy)
    condition = {"field": "raw_description", "op": "contains", "value": "blue heron 1"}
    ana.post(f"rules/proposals/{number}/narrow/", {"conditions": [condition]})
    assert told(copy)["proposals"][0]["rule"]["conditions"][0]["value"] == "blue heron 1"
    accepted = ana.post(f"rules/proposals/{number}/accept/").json()
    page = told(copy)
    assert [page["proposals"][0][name] for name in ("status", "accepted_rule")] == ["accepted", accepted["id"]]
    assert page["rules"][0]["origin"] == "learned"
    ana.delete(f"rules/{accepted['id']}/")
    page = told(copy)
    assert page["proposals"][0]["accepted_rule"] is None
    assert page["deleted"] == [{"type": "rule", "id": accepted["id"]}]


def test_a_refusal_takes_the_other_proposals_of_the_merchant_from_the_copy(ana, copy, propose):
    number = propose()["id"]
    twin = Proposal.objects.get(pk=number)
    twin.pk, twin.category_id = None, category_id(ana, "Groceries")
    twin.save()
    copy = Copy(ana).pull()
    ana.post(f"rules/proposals/{number}/never/", {"scope": "merchant"})
    page = told(copy)
    assert [body["status"] for body in page["proposals"]] == ["never"]
    assert page["deleted"] == [{"type": "proposal", "id": twin.pk}]


def test_a_proposal_follows_its_category(ana, copy, propose):
    tea, drinks = own_category(ana, "Tea"), own_category(ana, "Drinks")
    number = propose("Tea")["id"]
    told(copy)
    ana.patch(f"categories/{tea['id']}/", {"name": "Tisane"})
    assert "into Tisane," in told(copy)["proposals"][0]["because"]
    ana.post(f"categories/{tea['id']}/merge/", {"into": drinks["id"]})
    assert "into Drinks," in told(copy)["proposals"][0]["because"]
    for row in ana.get("transactions/").json()["results"]:
        ana.patch(f"transactions/{row['id']}/", {"category": None})
    told(copy)
    assert ana.delete(f"categories/{drinks['id']}/").status_code == 204
    assert {"type": "proposal", "id": number} in told(copy)["deleted"]


def test_a_proposal_that_no_correction_supports_any_more_goes(ana, copy, propose, run_tasks):
    number = propose()["id"]
    told(copy)
    for row in ana.get("transactions/").json()["results"]:
        ana.patch(f"transactions/{row['id']}/", {"category": "Groceries"})
    run_tasks()
    assert {"type": "proposal", "id": number} in told(copy)["deleted"]


# Rates and mapped kinds of shops


def test_a_ledgers_own_rates_are_told_and_those_of_the_server_are_not(ana, ben, copy):
    ExchangeRate.objects.create(base="EUR", quote="USD", date="2026-10-30", rate="1.1172", source="ecb")
    body = ana.post("rates/", RATE).json()
    assert told(copy) == {"rates": [body]}
    edited = ana.patch(f"rates/{body['id']}/", {"rate": "1.5"}).json()
    assert told(copy) == {"rates": [edited]}
    assert Copy(ben).pull().tables["rates"] == {}
    assert ana.delete(f"rates/{body['id']}/").status_code == 204
    assert told(copy) == gone("rate", body["id"])


def test_a_mapped_kind_of_shop_is_told(ana, copy):
    tea = own_category(ana, "Tea")
    told(copy)
    for _ in range(2):
        ana.put("categorization/kinds/shop=coffee/", {"category": "Tea"})
    mapping = KindMapping.objects.get()
    body = {"id": mapping.pk, "kind": "shop=coffee", "category": tea["id"], "category_name": "Tea"}
    assert told(copy) == {"kind_mappings": [body | {"version": mapping.version}]}
    assert mapping.version == copy.version
    ana.patch(f"categories/{tea['id']}/", {"name": "Tisane"})
    assert told(copy)["kind_mappings"] == [body | {"category_name": "Tisane", "version": copy.version}]
    for _ in range(2):
        assert ana.delete("categorization/kinds/shop=coffee/").status_code == 204
    assert told(copy) == gone("kind_mapping", mapping.pk)
    assert copy.version == version_of(ana)


# Imports and profiles


def test_an_import_is_told_from_its_upload_to_its_deletion(ana, copy):
    ana.post("accounts/", {"name": "Giro"})
    told(copy)
    body = upload(ana, account="Giro")
    assert told(copy) == {"imports": [body]}
    edited = ana.patch(f"imports/{body['id']}/", {"profile": {}, "save_as": "My bank"}).json()
    [profile] = ana.get("import-profiles/").json()["results"]
    assert told(copy) == {"imports": [edited], "import_profiles": [profile]}
    assert ana.delete(f"imports/{body['id']}/").status_code == 204
    assert told(copy) == gone("import", body["id"])
    assert ana.delete(f"import-profiles/{profile['id']}/").status_code == 204
    assert told(copy) == gone("import_profile", profile["id"])


def test_the_status_of_an_import_is_told_whatever_becomes_of_its_run(ana, copy, run_tasks):
    ana.post("accounts/", {"name": "Giro"})
    number = upload(ana, account="Giro")["id"]
    told(copy)
    run = ana.post(f"imports/{number}/commit/").json()["id"]
    assert told(copy)["imports"][0]["status"] == "committing"
    ana.post(f"runs/{run}/cancel/")
    assert told(copy)["imports"][0]["status"] == "parsed"
    ana.post(f"runs/{run}/resume/")
    assert told(copy)["imports"][0]["status"] == "committing"
    run_tasks()
    [body] = told(copy)["imports"]
    assert (body["status"], body["n_new"]) == ("committed", 2)
    ana.post(f"runs/{run}/revert/")
    assert told(copy)["imports"][0]["status"] == "parsed"
    again = ana.post(f"imports/{number}/commit/").json()["id"]
    assert told(copy)["imports"][0]["run"] == again


def test_an_interrupted_import_is_told_as_it_was(ana, copy):
    """Its run waits for another worker, and it is still being committed."""
    ana.post("accounts/", {"name": "Giro"})
    number = upload(ana, account="Giro")["id"]
    run = ana.post(f"imports/{number}/commit/").json()["id"]
    told(copy)
    Run.objects.filter(pk=run).update(status=RunStatus.RUNNING, claim="of nobody")
    assert ana.get(f"runs/{run}/").json()["status"] == "pending"
    assert told(copy) == {}


def test_a_file_that_the_worker_reads_is_told(ana, copy, settings, run_tasks):
    settings.IMPORT_READ_AT_ONCE_BYTES = 0
    first, second = upload(ana)["id"], upload(ana)["id"]
    assert [body["status"] for body in told(copy)["imports"]] == ["reading", "reading"]
    fail_reading(import_id=second, error="It could not be read.")
    assert [body["id"] for body in told(copy)["imports"]] == [second]
    run_tasks()
    assert [[body["id"], body["status"]] for body in told(copy)["imports"]] == [[first, "parsed"]]


def test_an_import_follows_its_account(ana, copy):
    account = ana.post("accounts/", {"name": "Giro"}).json()["id"]
    upload(ana, account="Giro")
    told(copy)
    ana.patch(f"accounts/{account}/", {"name": "Checking"})
    assert told(copy)["imports"][0]["account_name"] == "Checking"
    assert ana.delete(f"accounts/{account}/").status_code == 204
    assert told(copy)["imports"][0]["account"] is None


# Preferences and thresholds


def test_preferences_are_told_to_whose_they_are(ana, copy, join_ledger_of):
    member = join_ledger_of(ana, "eva", "editor")
    beside = Copy(member).pull()
    preferences = {"base_currency": "CHF", "time_zone": "UTC", "locale": "en", "week_start": 1, "month_start": 1}
    for _ in range(2):
        ana.patch("users/me/", {"preferences": {"base_currency": "CHF"}})
    assert told(copy) == {"preferences": preferences}
    assert copy.version == version_of(ana)
    assert told(beside) == {}
    ana.patch("users/me/", {"email": "ana@example.net"})
    assert told(copy) == {}
    assert version_of(ana) == copy.version


def test_preferences_of_a_new_user_raise_the_version_of_their_first_ledger(ana):
    Ledger.objects.all().delete()
    assert ana.patch("users/me/", {"preferences": {"locale": "de-AT"}}).status_code == 200
    assert news(ana, 0)["preferences"]["locale"] == "de-AT"
    assert news(ana, 1) == NOTHING | {"version": 1, "has_more": False}


def test_thresholds_are_told_whole(ana, copy):
    for _ in range(2):
        ana.patch("categorization/thresholds/", {"thresholds": {"history": 0.7}})
    link = {"link": "history", "threshold": 0.7, "default": 0.85, "is_own": True}
    evidence = ana.get("categorization/thresholds/").json()["evidence"]
    assert told(copy) == {"thresholds": [link], "evidence_thresholds": evidence}
    assert copy.version == version_of(ana)
    ana.patch("categorization/thresholds/", {"thresholds": {"history": None}, "evidence": {"repeat": 0.6}})
    own = {"evidence": "repeat", "threshold": 0.6, "is_own": True}
    assert told(copy) == {
        "thresholds": [link | {"threshold": 0.85, "is_own": False}],
        "evidence_thresholds": [own, *evidence[1:]],
    }


# Pages, strangers, costs and upgrades


def fill(api: Any) -> None:
    """Writes of every kind, some of several rows."""
    api.post("accounts/", {"name": "Giro"})
    tea = own_category(api, "Tea")
    document = [rule(name=name, actions=[{"type": "set_category", "value": "Tea"}]) for name in ("A", "B", "C")]
    api.post("rules/import/", {"format": "outlay-rules", "format_version": 1, "rules": document})
    api.post("rates/", RATE)
    api.patch("users/me/", {"preferences": {"week_start": 7}})
    number = upload(api, account="Giro", commit=True)["id"]
    again = upload(api, account="Giro")["id"]
    api.patch(f"imports/{again}/", {"profile": {}, "save_as": "My bank"})
    api.patch("categorization/thresholds/", {"thresholds": {"history": 0.7}})
    api.patch(f"categories/{tea['id']}/", {"name": "Tisane"})
    api.delete(f"rates/{api.post('rates/', RATE | {'date': '2026-11-01'}).json()['id']}/")
    assert api.get(f"imports/{number}/").json()["status"] == "committed"


@pytest.mark.parametrize("limit", [1, 2, 3, 500])
def test_pages_never_part_a_write_of_any_kind(ana, limit):
    fill(ana)
    copy, pages = Copy(ana, limit=limit), list[Any]()
    while not pages or pages[-1]["has_more"]:
        pages.append(copy.pull_page())
    stamped = [(row["version"], n) for n, page in enumerate(pages) for name in page for row in rows_of(page[name])]
    assert len(dict(stamped)) == len(set(stamped))
    assert sum(page["preferences"] is not None for page in pages) == 1
    assert sum(page["thresholds"] is not None for page in pages) == 1
    assert copy.tables == ledger_of(ana)


def rows_of(value: Any) -> list[Any]:
    return [row for row in value if row.get("version")] if isinstance(value, list) else []


def test_strangers_are_told_nothing_of_all_this(ana, ben):
    before = news(ben, 0)
    fill(ana)
    assert news(ben, 0) == before


def test_a_page_costs_the_same_however_many_rules_and_imports_are_in_it(ana):
    ana.post("accounts/", {"name": "Giro"})
    costs = []
    for n in (1, 8):
        since = version_of(ana)
        for i in range(n):
            create(ana, name=f"{n} {i}")
            ana.post("rates/", RATE | {"date": f"2026-10-{n + i:02}"})
            number = upload(ana, account="Giro")["id"]
            ana.patch(f"imports/{number}/", {"profile": {}, "save_as": f"{n} {i}"})
        with CaptureQueriesContext(connection) as queries:
            page = news(ana, since)
        assert [len(page[name]) for name in ("rules", "rates", "imports", "import_profiles")] == [n] * 4
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_a_page_without_news_asks_each_table_once(ana):
    record_many(ana, 3)
    since = version_of(ana)
    with CaptureQueriesContext(connection) as queries:
        assert news(ana, since) == NOTHING | {"version": since, "has_more": False}
    asked = [query["sql"] for query in queries if "version" in query["sql"]]
    assert len(asked) <= len(NOTHING) + 2


@pytest.mark.parametrize("steps", [["expenses.migrations.0019_more_in_changes"], []])
def test_clients_from_before_the_upgrade_are_told_what_they_never_saw(ana, steps):
    fill(ana)
    mappings = {"category": "Dining"}
    ana.put("categorization/kinds/shop=coffee/", mappings)
    for model in (Rule, Import, Profile, KindMapping, ExchangeRate):
        model._base_manager.update(version=0)
    Ledger.objects.update(thresholds_version=0)
    Membership.objects.update(preferences_version=0)
    since, seen = version_of(ana), Copy(ana)
    seen.version = since
    for name in (*steps, "rules.migrations.0005_rules_in_changes", "statements.migrations.0002_imports_in_changes"):
        import_module(name).stamp(apps, None)
    page = seen.pull_page()
    there = ledger_of(ana)
    names = ["rules", "imports", "import_profiles", *(["rates", "preferences", "thresholds"] if steps else [])]
    assert {name: seen.tables[name] for name in names} == {name: there[name] for name in names}
    assert len(page["kind_mappings"]) == len(steps)
    assert page["transactions"] == []
