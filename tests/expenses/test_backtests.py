"""Figures of a backtest at the present thresholds and at others, worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expenses.categorization.backtest_figures import (
    BestAnswer,
    LinkAnswer,
    LinkSetting,
    ReplayedRow,
    adopted_thresholds,
    count_outcomes,
    measure_backtest,
    measure_chain,
    measure_evidence,
    measure_links,
)
from providers.calibration import lower_bound
from providers.interface import NO_TRUST, Trust

HISTORY, MODEL = LinkSetting("history", 0.9), LinkSetting("model", 0.8)
LINKS = [HISTORY, MODEL]


def row(*, is_new: bool = False, **told: tuple[float, bool]) -> ReplayedRow:
    """Link → confidence, and whether that was right."""
    return ReplayedRow({link: LinkAnswer(*said) for link, said in told.items()}, is_new)


def numbered(rows: list[ReplayedRow]) -> list[ReplayedRow]:
    """The rows, each with a text of its own."""
    return [one._replace(text=i) for i, one in enumerate(rows)]


def best(evidence: str, confidence: float, *, is_right: bool = True, is_new: bool = True, n: int = 1, **fields):
    link = fields.get("link", "history")
    answer = LinkAnswer(confidence, is_right, evidence=evidence)
    found = BestAnswer(link, evidence, confidence, is_right)
    return [ReplayedRow({link: answer}, is_new=is_new, text=fields.get("text", ""), best=found)] * n


def of_evidence(rows, *, trust=NO_TRUST, target_precision=0.95):
    return measure_evidence(rows, links=LINKS, trust=trust, target_precision=target_precision)


class TestLinks:
    def test_the_next_link_gets_what_the_one_before_leaves_open(self):
        rows = numbered([
            *[row(history=(0.95, True), model=(0.99, False))] * 30,
            *[row(history=(0.5, False), model=(0.85, True))] * 29,
            *[row(model=(0.6, True))] * 2,
        ])  # fmt: skip
        assert measure_links(rows, links=LINKS, trust=NO_TRUST, target_precision=0.9) == {
            "history": {
                "asked": 61,
                "answered": 30,
                "coverage": 0.4918,
                "precision": 1.0,
                "threshold": 0.9,
                "threshold_for_target": 0.95,
                "coverage_at_target": 0.4918,
                "precision_at_target": 1.0,
            },
            "model": {
                "asked": 31,
                "answered": 29,
                "coverage": 0.9355,
                "precision": 1.0,
                "threshold": 0.8,
                "threshold_for_target": 0.6,
                "coverage_at_target": 1.0,
                "precision_at_target": 1.0,
            },
        }

    def test_thresholds_for_the_target_go_with_one_another(self):
        """History lets go of what it gets wrong, and the model, which gets that right, is found to be good enough."""
        rows = [*[row(history=(0.99, True))] * 60, *[row(history=(0.92, False), model=(0.6, True))] * 60]
        found = measure_links(numbered(rows), links=LINKS, trust=NO_TRUST, target_precision=0.95)
        assert (found["history"]["answered"], found["model"]["asked"]) == (120, 0)
        assert (found["history"]["precision"], found["history"]["threshold_for_target"]) == (0.5, 0.99)
        assert (found["model"]["threshold_for_target"], found["model"]["coverage_at_target"]) == (0.6, 1.0)
        assert (found["model"]["coverage"], found["model"]["precision"]) == (None, None)

    def test_a_link_that_is_wrong_too_often_has_no_threshold(self):
        rows = numbered([row(history=(0.95, i % 2 == 0)) for i in range(60)])
        found = measure_links(rows, links=[HISTORY], trust=NO_TRUST, target_precision=0.95)["history"]
        assert (found["threshold_for_target"], found["coverage_at_target"]) == (None, 0.0)
        assert found["precision_at_target"] is None

    def test_a_link_that_is_right_about_one_text_has_none(self):
        rows = [row(history=(0.95, True))] * 60
        found = measure_links(rows, links=[HISTORY], trust=NO_TRUST, target_precision=0.95)["history"]
        assert (found["precision"], found["threshold_for_target"]) == (1.0, None)

    def test_a_fixed_link_keeps_its_threshold(self):
        rows = [row(rule=(1.0, i % 2 == 0)) for i in range(60)]
        rule = LinkSetting("rule", 0.0, is_fixed=True)
        found = measure_links(rows, links=[rule], trust=NO_TRUST, target_precision=0.95)["rule"]
        assert (found["threshold_for_target"], found["precision_at_target"]) == (0.0, 0.5)

    def test_a_link_that_only_suggests_on_purpose_ends_the_chain_and_takes_nothing(self):
        final = {"history": LinkAnswer(0.95, is_right=True, is_final=True), "model": LinkAnswer(1.0, is_right=True)}
        rows = numbered([ReplayedRow(final, is_new=False)] * 60)
        found = measure_links(rows, links=LINKS, trust=NO_TRUST, target_precision=0.9)
        assert (found["history"]["answered"], found["model"]["asked"]) == (0, 0)
        chain = measure_chain(rows, links=LINKS, trust=NO_TRUST, adopted=NO_TRUST, target_precision=0.9)
        assert (chain["answered"], chain["threshold_for_target"]) == (0, None)

    def test_thresholds_of_the_ledger_hold_those_of_evidence_first(self):
        answer = LinkAnswer(0.7, is_right=True, evidence="repeat")
        rows = [ReplayedRow({"history": answer}, is_new=False)]
        for trust, taken in (
            (NO_TRUST, 0),
            (Trust(thresholds={"history": 0.7}), 1),
            (Trust(thresholds={"history": 0.7}, evidence_thresholds={"repeat": 0.8}), 0),
            (Trust(thresholds={"history": 0.8}, evidence_thresholds={"repeat": 0.7}), 1),
            (Trust(evidence_thresholds={"name": 0.1}), 0),
        ):
            found = measure_links(rows, links=LINKS, trust=trust, target_precision=0.9)["history"]
            chain = measure_chain(rows, links=LINKS, trust=trust, adopted=NO_TRUST, target_precision=0.9)
            assert (found["answered"], chain["answered"]) == (taken, taken)


class TestChain:
    def test_the_chain_takes_the_first_sure_answer(self):
        rows = [
            *[row(history=(0.91, True), model=(0.99, False))] * 20,
            *[row(history=(0.6, False), model=(0.85, True))] * 20,
            *[row(history=(0.6, True), model=(0.7, True))] * 20,
            *[row()] * 20,
        ]
        found = measure_chain(rows, links=LINKS, trust=NO_TRUST, adopted=NO_TRUST, target_precision=0.95)
        assert (found["answered"], found["coverage"], found["precision"]) == (40, 0.5, 1.0)

    def test_it_is_shown_at_the_thresholds_to_adopt(self):
        rows = [
            *[row(history=(0.7, True))] * 30,
            *[row(history=(0.91, False), model=(0.85, True))] * 10,
            *[row()] * 40,
        ]
        adopted = Trust(thresholds={"history": 0.6})
        found = measure_chain(rows, links=LINKS, trust=NO_TRUST, adopted=adopted, target_precision=0.95)
        assert (found["coverage"], found["precision"]) == (0.125, 0.0)
        assert (found["coverage_at_target"], found["precision_at_target"]) == (0.5, 0.75)

    def test_one_threshold_for_all_evidence_is_found_on_the_best_answers(self):
        rows = numbered(
            [*best("name", 0.9, n=40), *best("learned", 0.7, n=20), *best("sound", 0.6, is_right=False, n=9)]
        )
        found = measure_chain(rows, links=LINKS, trust=NO_TRUST, adopted=NO_TRUST, target_precision=0.95)
        assert (found["threshold"], found["threshold_for_target"]) == (None, 0.7)

    def test_new_texts_are_told_apart(self):
        rows = [*[row(history=(0.95, True))] * 20, *[row(is_new=True, history=(0.95, False))] * 10]
        body = measure_backtest(rows, links=[HISTORY], trust=NO_TRUST, target_precision=0.95)
        assert (body["chain"]["asked"], body["new_merchants"]["asked"]) == (30, 10)
        assert (body["chain"]["precision"], body["new_merchants"]["precision"]) == (0.6667, 0.0)
        assert (body["target_precision"], list(body["evidence"])) == (0.95, ["other"])


class TestEvidence:
    def test_each_kind_has_a_threshold_of_its_own(self):
        rows = numbered([
            *best("name", 0.93, n=70), *best("name", 0.81, n=5), *best("name", 0.6, is_right=False, n=20),
            *best("learned", 0.97, n=60, link="model"), *best("learned", 0.9, n=10, is_right=False, link="model"),
            *best("sound", 0.5, n=9),
        ])  # fmt: skip
        found = of_evidence(rows)
        assert {name: one["threshold_for_target"] for name, one in found.items()} == {
            "name": 0.81, "learned": 0.97, "sound": None,
        }  # fmt: skip
        assert {name: (one["links"], one["threshold"]) for name, one in found.items()} == {
            "name": (["history"], 0.9), "learned": (["model"], 0.8), "sound": (["history"], 1.0),
        }  # fmt: skip
        assert (found["name"]["coverage_at_target"], found["learned"]["precision_at_target"]) == (0.7895, 1.0)

    def test_the_threshold_of_the_settings_stays_where_the_same_answers_are_above_it(self):
        rows = numbered([*best("name", 0.97, n=60), *best("name", 0.85, is_right=False, n=9)])
        assert of_evidence(rows)["name"]["threshold_for_target"] == 0.9
        assert of_evidence(rows[:60])["name"]["threshold_for_target"] == 0.9
        assert (
            of_evidence(rows + numbered(best("name", 0.92, is_right=False, n=9)))["name"]["threshold_for_target"]
            == 0.97
        )

    def test_of_two_links_the_stricter_setting_stays(self):
        rows = numbered([*best("name", 0.97, n=40), *best("name", 0.97, n=40, link="model")])
        found = of_evidence(rows)["name"]
        assert (found["threshold"], found["threshold_for_target"], found["links"]) == (None, 0.9, ["history", "model"])

    def test_confidences_are_rounded_down_to_four_places(self):
        rows = numbered(best("name", 0.812399, n=60))
        found = of_evidence(rows)["name"]
        assert (found["threshold_for_target"], found["coverage_at_target"]) == (0.8123, 1.0)

    def test_new_texts_need_a_threshold_too(self):
        known, new = best("name", 0.95, is_new=False, n=300), best("name", 0.95, n=40)
        found = of_evidence(numbered([*known, *new]))["name"]
        assert (found["missing"], found["new_merchants"]["missing"], found["threshold_for_target"]) == (0, 19, None)
        more = [*known, *best("name", 0.95, n=60), *best("name", 0.92, is_right=False, n=10)]
        found = of_evidence(numbered(more))["name"]
        assert (found["threshold_for_target"], found["new_merchants"]["coverage_at_target"]) == (0.95, 0.8571)

    def test_repeats_are_never_new(self):
        found = of_evidence(numbered(best("repeat", 0.95, is_new=False, n=60)))["repeat"]
        assert (found["threshold_for_target"], found["new_merchants"]) == (0.9, None)

    def test_repeats_of_one_merchant_tell_nothing(self):
        found = of_evidence(best("repeat", 0.99, is_new=False, n=43, text="rewe"))["repeat"]
        assert (found["asked"], found["texts"], found["precision"], found["lower_bound"]) == (43, 1, 1.0, 0.3684)
        assert (found["threshold_for_target"], found["missing"]) == (None, 56)

    def test_rows_that_a_rule_decides_take_no_part(self):
        rows = [ReplayedRow({"rule": LinkAnswer(1.0, is_right=True, evidence="rule")}, is_new=True)] * 60
        assert of_evidence(rows) == {}

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["repeat", "name", "learned"]),
                st.integers(80, 99),
                st.integers(0, 9),
                st.integers(0, 200),
            ),
            max_size=300,
        ),
        st.randoms(),
    )
    def test_no_threshold_is_adopted_by_luck_or_order(self, drawn, chance):
        """The bound holds at each threshold; so many rows were needed; and the order of rows does not matter."""
        rows = [
            answer
            for evidence, percent, luck, text in drawn
            for answer in best(evidence, percent / 100, is_right=luck > 0, text=text, is_new=evidence != "repeat")
        ]
        found = of_evidence(rows, target_precision=0.8)
        assert found == of_evidence(chance.sample(rows, len(rows)), target_precision=0.8)
        for evidence, figures in found.items():
            threshold = figures["threshold_for_target"]
            if threshold is None:
                continue
            taken = [
                one for one in rows if one.best and one.best.evidence == evidence and one.best.confidence >= threshold
            ]
            assert len(taken) >= 14  # 0.05 ** (1 / 14) = 0.807
            times = [
                sum(other.text == one.text for other in rows if other.best and other.best.evidence == evidence)
                for one in taken
            ]
            weights = [min(1.0, 3 / n) for n in times]
            n_right = sum(w for w, one in zip(weights, taken, strict=True) if one.best and one.best.is_right)
            assert lower_bound(n_right, sum(weights)) >= 0.8 - 1e-6


class TestPool:
    """Answers that count only together with those of other links."""

    @staticmethod
    def pooled(alone: float, together: float, *, is_right: bool = True, is_pooled: bool = False):
        answer = LinkAnswer(alone, is_right=True, evidence="name", is_pooled=is_pooled)
        return ReplayedRow({"history": answer}, is_new=True, best=BestAnswer("history", "name", together, is_right))

    def test_the_answer_of_all_links_is_taken_where_none_decides_alone(self):
        rows = [
            self.pooled(0.95, 0.5), self.pooled(0.5, 0.95), self.pooled(0.5, 0.95, is_right=False),
            self.pooled(0.95, 0.5, is_pooled=True),
        ]  # fmt: skip
        found = measure_chain(rows, links=LINKS, trust=NO_TRUST, adopted=NO_TRUST, target_precision=0.95)
        assert (found["answered"], found["precision"]) == (3, 0.6667)
        history = measure_links(rows, links=LINKS, trust=NO_TRUST, target_precision=0.95)["history"]
        assert (history["asked"], history["answered"]) == (4, 3)

    def test_what_a_link_says_alone_and_together_with_others_is_one_answer(self):
        """It is as sure as the surer one, and right if both are."""
        rows = [self.pooled(0.97, 0.93), self.pooled(0.5, 0.95, is_right=False), self.pooled(0.99, 0.6, is_pooled=True)]
        assert count_outcomes(rows, links=LINKS) == [
            ["history", "name", 0.6, 1, 1], ["history", "name", 0.95, 1, 0], ["history", "name", 0.97, 1, 1],
        ]  # fmt: skip

    def test_an_answer_alone_is_judged_although_all_links_together_say_something_else(self):
        alone = LinkAnswer(0.92, is_right=False, evidence="leading_words")
        together = BestAnswer("model", "learned", 0.96, is_right=True)
        rows = numbered([ReplayedRow({"history": alone}, is_new=True, best=together)] * 60)
        found = of_evidence(rows)
        assert {name: (one["asked"], one["precision"], one["threshold_for_target"]) for name, one in found.items()} == {
            "leading_words": (60, 0.0, None), "learned": (60, 1.0, 0.8),
        }  # fmt: skip


class TestAdopting:
    FIGURES = {
        "name": {"threshold_for_target": 0.8, "links": ["history"]},
        "sound": {"threshold_for_target": None, "links": ["history", "model"]},
    }

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (NO_TRUST, Trust(evidence_thresholds={"name": 0.8})),
            (Trust(evidence_thresholds={"name": 0.9}), Trust(evidence_thresholds={"name": 0.8})),
            (Trust(evidence_thresholds={"sound": 0.89}), Trust(evidence_thresholds={"name": 0.8})),
            (Trust(evidence_thresholds={"sound": 0.9}), Trust(evidence_thresholds={"name": 0.8, "sound": 0.9})),
            (Trust(evidence_thresholds={"learned": 0.1}), Trust(evidence_thresholds={"name": 0.8, "learned": 0.1})),
            (Trust(thresholds={"history": 0.5}), Trust(evidence_thresholds={"name": 0.8})),
            (
                Trust(thresholds={"history": 0.95, "gone": 0.1}),
                Trust(thresholds={"history": 0.95, "gone": 0.1}, evidence_thresholds={"name": 0.8}),
            ),
        ],
    )  # fmt: skip
    def test_what_cannot_be_told_is_left_or_goes_back_to_the_settings(self, before, after):
        assert adopted_thresholds(before, evidence=self.FIGURES, links=LINKS) == after

    def test_outcomes_are_counted_by_link_evidence_and_confidence(self):
        rows = [*best("name", 0.93, n=2), *best("name", 0.93, is_right=False), *best("sound", 0.5, link="model"), row()]
        assert count_outcomes(rows, links=LINKS) == [["history", "name", 0.93, 3, 2], ["model", "sound", 0.5, 1, 1]]
