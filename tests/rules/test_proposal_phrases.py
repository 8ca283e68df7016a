"""Drafts of rules take the words that corrections share, if these name a merchant."""

from decimal import Decimal

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from providers.merchants.dictionary import load_words
from providers.normalization import normalize
from rules.engine.conditions import compile_conditions
from rules.engine.movements import Movement
from rules.operators import make_condition
from rules.proposals.drafts import account_condition, draft_of_many, draft_of_one, separating_conditions
from rules.proposals.grouping import CorrectedRow, make_of_groups, similar_groups
from rules.proposals.phrases import shared_phrase
from rules.proposals.vocabulary import AROUND_NAMES, Vocabulary

NOTHING_KNOWN = Vocabulary()


def subjects(*texts: str, **fields) -> list[Movement]:
    return [Movement(raw_description=text, **fields) for text in texts]


def conditions_of(*texts: str, vocabulary: Vocabulary = NOTHING_KNOWN):
    head = normalize(texts[0]).split(" ")[0]
    draft = draft_of_many(subjects(*texts), head=head, vocabulary=vocabulary)
    return draft and draft.conditions


@pytest.mark.parametrize(
    ("texts", "phrase", "is_at_start"),
    [
        (["BLUE HERON 12 OSLO", "Blue Heron 77 Bergen"], "blue heron", True),
        (["Kartenzahlung BLUE HERON 1", "BLUE HERON 2"], "blue heron", False),
        (["PAYPAL *QUILLBOX 4029357733", "PAYPAL *QUILLBOX LU"], "quillbox", False),
        (["RIDEON *TRIP 1F3", "RIDEON *TRIP 99X"], "rideon *trip", True),
        (["RIDEON *TRIP", "RIDEON  TRIP"], "rideon", True),
        (["Wendy's Yarns", "WENDY'S WOOL"], "wendy's", True),
        (["9 to Noon Bakers", "9 TO NOON BAKERS 88"], "9 to noon bakers", True),
        (["Cafe Olé Jan", "CAFE OLÉ 03MAR"], "cafe olé", True),
        (["Straße Blumen", "STRASSE BLUMEN"], "strasse blumen", True),
        (["BLUEHERON.COM/BILL", "BLUEHERON.COM/HELP"], "blueheron.com", True),
    ],
)
def test_a_phrase_is_the_shared_words_from_the_merchant(texts, phrase, is_at_start):
    head = normalize(texts[0]).split(" ")[0]
    found = shared_phrase(texts, head=head)
    assert found is not None
    assert (found.text, found.is_at_start) == (phrase, is_at_start)


def test_texts_that_lack_the_merchant_share_no_phrase():
    assert shared_phrase(["Blue Heron", "Grey Heron"], head="blue") is None
    assert shared_phrase([], head="blue") is None


def test_conditions_are_the_phrase_and_the_direction():
    assert conditions_of("BLUE HERON 12 OSLO", "Blue Heron 77 Bergen") == [
        make_condition("raw_description", "starts_with", "blue heron"),
        make_condition("direction", "equals", "out"),
    ]


def test_a_named_merchant_is_used_if_the_text_lacks_it():
    examples = [Movement(raw_description="order 12", merchant="Quillbox"), Movement(merchant="QUILLBOX LTD")]
    draft = draft_of_many(examples, head="quillbox", vocabulary=NOTHING_KNOWN)
    assert draft is not None
    assert draft.conditions[0] == make_condition("merchant", "starts_with", "quillbox")


@pytest.mark.parametrize(
    "text",
    ["Card payment", "Transfer", "SEPA Lastschrift", "Restaurant", "Online purchase", "The bar", "H&M", "BP", ""],
)
def test_words_of_payments_and_kinds_of_shop_make_no_rule(text):
    assert conditions_of(text, text, text) is None


def test_a_town_makes_no_rule():
    texts = [("blue heron bergen", 1), ("quillbox bergen", 2), ("rideon bergen", 3), ("tin whistle oslo", 4)]
    vocabulary = Vocabulary(texts)
    assert not vocabulary.may_name("bergen")
    assert vocabulary.may_name("oslo")
    assert conditions_of("Bergen 12", "Bergen 13", vocabulary=vocabulary) is None
    assert conditions_of("Blue Heron Bergen", vocabulary=vocabulary) is not None


def test_a_word_before_different_names_makes_no_rule():
    texts = [("halden stores", 1), ("halden petrol", 2), ("halden mobile", 3), ("halden stores north", 1)]
    vocabulary = Vocabulary(texts)
    assert conditions_of("HALDEN STORES", "HALDEN PETROL", vocabulary=vocabulary) is None
    assert conditions_of("HALDEN STORES 1", "HALDEN STORES 2", vocabulary=vocabulary) is not None


def test_a_brand_with_branches_of_one_category_makes_a_rule():
    vocabulary = Vocabulary([("halden oslo", 1), ("halden bergen", 1), ("halden moss", 1), ("halden voss", None)])
    assert conditions_of("HALDEN OSLO", "HALDEN MOSS", vocabulary=vocabulary) is not None


