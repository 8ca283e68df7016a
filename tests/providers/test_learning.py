"""A classifier that one person's choices train: their own categories like any other, the same result every time."""

import io
import time
from dataclasses import replace
from decimal import Decimal
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers import conformance
from providers.interface import LabeledQuestion, OfferedCategory, Question, Suggestion
from providers.learning import training
from providers.learning.features import WIDTH, features_of, known_of
from providers.learning.provider import LEAST_CONFIDENCE, LEAST_CONFIRMED, TaughtProvider, confidence_of_share
from providers.learning.training import train
from providers.learning.weights import UnusableWeights, Weights, digest_of
from providers.normalization import normalize

GROCERIES = OfferedCategory(1, "Groceries", "expense", "groceries")
DINING = OfferedCategory(2, "Dining", "expense", "dining")
PETS = OfferedCategory(3, "Pets", "expense", "pets")
HUND = OfferedCategory(7, "Hund", "expense")
MIETE = OfferedCategory(8, "Miete Lager", "expense")
SYSTEM = (GROCERIES, DINING, PETS)
ALL = (*SYSTEM, HUND, MIETE)
OWN = (HUND, MIETE)
#: Invented shops, but for two pet shop chains that the dictionary knows.
LIFE = [
    *((f"Vbnmarkt Filiale {place}", GROCERIES) for place in ("Nord", "West", "Mitte")),
    *((f"Gasthof {name}", DINING) for name in ("Qvrelli", "Zumsel", "Pfrunt")),
    *((f"Fressnapf {place}", HUND) for place in ("4711", "Mitte", "Nord", "West", "Ost", "Altona")),
    *((f"Lagerbox Kowalke Rate {month}", MIETE) for month in ("Mai", "Juni", "Juli")),
]
#: Of somebody who uses the system's categories.
LIFE_OF_THE_SYSTEM = [("Vbnmarkt", GROCERIES), ("Gasthof Qvrelli", DINING), ("Gasthof Zumsel", DINING)]


def ask(text, offered=ALL, **fields):
    return Question(text, offered, owner=1, country="DE", **fields)


def lessons(rows=LIFE, offered=ALL):
    return [LabeledQuestion(ask(text, offered), category.id) for text, category in rows]


def taught(rows=LIFE, offered=ALL):
    return TaughtProvider().learn(lessons(rows, offered))


def answer(provider, text, offered=ALL, **fields):
    [found] = provider.categorize_many([ask(text, offered, **fields)])
    return found


def named(provider, text, offered=ALL):
    found = answer(provider, text, offered)
    return found and found.category and {category.id: category.name for category in offered}[found.category]


def is_silent(provider, text):
    """Return True if the answer names no category: at most, it supports those that other links name."""
    found = answer(provider, text)
    return found is None or found.category is None


@cache
def known():
    return taught()


