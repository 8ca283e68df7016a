"""After a person has settled a category, the explanation says what was settled, and what the links had said before."""

from typing import Any

import pytest

from expenses.models import Transaction
from tests.api.test_open_rows import AWAITED, ONCE, make_due, script, spend, standing

__all__ = ["script"]
SAID = f"The link history had said Dining: {ONCE}"


@pytest.fixture
def suggested(ana, script):
    """A row that history suggests Dining for, while the model is away."""
    spend(ana, "Luna Mitte Grill", category="Dining")
    return spend(ana, "Luna Mitte Bar")


def explained(api, body: Any) -> str:
    sentence: str = api.get(f"transactions/{body['id']}/explanation/").json()["decision"]["explanation"]
    assert sentence == standing(api, body)["explanation"]
    return sentence


def choose(api, body: Any, category: str | None) -> None:
    assert api.patch(f"transactions/{body['id']}/", {"category": category}).status_code == 200


def test_a_category_that_was_given_at_once_is_a_choice_alone(ana, script):
    assert explained(ana, spend(ana, "Luna Mitte Grill", category="Dining")) == "You chose this category."


def test_an_accepted_suggestion_names_what_was_confirmed(ana, suggested, run_tasks):
    assert explained(ana, suggested) == f"Not sure enough to take: {ONCE}{AWAITED}"
    ana.post(f"transactions/{suggested['id']}/confirm/")
    assert explained(ana, suggested) == f"You confirmed Dining: {ONCE}"
    make_due()
    run_tasks()
    assert explained(ana, suggested) == f"You confirmed Dining: {ONCE}"


@pytest.mark.parametrize("category", ["Dining", "Pets"])
def test_an_own_choice_tells_what_the_links_had_said(ana, suggested, category):
    choose(ana, suggested, category)
    assert explained(ana, suggested) == f"You chose this category. {SAID}"


def test_a_removed_category_tells_what_the_links_had_said(ana, suggested):
    choose(ana, suggested, None)
    assert explained(ana, suggested) == f"You took the category away. {SAID}"


def test_a_correction_of_a_confirmed_answer_tells_it(ana, suggested):
    ana.post(f"transactions/{suggested['id']}/confirm/")
    choose(ana, suggested, "Pets")
    assert explained(ana, suggested) == f"You chose this category. {SAID}"


def test_a_choice_for_a_row_that_nobody_knew_says_so(ana, script, run_tasks):
    body = spend(ana, "Zorx")
    assert explained(ana, body) == "Nothing else was sure enough; the local model will look at it."
    run_tasks()
    assert explained(ana, body) == "The model is away. It will be tried again."
    choose(ana, body, "Pets")
    assert explained(ana, body) == "You chose this category. No link had an answer."


def test_a_review_of_many_that_is_reverted_tells_the_suggestion_again(ana, suggested):
    run = ana.post("review/resolve/", {"ids": [suggested["id"]]}).json()
    assert explained(ana, suggested) == f"You confirmed Dining: {ONCE}"
    ana.post(f"runs/{run['id']}/revert/")
    assert explained(ana, suggested) == f"Not sure enough to take: {ONCE}{AWAITED}"


def test_an_answer_whose_reason_is_gone_is_confirmed_as_it_is(ana, suggested):
    Transaction.objects.filter(pk=suggested["id"]).update(decision=None)
    ana.post(f"transactions/{suggested['id']}/confirm/")
    assert explained(ana, suggested) == "You confirmed Dining."