def test_a_single_text_loses_the_town_at_its_end():
    vocabulary = Vocabulary([("tin whistle bergen", 1), ("rideon bergen", 2), ("mollys bergen", 3)])
    [example] = subjects("QUILLBOX NORTH BERGEN 12")
    draft = draft_of_one(example, head="quillbox", vocabulary=vocabulary)
    assert draft is not None
    assert draft.phrase == "quillbox north"


GENERIC = sorted(AROUND_NAMES | load_words().single_words)


@given(st.lists(st.sampled_from(GENERIC), min_size=1, max_size=5))
def test_a_phrase_of_generic_words_never_becomes_a_rule(words):
    assert conditions_of(*[" ".join(words)] * 3) is None


@given(
    phrase=st.lists(st.sampled_from(["blue", "heron", "quillbox", "cafe", "l'ete", "no.9", "ß", "straße"]), min_size=1),
    tails=st.lists(st.text(max_size=12), min_size=1, max_size=4),
    front=st.sampled_from(["", "PAYPAL *", "Kartenzahlung ", "12.03. "]),
)
def test_the_conditions_hold_for_every_example(phrase, tails, front):
    texts = [f"{front}{' '.join(phrase)} {tail}" for tail in tails]
    heads = {normalize(text).split(" ")[0] for text in texts}
    assume(len(heads) == 1)
    draft = draft_of_many(subjects(*texts), head=heads.pop(), vocabulary=NOTHING_KNOWN)
    if draft is None:
        reject()
    compiled = compile_conditions("all", draft.conditions)
    assert all(compiled.matches(movement) for movement in subjects(*texts))


def corrections(*texts: str, category: int = 1, direction: str = "out", is_typed: bool = False) -> list[CorrectedRow]:
    return [CorrectedRow(i, text, direction, category, is_typed) for i, text in enumerate(texts)]


def grouped(rows, least=3):
    return make_of_groups(rows, least=least, make=lambda found: [row.text for row in found])


def test_texts_that_go_on_alike_are_grouped_by_more_words():
    rows = corrections(*["rideon trip"] * 3, *["rideon eats"] * 3)
    assert grouped(rows) == [["rideon trip"] * 3, ["rideon eats"] * 3]


def test_texts_with_different_endings_are_grouped_by_shared_words():
    rows = corrections("rideon trip", "rideon eats", "rideon help", "quillbox", "quillbox")
    assert grouped(rows) == [["rideon trip", "rideon eats", "rideon help"]]


def test_other_categories_and_directions_are_not_counted_together():
    rows = [
        *corrections("rideon", "rideon"),
        *corrections("rideon", category=2),
        *corrections("rideon", direction="in"),
    ]
    assert grouped(rows) == []


def test_longer_names_are_tried_if_the_common_one_fails():
    rows = corrections(*["halden stores"] * 3, "halden one", "halden two", "halden three")
    made = make_of_groups(
        rows, least=3, make=lambda found: len(found) if all("stores" in row.text for row in found) else None
    )
    assert made == [3]


def test_typed_texts_are_alike_whatever_the_order_of_their_words():
    rows = corrections("coffee with martha", "cofee with martha", "with martha coffee", "tea with paul", is_typed=True)
    assert [[row.text for row in group] for group in similar_groups(rows, least=3)] == [
        ["coffee with martha", "cofee with martha", "with martha coffee"]
    ]
    assert list(similar_groups(corrections("coffee tom", "cofee tom", "tom coffee"), least=3)) == []


def test_typed_texts_that_begin_alike_are_grouped_by_that():
    rows = corrections("coffee with tom", "coffee with tim", "coffee with tom", is_typed=True)
    assert list(similar_groups(rows, least=3)) == []


def test_what_sets_examples_apart_is_found_in_this_order():
    two = subjects("HALDEN OSLO NORTH 1", "HALDEN OSLO SOUTH 2", account=1)
    assert separating_conditions(two, subjects("HALDEN BERGEN", account=1)) == [
        make_condition("raw_description", "contains", "oslo")
    ]
    account = {"field": "account", "op": "in", "value": [1], "negate": False}
    assert separating_conditions(two, subjects("HALDEN OSLO PETROL", account=2)) == [account]
    assert account_condition(two) == account
    petrol = make_condition("raw_description", "contains", "petrol", negate=True)
    assert separating_conditions(two, subjects("HALDEN OSLO PETROL", account=1)) == [petrol]


def test_an_amount_sets_apart_where_nothing_else_does():
    def halden(*amounts):
        return [Movement(raw_description="HALDEN", amount=amount) for amount in amounts]

    between = {"field": "amount", "op": "between", "value": ["9.99", "100"], "negate": False}
    assert separating_conditions(halden(Decimal("9.9900"), Decimal("100.0000")), halden(Decimal(5))) == [between]
    assert separating_conditions(halden(Decimal("9.99"), Decimal(100)), halden(Decimal(50))) == []


def test_examples_of_several_accounts_are_told_apart_by_none():
    assert account_condition([Movement(account=1), Movement(account=2)]) is None
    assert account_condition([Movement(account=None)]) is None