class TestWhatIsLearned:
    @pytest.mark.parametrize(
        ("text", "category"),
        [
            ("Lagerbox Kowalke Rate August", "Miete Lager"),
            ("Vbnmarkt Ost", "Groceries"),
            ("Das Futterhaus Berlin", "Hund"),  # never seen, but the dictionary knows what kind of shop it is
            ("Kölle Zoo", "Hund"),
        ],
    )
    def test_a_handful_of_rows_teaches_a_persons_own_categories(self, text, category):
        assert named(taught(), text) == category

    @pytest.mark.parametrize(("n", "category"), [(0, "Pets"), (2, "Hund"), (6, "Hund")])
    def test_two_own_choices_outweigh_the_dictionary(self, n, category):
        used = [
            (f"{shop} {place}", put) for shop, put in LIFE_OF_THE_SYSTEM for place in ("Nord", "West", "Ost", "Süd")
        ]
        rows = used + [(f"Fressnapf Filiale {letter}", HUND) for letter in "abcdef"[:n]]
        assert named(taught(rows), "Das Futterhaus") == category

    def test_users_of_own_categories_get_none_of_the_systems(self):
        rows = [(text, category) for text, category in LIFE if category in OWN] * 3
        texts = ("REWE", "Pizzeria Luna", "Fressnapf", "Lagerbox", "Kowalke Ltd")
        assert {named(taught(rows), text) for text in texts} <= {"Hund", "Miete Lager"}

    def test_the_system_is_known_before_much_is_confirmed(self):
        """Untouched kinds follow the dictionary, as long as the user uses the system's categories."""
        rows = [(f"Vbnmarkt {letter}", GROCERIES) for letter in "abcde"] + [("Gasthof Q", DINING)] * 5
        assert named(taught(rows), "Fressnapf") == "Pets"

    def test_direction_tells_a_refund_from_a_payment(self):
        received = [LabeledQuestion(ask("Kowalke GmbH", direction="in"), HUND.id)] * 6
        spent = [LabeledQuestion(ask("Kowalke GmbH"), MIETE.id)] * 6
        provider = TaughtProvider().learn(received + spent)
        assert answer(provider, "Kowalke GmbH").category == MIETE.id
        assert answer(provider, "Kowalke GmbH", direction="in").category == HUND.id

    def test_the_amount_tells_categories_of_one_merchant_apart(self):
        small = [LabeledQuestion(ask("Kowalke", amount=Decimal(3 + i)), HUND.id) for i in range(6)]
        large = [LabeledQuestion(ask("Kowalke", amount=Decimal(900 + i)), MIETE.id) for i in range(6)]
        provider = TaughtProvider().learn(small + large)
        assert answer(provider, "Kowalke", amount=Decimal("4.50")).category == HUND.id
        assert answer(provider, "Kowalke", amount=Decimal(950)).category == MIETE.id

    def test_names_of_categories_say_nothing(self):
        """Ids and keys count; who calls "Hund" "Groceries" gets the same answers."""
        renamed = tuple(replace(category, name=f"x{category.id}") for category in ALL)
        here, there = train(lessons()), train(lessons(offered=renamed))
        assert here is not None
        assert there is not None
        assert here.to_bytes() == there.to_bytes()

    def test_learning_twice_gives_the_same_bytes(self):
        one, other = train(lessons()), train(lessons())
        assert one is not None
        assert other is not None
        assert one.to_bytes() == other.to_bytes()

    def test_nothing_and_a_single_category_teach_nothing(self):
        assert train([]) is None
        assert train(lessons([("Lagerbox", MIETE)] * 20)) is None
        assert is_silent(taught([("Lagerbox", MIETE)] * 20), "Lagerbox")

    def test_a_single_category_of_the_system_is_learned(self):
        rows = [(f"Vbnmarkt {letter}", GROCERIES) for letter in "abcdefghijklm"]
        assert named(taught(rows), "Vbnmarkt z") == "Groceries"

    def test_only_the_latest_rows_are_learned_from(self, monkeypatch):
        monkeypatch.setattr(training, "MOST", len(LIFE))
        old = lessons([("Lagerbox Kowalke", HUND)] * 40)
        here, there = train([*old, *lessons()]), train(lessons())
        assert here is not None
        assert there is not None
        assert here.to_bytes() == there.to_bytes()


