"""The explanation of a row shows what the model was asked about it, what it answered, and how often it was right."""

from datetime import datetime
from typing import ClassVar

import pytest
from django.utils import timezone

from expenses.models import ModelCall
from providers.interface import ProviderUnavailable, Suggestion
from tests.api.model_calls import record_call
from tests.fakes import ScriptedProvider

ROW = {"amount": "5.50", "description": "ZORB PLINTH 4711", "date": "2026-11-02"}
PROMPT = [{"role": "system", "content": "Choose."}, {"role": "user", "content": "zorb plinth #"}]
DISTRIBUTION = [{"category": "Dining", "probability": 0.71}, {"category": "Groceries", "probability": 0.2}]
NO_OUTCOMES = {
    "digest": "sha256:11aa",
    "n": 0,
    "right": 0,
    "right_without": 0,
    "only_right_with": 0,
    "only_right_without": 0,
    "asked_one_in": 1,
    "sentence": "None of its answers was confirmed or corrected yet, so it counts little.",
}


class RecordedProvider(ScriptedProvider):
    """A scripted model whose answers name their calls, as those of the real one do."""

    calls: ClassVar[tuple[str, ...]] = ()
    is_remembered = False

    def _answer(self, transaction):
        answer = super()._answer(transaction)
        if not isinstance(answer, Suggestion):
            return answer
        question = {"prompt": PROMPT, "call": "".join(self.calls), "is_remembered": self.is_remembered}
        details = {"model": "quill:1b", "digest": "sha256:11aa", "prompt_version": "2", "duration_ms": 240}
        details |= {"questions": [question], "distribution": DISTRIBUTION, "n_prompt_tokens": 300}
        return Suggestion(answer.category, answer.confidence, answer.explanation, details=details)


@pytest.fixture
def script(model, settings):
    entries = [*settings.CATEGORIZATION_PROVIDERS[:-1]]
    entries.append({"BACKEND": f"{__name__}.RecordedProvider", "DEFERRED": True})
    settings.CATEGORIZATION_PROVIDERS = entries
    yield model
    RecordedProvider.calls, RecordedProvider.is_remembered = (), False


def explanation(api, row):
    return api.get(f"transactions/{row}/explanation/").json()


def test_a_row_that_no_model_was_asked_about_has_none(ana, silent_chain):
    row = ana.post("expenses/", ROW).json()["id"]
    assert explanation(ana, row)["model"] is None


def test_a_row_that_waits_for_the_model_has_none(ana, script):
    row = ana.post("expenses/", ROW).json()["id"]
    assert explanation(ana, row)["model"] is None


def test_an_answer_shows_its_prompt_once_with_the_distribution_and_its_record(ana, script, run_tasks):
    script["ZORB"] = ("dining", 0.71)
    RecordedProvider.calls = (record_call(ana),)
    before = timezone.now()
    row = ana.post("expenses/", ROW).json()["id"]
    run_tasks()
    body = explanation(ana, row)
    shown = body["model"]
    assert before <= datetime.fromisoformat(shown.pop("asked_at")) <= timezone.now()
    [attempt] = [attempt for attempt in body["attempts"] if attempt["provider"] == "model"]
    assert shown == {
        "model": "quill:1b",
        "digest": "sha256:11aa",
        "prompt_version": "2",
        "prompt": PROMPT,
        "is_remembered": False,
        "distribution": DISTRIBUTION,
        "calls": list(RecordedProvider.calls),
        "outcome": attempt["outcome"],
        "explanation": attempt["explanation"],
        "duration_ms": 240.0,
        "record": NO_OUTCOMES,
    }
    assert not {"questions", "distribution", "calls"} & set(attempt["details"])
    assert attempt["details"]["n_prompt_tokens"] == 300
    assert ana.get(f"privacy/model-calls/{RecordedProvider.calls[0]}/").json()["transactions"] == [row]


def test_deleted_calls_are_not_named_and_the_prompt_stays(ana, script, run_tasks):
    script["ZORB"] = ("dining", 0.71)
    RecordedProvider.calls = (record_call(ana),)
    row = ana.post("expenses/", ROW).json()["id"]
    run_tasks()
    ana.delete("privacy/model-calls/")
    shown = explanation(ana, row)["model"]
    assert (shown["calls"], shown["prompt"]) == ([], PROMPT)


def test_a_remembered_answer_says_so_and_has_no_call(ana, script, run_tasks):
    script["ZORB"] = ("dining", 0.71)
    RecordedProvider.is_remembered = True
    row = ana.post("expenses/", ROW).json()["id"]
    run_tasks()
    shown = explanation(ana, row)["model"]
    assert (shown["is_remembered"], shown["calls"], shown["prompt"]) == (True, [], PROMPT)


def test_a_failed_call_is_named_with_its_reason_and_its_row(ana, script, run_tasks):
    failure = ProviderUnavailable("It did not answer within 30 seconds.")
    failure.calls = (record_call(ana),)
    script["ZORB"] = failure
    row = ana.post("expenses/", ROW).json()["id"]
    run_tasks()
    shown = explanation(ana, row)["model"]
    del shown["asked_at"]
    assert shown == {
        "model": None,
        "digest": None,
        "prompt_version": None,
        "prompt": [],
        "is_remembered": False,
        "distribution": [],
        "calls": list(failure.calls),
        "outcome": "failed",
        "explanation": "It did not answer within 30 seconds. It will be tried again.",
        "duration_ms": None,
        "record": None,
    }
    assert list(ModelCall.objects.values_list("transactions", flat=True)) == [row]


def test_the_record_counts_what_was_confirmed(ana, script, run_tasks):
    script["ZORB"] = ("dining", 0.71)
    rows = [ana.post("expenses/", ROW).json()["id"]]
    run_tasks()
    ana.patch(f"transactions/{rows[0]}/", {"category": "Dining"})
    rows.append(ana.post("expenses/", ROW | {"description": "ZORB QUILL"}).json()["id"])
    run_tasks()
    record = explanation(ana, rows[1])["model"]["record"]
    assert (record["n"], record["right"]) == (1, 1)
