"""The OpenAPI document: up to date, shown without internet, and true of every operation."""

import re
import shutil
from collections import Counter
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from django.conf import settings as django_settings
from django.contrib.staticfiles import finders
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import override_settings
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.wsgi import application
from expenses.models import Run
from statements.models import Profile
from tests.api.bodies import assert_problem
from tests.conftest import Api, make_user
from tests.laws import n_examples

COMMITTED = Path(django_settings.BASE_DIR) / "docs" / "openapi.yaml"
DOCUMENT: dict[str, Any] = yaml.load(COMMITTED.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
pytestmark = pytest.mark.usefixtures("keep_connection")

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def answer_and_close(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer a request, and close the answer as servers do: the plugin's client reads files and leaves them open."""
    answer = application(environ, start_response)
    try:
        return list(answer)
    finally:
        answer.close()


# The plugin's own `from_fixture` does not work with this pytest, so operations are parametrized by hand.
schema = schemathesis.openapi.from_dict(DOCUMENT)
schema.app = answer_and_close
OPERATIONS: list[Any] = [result.ok() for result in schema.get_all_operations()]  # type: ignore[union-attr]


def test_the_committed_document_is_the_generated_one(tmp_path):
    made = tmp_path / "openapi.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(made))
    assert made.read_text() == COMMITTED.read_text(), "docs/openapi.yaml is stale; run: make openapi"


@pytest.mark.parametrize("name", ["anomalies", "recurring"])
def test_lists_without_cursors_offer_none_and_their_example_is_one_page(name):
    operation = DOCUMENT["paths"][f"/api/v1/insights/{name}/"]["get"]
    names = {parameter["name"] for parameter in operation["parameters"]}
    assert {"page", "page_size", "category"} <= names
    assert "cursor" not in names
    [name_of_example] = operation["responses"]["200"]["content"]["application/json"]["examples"]
    example = DOCUMENT["components"]["examples"][name_of_example]["value"]
    assert "is_stale" in example
    assert all("results" not in one for one in example["results"])


def test_every_operation_names_its_errors():
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            codes = set(operation["responses"])
            assert codes & {"200", "201", "202", "204"}, (method, path)
            assert "401" in codes or not operation.get("security") or {} in operation["security"], (method, path)
            if "{" in path:
                assert "404" in codes, (method, path)
            for code in codes & {"400", "401", "403", "404", "409", "413", "415", "422"}:
                problem = operation["responses"][code]["content"]
                assert list(problem) == ["application/problem+json"], (method, path, code)


VERBS = {
    "Accept", "Adopt", "Apply", "Ask", "Attach", "Cancel", "Change", "Check", "Choose", "Compare", "Confirm",
    "Convert", "Correct", "Create", "Decompose", "Delete", "Dismiss", "Download", "Explain", "Export", "Find",
    "Forecast", "Get", "Give", "Import", "Judge", "List", "Merge", "Narrow", "Print", "Propose", "Put", "Record",
    "Refuse", "Register", "Reject", "Reorder", "Replace", "Reset", "Restore", "Resume", "Revert", "Revoke", "Score",
    "Set", "Sign", "Split", "Start", "Suggest", "Sum", "Summarize", "Tell", "Test", "Undo", "Upload",
}  # fmt: skip


def test_every_operation_has_a_short_summary_of_its_own_that_begins_with_a_verb():
    summaries = [o["summary"] for operations in DOCUMENT["paths"].values() for o in operations.values()]
    odd = [s for s in summaries if len(s.split()) > 6 or s.split()[0] not in VERBS or s.endswith(".")]
    assert odd == []
    assert [s for s, n in Counter(summaries).items() if n > 1] == []
    assert {o["operationId"] for operations in DOCUMENT["paths"].values() for o in operations.values()} >= {
        "expenses_create", "rules_apply_all", "runs_revert_create"}  # fmt: skip


def test_expenses_and_incomes_speak_of_themselves():
    for name, noun in (("expenses", "an expense"), ("incomes", "an income"), ("transactions", "a transaction")):
        operation = DOCUMENT["paths"][f"/api/v1/{name}/{{id}}/split/"]["delete"]
        assert operation["summary"] == f"Undo {noun}'s split"
        assert f"the {noun.split()[1]} has its earlier category" in operation["description"]


def test_the_introduction_says_what_holds_for_all_operations():
    headings = re.findall(r"^## (.+)$", DOCUMENT["info"]["description"], re.MULTILINE)
    topics = ["Sign in", "Money and days", "Lists", "Errors", "Repeated requests", "Changes by others"]
    assert headings == [*topics, "Work in the background"]


def test_every_group_is_described_and_every_operation_is_in_one():
    described = {tag["name"]: tag["description"] for tag in DOCUMENT["tags"]}
    used = [o["tags"] for operations in DOCUMENT["paths"].values() for o in operations.values()]
    assert all(len(tags) == 1 for tags in used)
    assert {tags[0] for tags in used} == set(described)
    assert all(text.endswith(".") for text in described.values())


@pytest.mark.parametrize("page", ["docs/", "redoc/"])
def test_the_pages_are_complete_without_internet(anyone, page):
    answer = anyone.get(page)
    assert answer.status_code == 200
    html = answer.content.decode()
    assert not re.findall(r"(?:src|href)=[\"']?(?:https?:)?//", html)
    assert not re.findall(r"https?://(?!testserver)[^\s\"'<]+", html)
    files = re.findall(r"(?:src|href)=\"/static/([^\"]+)\"", html)
    assert files
    for name in files:
        assert finders.find(name), name
        with closing(anyone.get(f"/static/{name}")) as file:
            assert file.status_code == 200
    sources = answer["Content-Security-Policy"]
    assert sources.startswith("default-src 'self';")
    assert "http" not in sources


def test_the_document_is_the_committed_one_and_is_not_built_for_a_request(anyone, monkeypatch):
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("built for a request")

    monkeypatch.setattr(SchemaGenerator, "get_schema", refuse)
    answer = anyone.get("schema/")
    assert (answer.status_code, answer.content) == (200, COMMITTED.read_bytes())
    assert anyone.get("schema/", {"format": "json"}).json() == DOCUMENT
    assert DOCUMENT["info"]["version"] == django_settings.VERSION
    assert DOCUMENT["servers"] == [{"url": "/", "description": "This server"}]


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("form", "accept", "media_type"),
    [
        ("", "", "application/vnd.oai.openapi"),
        ("", "*/*", "application/vnd.oai.openapi"),
        ("", "application/yaml", "application/yaml"),
        ("", "application/json", "application/json"),
        ("", "application/vnd.oai.openapi+json", "application/vnd.oai.openapi+json"),
        ("", BROWSER, "text/plain"),
        ("yaml", BROWSER, "text/plain"),
        ("json", BROWSER, "application/json"),
        ("json", "", "application/json"),
    ],
)
def test_the_document_comes_in_the_form_that_is_wanted_and_a_browser_shows_it(anyone, form, accept, media_type):
    headers = {"HTTP_ACCEPT": accept} if accept else {}
    answer = anyone.get("schema/", {"format": form} if form else {}, **headers)
    assert (answer.status_code, answer["Content-Type"]) == (200, f"{media_type}; charset=utf-8")
    assert "Content-Disposition" not in answer
    assert "Accept" in answer["Vary"]


def test_an_unchanged_document_is_not_sent_again(anyone):
    tags = {form: anyone.get("schema/", {"format": form})["ETag"] for form in ("yaml", "json")}
    assert tags["yaml"] != tags["json"]
    for form, tag in tags.items():
        again = anyone.get("schema/", {"format": form}, HTTP_IF_NONE_MATCH=tag)
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
        assert again["Cache-Control"] == "private, no-cache"
    other = anyone.get("schema/", {"format": "json"}, HTTP_IF_NONE_MATCH=tags["yaml"])
    assert other.status_code == 200


def test_an_unknown_form_of_the_document_names_the_known_ones(anyone):
    body = assert_problem(anyone.get("schema/", {"format": "xml"}), 400, ("format", "unknown"))
    assert body["detail"] == "format: There is no such format; known are yaml, json."


def test_the_root_leads_to_the_documentation(anyone):
    answer = anyone.get("/")
    assert (answer.status_code, answer["Location"]) == (HTTPStatus.FOUND, "/api/v1/docs/")


CHAIN = [{"BACKEND": "rules.provider.RulesProvider"}, {"BACKEND": "expenses.categorization.history.HistoryProvider"}]


@pytest.fixture(scope="module")
def house(module_database, tmp_path_factory):
    """A client, the ids of what is there by the first part of an address, and the folder of its files."""
    folder = tmp_path_factory.mktemp("files")
    with module_database(), override_settings(MEDIA_ROOT=folder, CATEGORIZATION_PROVIDERS=CHAIN):
        mia = Api(make_user("mia"))
        return mia, fill(mia), folder


def fill(api: Api) -> dict[str, int]:
    """Record one thing of each sort, and return their ids."""
    row = {"amount": "5.50", "description": "Cafe Luna"}
    rule = {"name": "Cafes", "conditions": [{"field": "description", "op": "contains", "value": "cafe"}],
            "actions": [{"type": "set_category", "value": "Dining"}]}  # fmt: skip
    api.post("accounts/", {"name": "Purse"})
    made = {
        "accounts": api.post("accounts/", {"name": "Giro"}),
        "categories": api.post("categories/", {"name": "Tea", "kind": "expense"}),
        "expenses": api.post("expenses/", {**row, "category": "Dining", "tags": ["out"]}),
        "incomes": api.post("incomes/", {**row, "category": "Salary"}),
        "rules": api.post("rules/", rule),
        "transfers": api.post("transfers/", {"from_account": "Purse", "to_account": "Giro", "amount": "5"}),
        "rates": api.post("rates/", {"base": "USD", "quote": "CHF", "date": "2026-11-02", "rate": "0.8"}),
        "tags": api.post("tags/", {"name": "hot"}),
    }
    file = SimpleUploadedFile("one.csv", b"Date;Payee;Amount\n2026-11-13;Cafe Luna;-5.50\n2026-11-14;Bar;-7.00\n")
    made["imports"] = api.post("imports/", {"file": file, "account": "Giro"}, format="multipart")
    found = {name: answer.json()["id"] for name, answer in made.items()}
    assert api.user is not None
    ledger = api.user.memberships.get().ledger
    found["runs"] = Run.objects.create(ledger=ledger, user=api.user, kind="import").pk
    found["import-profiles"] = Profile.objects.create(
        ledger=ledger, name="Bank", format="csv", columns=["Date"], profile={}, version=1
    ).pk
    return found | {"transactions": found["expenses"]}


def run_examples(operation: Any, mode: GenerationMode, api: Any, ids: dict[str, int]) -> None:
    """Send generated requests; half of those that name an id name one that is there."""
    known = ids.get(operation.path.split("/")[3])
    token = api.client._credentials["HTTP_AUTHORIZATION"]

    @settings(
        max_examples=n_examples(3),
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), is_there=st.booleans())
    def send(case: Any, is_there: bool) -> None:
        if is_there and known is not None and "id" in case.path_parameters:
            case.path_parameters["id"] = known
        case.call_and_validate(checks=CHECKS, headers={"Authorization": token, "Host": "localhost"})

    send()


@pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.label for operation in OPERATIONS])
def test_an_operation_answers_as_described(house, db, use_chain, settings, tmp_path, operation):
    mia, ids, files = house
    settings.MEDIA_ROOT = shutil.copytree(files, tmp_path, dirs_exist_ok=True)
    use_chain(*CHAIN)
    run_examples(operation, GenerationMode.POSITIVE, mia, ids)
    if operation.body or operation.query or operation.path_parameters:
        run_examples(operation, GenerationMode.NEGATIVE, mia, ids)