class TestAnswers:
    def test_too_few_rows_teach_nothing(self):
        assert len(LIFE) > LEAST_CONFIRMED
        assert is_silent(taught(LIFE[-LEAST_CONFIRMED:][1:]), "Lagerbox")
        assert named(taught(LIFE[-LEAST_CONFIRMED:]), "Lagerbox") == "Miete Lager"

    def test_the_answer_names_the_words_that_spoke_for_it(self):
        found = answer(taught(), "Lagerbox Kowalke Rate August")
        assert found.category == MIETE.id
        assert found.details == {"words": ["rate", "lagerbox"], "learned_from": len(LIFE)}

    @pytest.mark.parametrize(
        ("text", "explanation"),
        [
            (
                "Lagerbox Kowalke August",
                "“lagerbox” and “kowalke” speak for Miete Lager, and Lagerbox is a known self storage company",
            ),
            ("Vbnmarkt", "“vbnmarkt” speaks for Groceries"),
            ("Lagerbox", "“lagerbox” speaks for Miete Lager, and Lagerbox is a known self storage company"),
            (
                "MyPlace SelfStorage",
                "MyPlace-SelfStorage is a known self storage company, which speaks for Miete Lager",
            ),
            ("Das Futterhaus", "Das Futterhaus is a known pet shop chain, which speaks for Hund"),
            ("ALDI", "Aldi Süd is a known supermarket chain, which speaks for Groceries"),
        ],
    )
    def test_the_explanation_names_words_dictionary_or_neither(self, text, explanation):
        said = answer(known(), text).explanation
        assert said == f"{explanation}, as learned from 15 transactions that you confirmed."

    def test_no_other_category_replaces_one_that_is_not_offered(self):
        """Fressnapf is a pet shop, and none of it was ever put into "Miete Lager"."""
        found = answer(known(), "Fressnapf Kowalke Lagerbox Rate", (MIETE,))
        assert found is None or found.confidence < 0.2

    def test_without_a_telling_word_there_are_none_in_the_details(self):
        found = answer(taught(), "Refund Xqvw", direction="in")
        assert found.details == {"words": [], "learned_from": len(LIFE)}
        assert found.explanation == "It looks most like Groceries, as learned from 15 transactions that you confirmed."

    def test_money_from_somebody_unknown_is_no_spending(self):
        assert answer(taught(), "Xqvw", direction="in") is None
        assert answer(taught(), "Kowalke", direction="in").category is not None

    @pytest.mark.parametrize("text", ["Xqvw", "Blorf", "Ygdra Qvumpitz"])
    def test_a_text_without_a_known_word_is_declined(self, text):
        assert answer(taught(), text) is None
        assert answer(TaughtProvider(), text) is None

    def test_only_what_is_offered_is_answered(self):
        provider = known()
        assert named(provider, "Lagerbox", OWN) == "Miete Lager"
        assert named(provider, "Lagerbox", (HUND, OfferedCategory(55, "New", "expense"))) is None
        assert named(provider, "Lagerbox", (OfferedCategory(55, "New", "expense"),)) is None
        assert named(provider, "Lagerbox", ()) is None

    def test_a_missing_offer_makes_the_others_no_likelier(self):
        text = "Vbnmarkt Filiale Ost"
        all_offered, own = answer(known(), text), answer(known(), text, OWN)
        assert all_offered.category == GROCERIES.id
        assert own.category is None or own.score < all_offered.score
        assert dict(own.support).items() <= dict(all_offered.support).items()
        assert answer(known(), "Fressnapf Ost", (*OWN, PETS)).score == answer(known(), "Fressnapf Ost", (HUND,)).score

    def test_the_only_category_offered_is_not_certain(self):
        assert answer(known(), "Lagerbox", (MIETE,)).confidence < 1
        assert answer(known(), "Lagerbox", (MIETE,)).score == answer(known(), "Lagerbox").score

    def test_what_is_hardly_likelier_than_nothing_is_not_said(self):
        offered = (HUND,)
        said = [found for text, _ in LIFE if (found := answer(known(), text, offered))]
        assert {found.category for found in said} <= {HUND.id, None}
        assert sum(found.category == HUND.id for found in said) == sum(category is HUND for _, category in LIFE)
        assert all(found.confidence >= LEAST_CONFIDENCE for found in said if found.category)

    @pytest.mark.parametrize("text", ["", "   ", "4711", "--- 12.99 ***"])
    def test_a_text_without_words_is_declined(self, text):
        assert not normalize(text)
        assert answer(known(), text) is None

    @given(st.floats(0, 1, width=32), st.floats(0, 1, width=32))
    def test_a_confidence_is_a_probability_whatever_the_shares(self, share, rival):
        assert 0 <= confidence_of_share(share, rival=rival) <= 1

    def test_a_larger_share_and_a_larger_lead_are_surer(self):
        ahead, closer = confidence_of_share(0.6, rival=0.1), confidence_of_share(0.6, rival=0.4)
        assert confidence_of_share(0.8, rival=0.1) > ahead > closer

    def test_a_likelier_category_that_is_not_offered_counts_as_rival(self):
        assert confidence_of_share(0.1, rival=0.8) < confidence_of_share(0.1, rival=0.05)

    def test_answer_and_alternatives_are_no_more_than_certain(self):
        for text, _ in LIFE:
            found = answer(known(), text)
            assert found.confidence + sum(p for _, p in found.alternatives) <= 1 + 1e-6


