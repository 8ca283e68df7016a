"""`manage.py model bench` measures the model on confirmed rows, each taught with what was confirmed before it alone."""

import re
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from django.core.management import CommandError, call_command

from expenses.models import ModelAnswer, PrivacyChoices
from expenses.models.ledgers import ledger_id_of
from providers.interface import ProviderUnavailable, Suggestion
from providers.loading import configured_model
from providers.ollama import OllamaProvider
from providers.ollama.calls import Purpose

HISTORY = {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.75}
MODEL = {"BACKEND": f"{__name__}.ScriptedModel", "MIN_CONFIDENCE": 0.8, "DEFERRED": True, "OPTIONS": {"model": "quill"}}
#: Texts of which the first words repeat, so that history knows some of them; and what their owner chose.
ROWS = [
    (f"{merchant} Mitte {place}", category)
    for place in ("Linde", "Eiche", "Buche")
    for merchant, category in (
        ("Luna", "Dining"), ("Zorx", "Travel"), ("Blorf", "Pets"), ("Quillwick", "Shopping"), ("Nordtor", "Housing"),
    )
]  # fmt: skip


class ScriptedModel(OllamaProvider):
    """Says what the script says of a text that contains a word, and remembers what it was asked."""

    script: ClassVar[dict[str, Any]] = {}
    asked: ClassVar[list[Any]] = []

    def categorize_many(self, questions):
        return [self._answer(question) for question in questions]

    def _answer(self, question):
        self.asked.append(question)
        said = next((said for word, said in self.script.items() if word in question.text), None)
        if isinstance(said, BaseException):
            raise said
        category = next((c for c in question.categories if c.name == said), None)
        details = {"digest": "d1", "n_prompt_tokens": 120}
        return category and Suggestion(category.id, 0.9, f"It says {said}.", details=details)

    def connect(self, *, timeout_s, purpose=Purpose.BENCH):
        return nullcontext(SimpleNamespace(memory=lambda model: 191_000_000))


@pytest.fixture
def script(use_chain, monkeypatch):
    use_chain(HISTORY, MODEL)
    monkeypatch.setattr(ScriptedModel, "script", {"Luna": "Dining", "Zorx": "Travel", "Blorf": "Travel"})
    monkeypatch.setattr(ScriptedModel, "asked", [])
    return ScriptedModel


@pytest.fixture
def confirmed(ana):
    rows = [
        {"direction": "out", "amount": "5", "date": f"2026-03-{day:02}", "description": text, "category": category}
        for day, (text, category) in enumerate(ROWS, start=1)
    ]
    assert ana.post("transactions/bulk/", {"transactions": rows}).json()["errors"] == []
    return rows


def bench(capsys, *arguments: str) -> str:
    call_command("model", "bench", "--user", "ana", *arguments, no_color=True)
    text = re.sub(r"\d+\.\d\d s \(median\)", "0.00 s (median)", capsys.readouterr().out)
    return re.sub(r"[┏┳┓┡╇┩└┴┘━─]+\n?|[┃│]", "", text)


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


TABLE = [
    "Right answers of quill",
    "all texts where the other links are unsure",
    "number of texts 15 5",
    "the model alone 40% 40%",
    "the other links without it 67% 0%",
    "all together 80% 40%",
    "An answer takes 0.00 s (median) for 120 tokens. The model takes 191 MB of memory, with a context of",
    "4,096 tokens.",
    "It was right 2 times in 5 and the chain without it 0 times.",
]


@pytest.mark.usefixtures("confirmed")
def test_it_tells_how_often_the_model_the_other_links_and_all_together_are_right(script, capsys):
    assert lines(bench(capsys)) == [
        *TABLE,
        "Nothing was stored. With --store, the chain weighs the model by these answers.",
    ]
    assert ModelAnswer.objects.count() == 0


@pytest.mark.usefixtures("confirmed")
def test_no_row_is_asked_about_with_what_was_confirmed_after_it(script, capsys):
    bench(capsys)
    for place, question in enumerate(script.asked):
        earlier = {text for text, _ in ROWS[:place]}
        assert question.description == ROWS[place][0]
        assert {text for text, _ in question.examples} <= earlier
        assert len(question.examples) == min(place, 4)


@pytest.mark.usefixtures("confirmed")
def test_hidden_names_are_hidden_from_a_measurement_too(ana, script, capsys):
    PrivacyChoices.objects.create(ledger_id=ledger_id_of(ana.user), names=["Quillwick"])
    bench(capsys)
    assert {question.hidden_names for question in script.asked} == {("Quillwick",)}


