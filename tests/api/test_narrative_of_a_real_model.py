"""The text of a month with the answers of a real model, replayed: what is shown of them, and what is not.

`OUTLAY_RECORD_CASSETTES=1 pytest -n 0 tests/api/test_narrative_of_a_real_model.py` records it anew.
"""

import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from vcr.errors import CannotOverwriteExistingCassetteException

from insights.models import Narrative
from insights.narrative import prompt
from insights.services import narratives
from insights.services.narratives import write_narrative
from tests.api.reports import category_of, record, report
from tests.api.test_narrative import two_months
from tests.conftest import Api
from tests.providers.ollama_cassettes import cassette
from tests.providers.ollama_scenarios import HOST, MODEL

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
IS_RECORDED = bool(os.environ.get("OUTLAY_RECORD_CASSETTES"))


@pytest.fixture
def use_model(use_chain: Callable[..., None]) -> Callable[..., None]:
    def use(model: str = MODEL) -> None:
        options = {"host": HOST, "model": model, "log": "expenses.services.model_calls.ModelCallLog"}
        use_chain({"BACKEND": "providers.ollama.OllamaProvider", "DEFERRED": True, "OPTIONS": options})

    return use


def read(api: Api) -> Any:
    return report(api, "narrative", month="2024-11")


def said_by(api: Api) -> list[str]:
    """Return what the model wrote for each part, as the privacy ledger has it."""
    calls = api.get("privacy/model-calls/?purpose=narrate").json()["results"]
    assert {(call["prompt_version"], call["outcome"]) for call in calls} == {("narrative-1", "answered")}
    return [json.loads(call["response"])["message"]["content"] for call in reversed(calls)]


def test_two_english_sentences_are_true_and_all_others_are_dropped(ana, use_model, run_tasks):
    use_model()
    two_months(ana)
    waiting = read(ana)
    with cassette("narrative_en", record=IS_RECORDED):
        run_tasks()
    housing = category_of(ana, "Housing")
    own = [
        ("summary-1", "In November 2024, you spent €1,200.00 and earned €2,400.00.",
         ["spending-amount", "income-amount"]),
        ("summary-2", "The largest category is Housing with €960.00, 80% of the spending.",
         [f"category-{housing}-amount", f"category-{housing}-share"]),
    ]  # fmt: skip
    assert read(ana) == {
        **waiting,
        "source": "model", "model": "written", "n_dropped": 22,
        "summary": " ".join(text for _, text, _ in own),
        "sentences": [
            *({"id": place, "part": "summary", "text": text, "source": "model", "figures": figures}
              for place, text, figures in own),
            *(one for one in waiting["sentences"] if one["part"] != "summary"),
        ],
        "figures": [one for one in waiting["figures"] if one["name"] != "savings-rate"],
    }  # fmt: skip
    summary, behavior, tips = said_by(ana)
    assert "This is a 20% increase from the previous month." in summary
    assert "This was a 2.5% reduction in spending, which is a significant shift." in behavior
    assert tips.startswith("1. 1.1.1: 1.1.1.1: ")


def test_no_german_sentence_is_true_and_the_template_stays(ana, use_model, run_tasks):
    use_model()
    ana.patch("users/me/", {"preferences": {"locale": "de-DE"}})
    two_months(ana)
    waiting = read(ana)
    with cassette("narrative_de", record=IS_RECORDED):
        run_tasks()
    assert waiting["summary"].startswith(
        "Im November 2024 hast du 1.200,00\xa0€ ausgegeben und 2.400,00\xa0€ eingenommen."
    )
    assert {one["source"] for one in waiting["sentences"]} == {"template"}
    assert read(ana) == {**waiting, "model": "written", "n_dropped": 5}
    assert "Diesen Ausgaben sind 200,00\xa0€, 80\xa0€, 40\xa0€" in said_by(ana)[0]


@pytest.mark.parametrize(
    ("place", "name", "text"),
    [
        (prompt._SYSTEM, "en", "You write short texts about a month of expenses."),
        (prompt._FACTS, "en", "True facts:"),
        (prompt._WANTED["en"], "summary", "Summarize the month."),
        (prompt._WANTED["en"], "tips", "Give two tips."),
    ],
)
def test_one_changed_text_of_the_prompt_fails_the_replay(ana, use_model, monkeypatch, place, name, text):
    monkeypatch.setitem(place, name, text)
    use_model()
    two_months(ana)
    assert_replay_fails(ana)


def test_a_longer_answer_fails_the_replay(ana, use_model, monkeypatch):
    monkeypatch.setattr(narratives, "MAX_TOKENS", 300)
    use_model()
    two_months(ana)
    assert_replay_fails(ana)


def test_another_model_wish_or_figure_fails_the_replay(ana, use_model):
    two_months(ana)
    use_model("outlay-other")
    assert_replay_fails(ana)
    use_model()
    ana.patch("insights/narrative/", {"hint": "friendly"})
    assert_replay_fails(ana)
    ana.patch("insights/narrative/", {"hint": ""})
    record(ana, "0.01", "Dining", "2024-11-17")
    assert_replay_fails(ana)


def assert_replay_fails(api: Api) -> None:
    """Do what the queued task does, since a worker survives each error of a task."""
    read(api)
    row = Narrative.objects.get()
    assert api.user is not None
    with (
        cassette("narrative_en"),
        pytest.raises(CannotOverwriteExistingCassetteException, match="no recorded interaction"),
    ):
        write_narrative(ledger_id=row.ledger_id, narrative_id=row.pk, user_id=api.user.pk)
