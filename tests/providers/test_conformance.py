"""Every shipped link keeps the interface, and the suite that says so catches whoever does not."""

import pytest

from expenses.categorization.catalog import Catalog
from expenses.categorization.classifier import LearnedProvider
from expenses.categorization.history import HistoryProvider
from expenses.models.ledgers import ledger_id_of
from providers import conformance
from providers.conformance import CHECKS, Exam, check_provider
from providers.interface import Question, Suggestion
from providers.merchants import MerchantProvider
from providers.name_classifier import NameClassifierProvider
from providers.ollama import OllamaProvider
from rules.provider import RulesProvider
from tests.providers.broken_links import BROKEN, AskingConstructor, Good, Peeking
from tests.providers.ollama_scenarios import FEW

#: The links that need nothing but the database: one line adds one.
SHIPPED = [RulesProvider, HistoryProvider, LearnedProvider, MerchantProvider, NameClassifierProvider]
#: Those that learn, and are asked when a history is played again.
LEARNING = [HistoryProvider, LearnedProvider]
#: Teaching takes as long as it takes, and what was taught may be taught more in place.
OF_THE_UNTAUGHT = {
    conformance.check_constructor_does_no_io,
    conformance.check_learning_makes_another,
    conformance.check_what_is_taught_is_all_that_is_known,
}


@pytest.fixture
def known(ana):
    """Transactions that a rule, or the owner's history, has an answer to."""
    ana.post("expenses/", {"amount": "4.50", "description": "Cafe Luna 4711", "category": "Dining"})
    ana.post("expenses/", {"amount": "9.00", "description": "Cafe Luna", "category": "Groceries"})
    rule = {
        "name": "Coffee",
        "conditions": [{"field": "description", "op": "contains", "value": "cafe"}],
        "actions": [{"type": "set_category", "value": "Dining"}, {"type": "add_tags", "value": ["coffee"]}],
    }
    assert ana.post("rules/", rule).status_code == 201
    owner = ledger_id_of(ana.user)
    offered = Catalog.load(owner).offered("out", None)
    texts = ("CAFE LUNA 4711", "cafe lune", "Cafe Luna Mitte", "REWE SAGT DANKE 0815", "Garage")
    put: list[dict[str, int | None]] = [{"shop=supermarket": offered[1].id}, {"groceries": None}]
    return [Question(text, offered, owner) for text in texts] + [
        Question("REWE 12", offered, owner, kinds=kinds) for kinds in put
    ]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("link", SHIPPED)
def test_a_shipped_link_keeps_the_interface(link, check, known):
    check(Exam(link, known))


@pytest.mark.parametrize("check", [c for c in CHECKS if c not in OF_THE_UNTAUGHT], ids=lambda c: c.__name__)
@pytest.mark.parametrize("link", LEARNING)
def test_a_link_that_was_taught_keeps_the_interface(link, check, known):
    lessons = Exam(link, known).confirmed()
    check(Exam(lambda: link().learn(lessons), known))


@pytest.mark.parametrize("link", SHIPPED)
def test_a_shipped_link_answers_what_it_is_examined_with(link, known):
    """Else the checks above would pass for a link that always declines."""
    taught = link().learn(Exam(link, known).confirmed())
    assert any(isinstance(answer, Suggestion) for answer in taught.categorize_many(known))


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.usefixtures("fresh_cache")
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_link_to_a_model_keeps_the_interface(check, impostor):
    tokens = [{"token": "B", "logprob": -0.1}, {"token": "A", "logprob": -3.0}]
    answer = {"model": "tiny:1b", "message": {"role": "assistant", "content": "B"}}
    impostor.answer("/api/chat", answer | {"logprobs": [{**tokens[0], "top_logprobs": tokens}]})
    asked = [Question(text, FEW, 1) for text in ("tram ticket", "bus ticket")]
    check(Exam(lambda: OllamaProvider(model="tiny:1b", host=impostor.url, timeout_s=5, load_timeout_s=5), asked))


def test_a_good_link_passes_with_and_without_own_transactions():
    check_provider(Good)
    check_provider(Good, questions=[Question("Cinema", FEW, owner=3)])


@pytest.mark.parametrize(("link", "fault"), BROKEN)
def test_a_broken_promise_is_named(link, fault):
    with pytest.raises(AssertionError) as caught:
        check_provider(link)
    assert str(caught.value) == fault


def test_a_constructor_that_asks_the_database_is_caught(db):
    with pytest.raises(AssertionError, match=r"^AskingConstructor reaches out while it is made: query SELECT"):
        check_provider(AskingConstructor)


def test_a_taught_link_that_looks_into_the_ledger_is_caught(db):
    with pytest.raises(AssertionError, match=r"^Peeking looks further than what it was taught: query SELECT 1\.$"):
        check_provider(Peeking)