class TestKindsThatThePersonHasMapped:
    @pytest.mark.parametrize("kinds", [{"shop=pet": MIETE.id}, {"pets": MIETE.id}, {"pets": None}, {"shop=pet": None}])
    def test_are_left_to_whoever_is_told_where_they_belong(self, kinds):
        assert answer(known(), "Fressnapf Mitte").category == HUND.id
        assert answer(known(), "Fressnapf Mitte", kinds=kinds) is None
        assert answer(known(), "Das Futterhaus", kinds=kinds) is None

    def test_others_are_answered_as_ever(self):
        kinds = {"pets": None, "shop=supermarket": HUND.id}
        for text in ("Lagerbox Kowalke Rate August", "Gasthof Qvrelli", "Vbnmarkt Filiale Ost"):
            assert answer(known(), text, kinds=kinds) == answer(known(), text) is not None

    def test_a_mapped_group_holds_for_its_words(self):
        """The dictionary knows "Gasthof" as a word of no brand."""
        assert answer(known(), "Gasthof Qvrelli").category == DINING.id
        assert answer(known(), "Gasthof Qvrelli", kinds={"dining": HUND.id}) is None

    def test_they_are_told_apart_within_one_batch(self):
        asked = [ask("Fressnapf Mitte", kinds={"pets": None}), ask("Fressnapf Mitte"), ask("Lagerbox")]
        found = known().categorize_many(asked)
        assert [one and one.category for one in found] == [None, HUND.id, MIETE.id]


texts = st.one_of(st.text(st.characters(), max_size=2_500), st.sampled_from(sorted(conformance.HOSTILE_TEXTS.values())))


class TestAnyText:
    @given(texts, st.sampled_from(["in", "out"]), st.none() | st.decimals(0, "1e14", places=4))
    def test_it_is_answered_or_declined_in_one_sentence(self, text, direction, amount):
        found = answer(known(), text, direction=direction, amount=amount)
        assert found is None or normalize(text)
        if found is None:
            return
        assert isinstance(found, Suggestion)
        assert 0 <= found.confidence <= 1
        assert len(found.explanation) < 500
        assert found.explanation.endswith(".")
        assert "\n" not in found.explanation

    @pytest.mark.parametrize("text", conformance.HOSTILE_TEXTS.values(), ids=conformance.HOSTILE_TEXTS.keys())
    def test_it_can_be_learned_from(self, text):
        weights = train([*lessons(), *[LabeledQuestion(ask(text), HUND.id)] * 3])
        assert weights is not None
        assert np.isfinite(weights.weights).all()
        assert np.isfinite(weights.bias).all()

    def test_long_ones_cost_little(self):
        started = time.process_time()
        known().categorize_many([ask(f"{i} {'abcdefghi ' * 200}") for i in range(100)])
        assert time.process_time() - started < 2

    @given(st.lists(texts, max_size=4))
    def test_features_do_not_depend_on_what_else_is_asked(self, several):
        together = features_of([ask(text) for text in several], known_of([ask(text) for text in several]))
        for text, (buckets, values) in zip(several, together, strict=True):
            [alone] = features_of([ask(text)], known_of([ask(text)]))
            assert buckets == alone[0]
            assert values == pytest.approx(alone[1], rel=1e-4)
            assert all(0 <= bucket < WIDTH for bucket in buckets)


