"""What the pages tell a reader to type works, and is answered as they show it."""

import re

import pytest
from django.conf import settings
from rest_framework.settings import api_settings

from expenses.rates.seeding import reference_rates, seed_reference_rates
from tests.pages import blocks_of, differences, faults_of, has_commands

ALL_PAGES = {
    str(page.relative_to(settings.BASE_DIR)): page.read_text()
    for page in [settings.BASE_DIR / "README.md", *sorted((settings.BASE_DIR / "docs").rglob("*.md"))]
}
TYPED = [name for name, page in ALL_PAGES.items() if any(has_commands(text) for _, text in blocks_of(page))]
#: A request that a table of the page names, such as `PUT transactions/{id}/split/`, in its second column.
NAMED_REQUEST = re.compile(r"^\|[^|]*\| `(GET|POST|PUT|PATCH|DELETE) ([^`]+)` \|", re.MULTILINE)
ANCHOR = re.compile(r"\]\((?!https?://)([^)#]*)#([^)]+)\)")
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)[^)]*\)")


@pytest.fixture(autouse=True)
def _no_model(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.CATEGORIZATION_PROVIDERS = [e for e in settings.CATEGORIZATION_PROVIDERS if not e.get("DEFERRED")]


@pytest.fixture(scope="module")
def server(module_database):
    with module_database():
        seed_reference_rates(rates=[rate for rate in reference_rates() if rate.date.year >= 2024])
    return module_database


@pytest.fixture
def db(server):
    """One server for all tests of this module: what a page wrote is there for the next."""
    with server():
        yield


@pytest.mark.parametrize("page", TYPED)
def test_what_a_page_tells_to_type_is_answered_as_it_shows(page, db, run_tasks, tmp_path):
    assert faults_of(ALL_PAGES[page], folder=tmp_path, run_tasks=run_tasks) == []


def test_pages_with_commands_are_found_and_may_all_register_within_an_hour():
    assert len(TYPED) > 20
    assert str(api_settings.DEFAULT_THROTTLE_RATES["register"]) == "60/hour"


def test_the_walkthrough_has_an_answer_under_every_command():
    languages = [language for language, _ in blocks_of(ALL_PAGES["docs/walkthrough.md"])]
    assert languages == ["sh", "json"] * (len(languages) // 2)


@pytest.mark.parametrize("page", ALL_PAGES)
def test_commands_are_in_blocks_that_are_typed_and_answers_below_a_command(page):
    blocks = blocks_of(ALL_PAGES[page])
    elsewhere = [text for language, text in blocks if language != "sh" and has_commands(text)]
    first_answer = next((i for i, (language, _) in enumerate(blocks) if language == "json"), len(blocks))
    first_command = next((i for i, (language, text) in enumerate(blocks) if has_commands(text)), len(blocks))
    assert elsewhere == []
    assert first_command <= first_answer


def test_each_request_that_replaces_one_of_another_api_is_typed():
    page = ALL_PAGES["docs/for-clients-of.md"]
    typed = "\n".join(text for language, text in blocks_of(page) if language == "sh").replace("\\\n", "")
    named = NAMED_REQUEST.findall(page)
    sent = {
        "GET": r'\ncurl (?!-X)(?!.* -[dF] ).*{}"?\n',
        "POST": r"curl (?!.*-X).*{} .*-[dF]",
        "PUT": r"curl -X PUT .*{} ",
        "PATCH": r"curl -X PATCH .*{} ",
    }
    patterns = {
        f"{method} {path}": sent[method].format(re.escape(f"$api/{path}").replace(re.escape("{id}"), r"\$\w+"))
        for method, path in named
    }
    assert len(patterns) > 15
    assert [request for request, pattern in patterns.items() if re.search(pattern, typed) is None] == []


@pytest.mark.parametrize("page", ALL_PAGES)
def test_the_links_of_a_page_lead_somewhere(page):
    folder = (settings.BASE_DIR / page).parent
    assert [target for target in LINK.findall(ALL_PAGES[page]) if not (folder / target).exists()] == []


@pytest.mark.parametrize("page", ALL_PAGES)
def test_the_anchors_of_a_page_name_headings(page):
    folder = (settings.BASE_DIR / page).parent
    broken = [
        f"{target}#{anchor}"
        for target, anchor in ANCHOR.findall(ALL_PAGES[page])
        if anchor not in anchors_of(folder / target if target else settings.BASE_DIR / page)
    ]
    assert broken == []


def anchors_of(page):
    """Return the anchors of a page's headings, as GitHub names them."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


def test_files_named_by_the_architecture_exist():
    text = (settings.BASE_DIR / "docs" / "architecture.md").read_text()
    named = re.findall(r"`([a-z_]+/[a-z_/]*(?:\.py)?|[a-z_]+\.py)`", text)
    roots = [settings.BASE_DIR, *(path.parent for path in settings.BASE_DIR.glob("*/apps.py"))]
    assert len(named) > 30
    assert [name for name in named if not any((root / name).exists() for root in roots)] == []


def test_every_page_is_in_the_index():
    folder = settings.BASE_DIR / "docs"
    named = {(folder / target).resolve() for target in LINK.findall((folder / "README.md").read_text())}
    assert {page for page in folder.rglob("*.md") if page.name != "README.md"} <= named


FAULTY = """
```sh
. examples/begin.sh
echo "not sent to the server"
name=$(curl -s -X PATCH $api/users/me/ -H "$token" -H "$json" -d '{"preferences": {"locale": "de"}}' | pick username)
curl -H "$token" "$api/tags/?search=$name&page=1" \\
  -X OPTIONS
```

```json
{"name": "tags"}
```

```sh
curl $api/tags/
```
"""


def test_a_page_is_typed_as_a_shell_reads_it_and_its_faults_are_found(db, run_tasks, tmp_path):
    wrong, refused = faults_of(FAULTY, folder=tmp_path, run_tasks=run_tasks)
    assert "tags/?search=reader-" in wrong
    assert wrong.endswith("answer.name: the page shows 'tags', the answer is 'Tag List'")
    assert '"status":401' in refused


def test_a_shown_answer_that_differs_is_found():
    shown = {"a": "…", "b": [{"c": 1}], "d": 2}
    assert list(differences(shown, {"a": 5, "b": [{"c": 1, "x": 0}], "d": 2, "e": 3})) == []
    assert sorted(differences(shown, {"a": 5, "b": [{"c": 9}]})) == [
        "answer.b.0.c: the page shows 1, the answer is 9",
        "answer.d: the page shows 2, the answer is 'nothing'",
    ]
