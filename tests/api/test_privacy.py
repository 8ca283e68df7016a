"""One page answers what leaves Outlay, to whom, how much, and what is hidden; its owner decides about the rest."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.utils import timezone

from expenses.models import Ledger, PrivacyChoices
from providers.ollama.calls import CallOutcome, Purpose
from providers.redaction import Redactor
from tests.api.bodies import assert_problem
from tests.api.model_calls import ENDPOINT, REQUEST, RESPONSE, ledger_id_of, record_call

PRIVACY = "privacy/"
NEVER_SENT = ["your user name, e-mail address, password and tokens", "files", "rows of another ledger"]
#: Placeholders with what they stand for, and a text that holds such a thing.
REDACTED = {
    "IBAN1": ("an international account number", "Quill DE89 3704 0044 0532 0130 00"),
    "CARD1": ("the number of a card, also if only its last digits are shown", "Quill 4111 1111 1111 1111"),
    "ACCOUNT1": ("another account number, the code of a bank", "Quill account 12345678"),
    "EMAIL1": ("an e-mail address", "Quill jo@example.org"),
    "PHONE1": ("a telephone number", "Quill +49 30 901820"),
    "ADDRESS1": ("a street with its number, and the postcode and town behind it", "Quill Hauptstrasse 12"),
    "PERSON1": ("the name of a person", "Quentin Plinth"),
    "REF1": (
        "a reference: an invoice, an order, a mandate, any number of six digits or more",
        "Quill invoice 20261102-7",
    ),
}
OFF = {
    "is_on": False,
    "name": None,
    "endpoint": None,
    "is_private": None,
    "explanation": "No model is configured: no text of a transaction leaves Outlay.",
}


def model_at(host, **options):
    return {
        "BACKEND": "providers.ollama.OllamaProvider",
        "DEFERRED": True,
        "OPTIONS": {"host": host, "model": "quill:1b", **options},
    }


def amount(calls):
    return {"n_calls": calls, "n_bytes_sent": calls * len(REQUEST), "n_bytes_received": calls * len(RESPONSE)}


def test_a_server_without_a_model_says_that_no_text_leaves_it(ana, silent_chain):
    body = ana.get(PRIVACY).json()
    assert body == {
        "model": OFF,
        "usage": {
            "days": 30,
            "since": str(ana.user.today() - timedelta(29)),
            "n_calls": 0,
            "n_bytes_sent": 0,
            "n_bytes_received": 0,
            "by_purpose": [],
            "by_outcome": [],
            "by_endpoint": [],
            "last_call": None,
        },
        "contents": body["contents"],
        "never_sent": NEVER_SENT,
        "redacted": [
            {"placeholder": placeholder, "stands_for": meaning} for placeholder, (meaning, _) in REDACTED.items()
        ],
        "nothing_else": (
            "Nothing else leaves Outlay: no telemetry, no crash reports, no check for updates. Exchange rates are "
            "shipped with each release. The pages of the API load scripts, styles and fonts from Outlay itself."
        ),
        "kept_days": 90,
        "names": [],
        "version": 0,
    }
    assert [one["purpose"] for one in body["contents"]] == list(Purpose)


@pytest.mark.parametrize(
    ("host", "is_private", "where"),
    [
        ("http://127.0.0.1:11434", True, "on the machine that runs Outlay"),
        ("http://localhost:11434", True, "on the machine that runs Outlay"),
        ("http://[::1]:11434", True, "on the machine that runs Outlay"),
        ("http://192.168.1.7:11434", True, "on a private network"),
        ("http://[fd00::7]:11434", True, "on a private network"),
        ("http://100.64.0.7:11434", True, "on a private network"),
        ("https://8.8.8.8:443", False, "which is a public address, so nothing is sent to it"),
        ("http://ollama:11434", None, "a name whose address is checked at each call"),
    ],
)
def test_the_page_says_where_the_model_runs(ana, use_chain, host, is_private, where):
    use_chain(model_at(host))
    assert ana.get(PRIVACY).json()["model"] == {
        "is_on": True,
        "name": "quill:1b",
        "endpoint": host,
        "is_private": is_private,
        "explanation": f"The model runs at {host}, {where}.",
    }


@pytest.mark.parametrize(
    ("outcome", "is_private", "more"),
    [
        (CallOutcome.ANSWERED, True, "; the last call found it private"),
        (CallOutcome.REFUSED, False, "; the last call found it public, and sent nothing"),
        (CallOutcome.UNREACHABLE, None, ""),
    ],
)
def test_the_last_call_tells_of_the_address_behind_a_name(ana, use_chain, outcome, is_private, more):
    use_chain(model_at("http://ollama:11434"))
    record_call(ana, outcome=outcome, endpoint="http://ollama:11434")
    shown = ana.get(PRIVACY).json()["model"]
    assert shown["is_private"] is is_private
    where = f"a name whose address is checked at each call{more}"
    assert shown["explanation"] == f"The model runs at http://ollama:11434, {where}."


@pytest.mark.parametrize(
    ("host", "is_private", "where"),
    [
        ("https://8.8.8.8", False, "which is a public address"),
        ("http://ollama:11434", None, "a name whose address is checked at each call"),
    ],
)
def test_a_setting_that_allows_public_addresses_is_shown(ana, use_chain, host, is_private, where):
    use_chain(model_at(host, is_public_allowed=True))
    record_call(ana, endpoint=host)
    shown = ana.get(PRIVACY).json()["model"]
    assert shown["is_private"] is is_private
    more = "by OUTLAY_OLLAMA_PUBLIC, texts may go to public addresses"
    assert shown["explanation"] == f"The model runs at {host}, {where}; {more}."


def test_calls_of_30_days_are_added_up_by_purpose_outcome_and_server(ana, ben, silent_chain):
    record_call(ana, at="2020-01-01 00:00:00")
    record_call(ana)
    record_call(ana, outcome=CallOutcome.REFUSED, response="", endpoint="https://8.8.8.8")
    last = record_call(ana, purpose=Purpose.ASK)
    record_call(ben)
    usage = ana.get(PRIVACY).json()["usage"]
    del usage["since"]
    created_at = usage["last_call"].pop("created_at")
    assert (timezone.now() - datetime.fromisoformat(created_at)).total_seconds() < 60
    refused = {"n_calls": 1, "n_bytes_sent": 0, "n_bytes_received": 0}
    assert usage == {
        "days": 30,
        **amount(2),
        "n_calls": 3,
        "by_purpose": [{"purpose": "ask", **amount(1)}, {"purpose": "categorize", **amount(1), "n_calls": 2}],
        "by_outcome": [{"outcome": "answered", **amount(2)}, {"outcome": "refused", **refused}],
        "by_endpoint": [{"endpoint": ENDPOINT, **amount(2)}, {"endpoint": "https://8.8.8.8", **refused}],
        "last_call": {"id": last, "purpose": "ask", "endpoint": ENDPOINT, "model": "quill:1b", "outcome": "answered"},
    }


def test_names_and_retention_are_chosen_and_reach_copies(ana, ben, silent_chain):
    before = ana.get("changes/?since=0").json()
    assert before["privacy"] is None
    answer = ana.patch(PRIVACY, {"names": ["Quentin Quill", "  Zoë Plinth ", "QUENTIN quill", "zoe\u0308 plinth"]})
    body = answer.json()
    assert (answer.status_code, body["names"], body["kept_days"]) == (200, ["Quentin Quill", "Zoë Plinth"], 90)
    body = ana.patch(PRIVACY, {"kept_days": 7}).json()
    assert (body["names"], body["kept_days"]) == (["Quentin Quill", "Zoë Plinth"], 7)
    page = ana.get(f"changes/?since={before['version']}").json()
    chosen = {"kept_days": 7, "names": ["Quentin Quill", "Zoë Plinth"], "version": body["version"]}
    assert (page["privacy"], page["version"]) == (chosen, body["version"])
    assert ana.get(f"changes/?since={page['version']}").json()["privacy"] is None
    assert ben.get(PRIVACY).json()["names"] == []
    assert ana.patch(PRIVACY, {"names": []}).json()["names"] == []


def test_a_change_that_changes_nothing_raises_no_version(ana, silent_chain):
    ana.patch(PRIVACY, {"kept_days": 7})
    version = Ledger.objects.get(pk=ledger_id_of(ana)).version
    same: list[dict[str, object]] = [{}, {"kept_days": 7}, {"names": []}]
    for body in same:
        assert ana.patch(PRIVACY, body).json()["version"] == version
    assert Ledger.objects.get(pk=ledger_id_of(ana)).version == version


def test_a_change_is_guarded_by_the_tag_of_the_choices_which_calls_leave_as_it_is(ana, silent_chain):
    tag = ana.get(PRIVACY).headers["ETag"]
    record_call(ana)
    again = ana.get(PRIVACY, headers={"If-None-Match": tag})
    assert (again.status_code, again.headers["ETag"], again.json()["usage"]["n_calls"]) == (200, tag, 1)
    changed = ana.patch(PRIVACY, {"kept_days": 7}, headers={"If-Match": tag})
    assert (changed.status_code, changed.headers["ETag"]) == (200, ana.get(PRIVACY).headers["ETag"])
    assert changed.headers["ETag"] != tag
    answer = ana.patch(PRIVACY, {"kept_days": 8}, headers={"If-Match": tag})
    assert_problem(answer, 412, (None, "changed_meanwhile"))
    assert ana.get(PRIVACY).json()["kept_days"] == 7


@pytest.mark.parametrize(
    ("body", "attr", "code"),
    [
        ({"kept_days": -1}, "kept_days", "min_value"),
        ({"kept_days": 3651}, "kept_days", "max_value"),
        ({"kept_days": "some"}, "kept_days", "invalid"),
        ({"kept_days": 1.5}, "kept_days", "invalid"),
        ({"names": "Quill"}, "names", "not_a_list"),
        ({"names": None}, "names", "null"),
        ({"names": ["Quill", "Q"]}, "names.1", "min_length"),
        ({"names": ["Quill", "q" * 101]}, "names.1", "max_length"),
        ({"names": ["Quill", "Plinth", None]}, "names.2", "null"),
        ({"names": ["Quill", ["Plinth"]]}, "names.1", "invalid"),
        ({"names": ["  "]}, "names.0", "blank"),
        ({"names": ["a\x00b"]}, "names.0", "null_characters_not_allowed"),
        ({"names": [f"Quill {number}" for number in range(201)]}, "names", "max_length"),
        ({"name": ["Quill"]}, "name", "unknown"),
        ({"usage": {}}, "usage", "unknown"),
    ],
)
def test_a_wrong_choice_is_named_with_its_place(ana, silent_chain, body, attr, code):
    assert_problem(ana.patch(PRIVACY, body), 400, (attr, code))
    assert not PrivacyChoices.objects.exists()


def test_a_viewer_reads_the_page_and_chooses_nothing(ana, join_ledger_of, silent_chain):
    record_call(ana)
    viewer = join_ledger_of(ana, "vera", "viewer")
    assert viewer.get(PRIVACY).json()["usage"]["n_calls"] == 1
    assert_problem(viewer.patch(PRIVACY, {"kept_days": 1}), 403, (None, "permission_denied"))


def test_the_figures_begin_with_a_day_where_the_user_lives(ana, silent_chain):
    ana.patch("users/me/", {"preferences": {"time_zone": "Pacific/Auckland"}})
    ana.user.refresh_from_db()
    first = datetime.combine(ana.user.today() - timedelta(29), time.min, ZoneInfo("Pacific/Auckland"))
    for moment in (first, first - timedelta(seconds=1)):
        record_call(ana, at=moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"))
    assert ana.get(PRIVACY).json()["usage"]["n_calls"] == 1


@pytest.mark.parametrize("placeholder", REDACTED)
def test_what_the_page_calls_redacted_is_replaced(placeholder):
    _, text = REDACTED[placeholder]
    assert placeholder in Redactor(names=["Quentin Plinth"]).redact(text)


def test_the_page_of_redaction_has_the_same_table():
    page = (settings.BASE_DIR / "docs" / "redaction.md").read_text()
    rows = "\n".join(f"| {placeholder} | {meaning} |" for placeholder, (meaning, _) in REDACTED.items())
    assert f"\n{rows}\n" in page
