"""The check of a model's sentences: what is true and plainly written passes, everything else is dropped."""

import datetime as dt

import pytest

from insights.narrative.checker import Checker, sentences_of
from insights.narrative.language import language_of
from insights.narrative.prompt import clean_hint
from insights.narrative.template import Template
from tests.insights.narrated import NAMES, october

PARTLY = {"today": dt.date(2026, 10, 20), "compared_through": dt.date(2026, 10, 20)}


def is_shown(sentence, locale="en", **fields):
    return Checker(october(**fields), language_of(locale)).check(sentence) is not None


@pytest.mark.parametrize("locale", ["en", "en-GB", "de", "de-AT", "de-CH"])
@pytest.mark.parametrize("fields", [{}, PARTLY])
def test_every_sentence_of_the_template_with_a_figure_passes(locale, fields):
    month, language = october(**fields), language_of(locale)
    template, checker = Template(month, language), Checker(month, language)
    written = [one for part in template.write().values() for one in part]
    dropped = [one.text for one in written if one.figures and checker.check(one.text) is None]
    assert len(written) > 8
    assert dropped == []


@pytest.mark.parametrize(
    "sentence",
    [
        "You spent €1,200 in October and €1,100 in September.",
        "Dining rose by €250 compared to last month.",
        "Spending went up 9.09% from September 2026!",
        "The largest category is Housing (€950.00).",
        "Your total spending was 1,200.00 EUR this month.",
        "Funknetz Mobil costs €22.99 since October 12, 2026, €18.99 before.",
        "Turnhalle took CHF 39.00 twice.",
    ],
)
def test_true_sentences_pass(sentence):
    assert is_shown(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "You spent about €1,200.00.",
        "You spent €1,201.00.",
        "You spent €1.200,00.",
        "You spent -€1,200.00.",
        "You spent €1,200.00 million.",
        "You spent twelve hundred euros.",
        "You did not spend €1,200.00.",
        "You spent €1,200.00 on Housing.",
        "You spent €950.00 on Dining.",
        "You spent €950.00 on Housing and Dining.",
        "You spent €950.00 at Amazon.",
        "Housing cost €950.00, Dining more than Housing.",
        "Dining fell by €250.00.",
        "Dining doubled.",
        "Dining is the largest category.",
        "Dining had the largest increase.",
        "Spending is 9.09% lower than in September 2026.",
        "Spending is 9.09% higher than in August 2026.",
        "You spent €250.00 more than Housing.",
        "In September 2026, you spent €950.00 on Housing and €250.00 on Dining.",
        "You earned €1,200.00.",
        "Funknetz Mobil costs €18.99 since October 12, 2026.",
        "Turnhalle took €39.00 twice.",
        "Gym was due on October 17, 2026 with €39.00.",
        "**You spent €1,200.00.**",
        "You spent €1,200.00?",
        "spent €1,200.00.",
        "Vous avez dépensé €1,200.00.",
        "Great month!",
        "",
    ],
)
def test_other_sentences_are_dropped(sentence):
    assert not is_shown(sentence)


@pytest.mark.parametrize(
    ("sentence", "is_true"),
    [
        ("Du hast 1.200,00 € ausgegeben.", True),
        ("Du hast 1200 Euro ausgegeben.", True),
        ("Du hast etwa 1.200,00 € ausgegeben.", False),
        ("Du hast 1,200.00 € ausgegeben.", False),
        ("Für Dining hast du 250,00 € mehr ausgegeben als im Vormonat.", True),
        ("Für Dining hast du 250,00 € weniger ausgegeben als im Vormonat.", False),
        ("Die größte Kategorie ist Housing.", True),
        ("Die größte Kategorie ist Dining.", False),
        ("Die Ausgaben haben sich verdoppelt.", False),
        ("You spent €1,200.00.", False),
    ],
)
def test_german_sentences_are_read_as_german(sentence, is_true):
    assert is_shown(sentence, "de") is is_true


def test_a_month_that_is_not_over_is_only_compared_with_the_same_days():
    assert is_shown("Spending is €100.00 higher than on the same days of September 2026.", **PARTLY)
    assert not is_shown("Spending is €100.00 higher than in September 2026.", **PARTLY)


def test_a_name_that_is_also_a_word_is_never_understood():
    names = NAMES | {"category:1": "Savings"}
    assert not is_shown("Savings cost €950.00.", names=names)
    assert not is_shown("Savings were €1,200.00.", names=names)


def test_two_names_that_are_the_same_are_never_understood():
    names = NAMES | {"payee:1": "Dining"}
    assert not is_shown("You spent €250.00 on Dining.", names=names)


def test_texts_are_cut_into_sentences():
    text = "- You spent €1.50. It is fine!\n2. Dining (see 12. März 2026) rose."
    assert list(sentences_of(text, has_ordinals=True)) == [
        "You spent €1.50.",
        "It is fine!",
        "Dining (see 12. März 2026) rose.",
    ]


def test_the_last_sentence_is_dropped_where_the_model_was_cut_off():
    checker = Checker(october(), language_of("en"))
    for cut in ("You spent €38.71 a day on", "You spent €1,200.00"):
        found, n_dropped = checker.read(f"You earned €2,400.00\n{cut}", most=3)
        assert ([one.text for one in found], n_dropped) == (["You earned €2,400.00."], 1)


def test_a_hint_loses_what_could_pass_for_the_prompt():
    assert clean_hint(" kind\n<|system|> {x} `y` [z]\x00\u202e ") == "kind system x y z"