class TestTeaching:
    def test_the_untaught_knows_nothing(self):
        assert is_silent(TaughtProvider(), "Lagerbox")
        assert is_silent(TaughtProvider().learn([]), "Lagerbox")

    def test_the_one_that_was_taught_is_another(self):
        before = TaughtProvider(country="DE")
        after = before.learn(lessons())
        assert is_silent(before, "Lagerbox")
        assert (after.name, after.version, after.country) == (before.name, before.version, "DE")
        assert named(after, "Lagerbox") == "Miete Lager"

    def test_it_is_trained_anew_after_growth_by_a_quarter(self):
        provider = taught()
        more = lessons([("Wurmkiste", HUND)])
        n_known = []
        for _ in range(5):
            n_known.append(answer(provider, "Lagerbox").details["learned_from"])
            provider = provider.learn(more)
        assert n_known == [15, 15, 15, 15, 19]

    def test_rows_too_old_to_learn_hasten_no_training(self, monkeypatch):
        monkeypatch.setattr(training, "MOST", len(LIFE))
        provider = taught(LIFE * 2).learn(lessons([("Lagerbox Wurmkiste", HUND)]))
        assert "wurmkiste" not in answer(provider, "Lagerbox Wurmkiste").details["words"]


class TestStoredWeights:
    def test_what_is_read_answers_like_what_was_written(self):
        weights = train(lessons())
        assert weights is not None
        content = weights.to_bytes()
        again = Weights.from_bytes(content, digest=digest_of(content))
        assert again.to_bytes() == content
        rows = features_of([ask(text) for text, _ in LIFE], known_of([ask(text) for text, _ in LIFE]))
        assert again.probabilities(rows).tolist() == weights.probabilities(rows).tolist()
        assert (again.categories, again.n_confirmed) == ((1, 2, 3, 7, 8), len(LIFE))

    def test_an_unseen_word_has_no_weight(self):
        weights = train(lessons())
        assert weights is not None
        hund, miete = weights.categories.index(HUND.id), weights.categories.index(MIETE.id)
        assert weights.weight_of_word("lagerbox", miete) > 0 > weights.weight_of_word("lagerbox", hund)
        assert weights.weight_of_word("never", miete) == 0
        assert weights.knows("lagerbox")
        assert not weights.knows("never")

    def test_damaged_bytes_are_refused(self):
        weights = train(lessons())
        assert weights is not None
        content = weights.to_bytes()
        for damaged in (content[:-1], content[:100] + b"x" + content[101:], b""):
            with pytest.raises(UnusableWeights, match=r"^The stored weights are damaged\.$"):
                Weights.from_bytes(damaged, digest=digest_of(content))

    def test_another_format_is_refused(self, monkeypatch):
        weights = train(lessons())
        assert weights is not None
        monkeypatch.setattr("providers.learning.weights.FORMAT", 1)
        content = weights.to_bytes()
        monkeypatch.undo()
        with pytest.raises(UnusableWeights, match=r"^The stored weights are of another version\.$"):
            Weights.from_bytes(content, digest=digest_of(content))

    @pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04"])
    def test_what_is_no_archive_is_refused(self, content):
        with pytest.raises(UnusableWeights, match=r"^The stored weights are no weights\.$"):
            Weights.from_bytes(content, digest=digest_of(content))

    def test_nothing_that_could_run_is_read(self):
        archive, array = io.BytesIO(), io.BytesIO()
        objects = np.array([print], dtype=object)
        np.savez(archive, format=objects)
        np.save(array, objects)
        for content in (archive.getvalue(), array.getvalue()):
            with pytest.raises(UnusableWeights, match=r"^The stored weights are no weights\.$"):
                Weights.from_bytes(content, digest=digest_of(content))