@pytest.mark.usefixtures("confirmed")
def test_a_measurement_knows_by_the_account_that_a_person_is_paid(ana, script, capsys):
    row = {"direction": "out", "amount": "5", "date": "2026-04-01", "description": "SEPA Überweisung Xyzptl Qwrtz"}
    paid = {**row, "iban": "DE89370400440532013000", "category": "Housing"}
    assert ana.post("transactions/bulk/", {"transactions": [paid]}).json()["errors"] == []
    bench(capsys)
    assert [question.text for question in script.asked if question.is_person] == [row["description"]]


@pytest.mark.usefixtures("confirmed")
def test_the_answers_are_kept_as_its_record_if_asked_for(ana, script, capsys):
    told = lines(bench(capsys, "--store"))
    assert told == [*TABLE, "Kept 3 answers as its record; the chain weighs it by them from now on."]
    record = ana.get("categorization/chain/").json()["links"][-1]["record"]
    assert (record["digest"], record["n"], record["right"], record["right_without"]) == ("d1", 3, 2, 0)
    version = ana.get("changes/?since=0").json()["version"]
    bench(capsys, "--store")
    assert ModelAnswer.objects.count() == 3
    assert ana.get("changes/?since=0").json()["version"] == version


@pytest.mark.parametrize("n", ["0", "-1", "9"])
def test_fewer_texts_than_needed_are_refused(ana, script, capsys, n):
    with pytest.raises(CommandError, match=rf"^--n is {n}; the model is measured on 10 texts or more\.$"):
        bench(capsys, "--n", n)


@pytest.mark.usefixtures("confirmed")
def test_only_the_latest_texts_are_asked_about(script, capsys):
    bench(capsys, "--n", "10")
    assert [question.description for question in script.asked] == [text for text, _ in ROWS[5:]]


@pytest.mark.usefixtures("confirmed")
@pytest.mark.parametrize(
    ("stop", "sentence"),
    [
        (KeyboardInterrupt(), "Stopped. What was measured until then counts."),
        (ProviderUnavailable("It went away."), "It went away. What was measured until then counts."),
    ],
)
def test_what_was_measured_before_a_stop_counts(script, capsys, stop, sentence):
    script.script = {**script.script, "Nordtor Mitte Eiche": stop}
    told = lines(bench(capsys, "--store"))
    assert told[0] == sentence
    assert told[3] == "number of texts 9 5"
    assert told[-1].startswith("Kept 3 answers")


@pytest.mark.usefixtures("confirmed")
def test_a_model_that_is_away_from_the_start_is_an_error(script):
    script.script = {"Luna": ProviderUnavailable("It is away.")}
    with pytest.raises(CommandError, match=r"^It is away\.$"):
        call_command("model", "bench", "--user", "ana")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--user", "eve"], "Nobody is called 'eve'."),
        (
            ["--user", "ana"],
            (
                "ana has confirmed transactions of 0 different texts; 10 are needed. "
                "Confirm some, for example by reviewing an import, and measure again."
            ),
        ),
    ],
)
@pytest.mark.usefixtures("ana", "script")
def test_what_is_missing_is_said(arguments, sentence):
    with pytest.raises(CommandError) as refusal:
        call_command("model", "bench", *arguments)
    assert str(refusal.value) == sentence


def test_without_a_model_there_is_nothing_to_measure(use_chain):
    use_chain(HISTORY)
    with pytest.raises(CommandError, match="No local model is configured"):
        call_command("model", "bench", "--user", "ana")


def test_calls_of_a_measurement_are_recorded_as_such_and_none_is_remembered(use_chain):
    use_chain({"BACKEND": "providers.ollama.OllamaProvider", "DEFERRED": True, "OPTIONS": {"model": "quill"}})
    link = configured_model()
    assert link is not None
    measuring = link.for_measuring()
    assert (link.purpose, measuring.purpose) == (Purpose.CATEGORIZE, Purpose.BENCH)
    assert measuring.cache.replies(["any"]) == {}
    assert measuring.model == "quill"


def test_the_rows_of_others_are_not_looked_at(ana, ben, script, confirmed, capsys):
    assert ledger_id_of(ana.user) != ledger_id_of(ben.user)
    with pytest.raises(CommandError, match="ben has confirmed transactions of 0 different texts"):
        call_command("model", "bench", "--user", "ben")
