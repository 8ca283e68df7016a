"""Figures of a backtest at the present thresholds and at others, worked out by hand."""

from expenses.categorization.backtest_figures import (
    LinkAnswer,
    LinkThreshold,
    ReplayedRow,
    measure_backtest,
    measure_chain,
    measure_links,
)

HISTORY, MODEL = LinkThreshold("history", 0.9), LinkThreshold("model", 0.8)


def row(*, is_new: bool = False, **told: tuple[float, bool]) -> ReplayedRow:
    """Link → confidence, and whether that was right."""
    return ReplayedRow({link: LinkAnswer(*said) for link, said in told.items()}, is_new)


def test_the_next_link_gets_what_the_one_before_leaves_open():
    rows = [
        *[row(history=(0.95, True), model=(0.99, False))] * 30,
        *[row(history=(0.5, False), model=(0.85, True))] * 8,
        *[row(model=(0.6, True))] * 2,
    ]
    assert measure_links(rows, links=[HISTORY, MODEL], target_precision=0.9) == {
        "history": {
            "asked": 40,
            "answered": 30,
            "coverage": 0.75,
            "precision": 1.0,
            "threshold": 0.9,
            "threshold_for_target": 0.725,
            "coverage_at_target": 0.75,
            "precision_at_target": 1.0,
        },
        "model": {
            "asked": 10,
            "answered": 8,
            "coverage": 0.8,
            "precision": 1.0,
            "threshold": 0.8,
            "threshold_for_target": 0.58,
            "coverage_at_target": 1.0,
            "precision_at_target": 1.0,
        },
    }


def test_thresholds_for_the_target_go_with_one_another():
    """History lets go of what it gets wrong, and the model, which gets that right, is found to be good enough."""
    rows = [*[row(history=(0.99, True))] * 40, *[row(history=(0.92, False), model=(0.6, True))] * 40]
    found = measure_links(rows, links=[HISTORY, MODEL], target_precision=0.95)
    assert (found["history"]["answered"], found["model"]["asked"]) == (80, 0)
    assert (found["history"]["precision"], found["history"]["threshold_for_target"]) == (0.5, 0.955)
    assert (found["model"]["threshold_for_target"], found["model"]["coverage_at_target"]) == (0.58, 1.0)
    assert (found["model"]["coverage"], found["model"]["precision"]) == (None, None)


def test_a_link_that_is_wrong_too_often_has_no_threshold():
    rows = [row(history=(0.95, i % 2 == 0)) for i in range(60)]
    found = measure_links(rows, links=[HISTORY], target_precision=0.95)["history"]
    assert (found["threshold_for_target"], found["coverage_at_target"]) == (None, 0.0)
    assert found["precision_at_target"] is None


def test_a_fixed_link_keeps_its_threshold():
    rows = [row(rule=(1.0, i % 2 == 0)) for i in range(60)]
    found = measure_links(rows, links=[LinkThreshold("rule", 0.0, is_fixed=True)], target_precision=0.95)["rule"]
    assert (found["threshold_for_target"], found["precision_at_target"]) == (0.0, 0.5)


def test_a_link_that_only_suggests_on_purpose_ends_the_chain_and_takes_nothing():
    rows = [
        ReplayedRow(
            {"history": LinkAnswer(0.95, is_right=True, is_final=True), "model": LinkAnswer(1.0, is_right=True)},
            is_new=False,
        )
    ]
    found = measure_links(rows * 30, links=[HISTORY, MODEL], target_precision=0.9)
    assert (found["history"]["answered"], found["model"]["asked"]) == (0, 0)
    assert measure_chain(rows * 30, links=[HISTORY, MODEL], target_precision=0.9)["threshold_for_target"] is None


def test_the_chain_takes_the_first_sure_answer():
    rows = [
        *[row(history=(0.91, True), model=(0.99, False))] * 20,
        *[row(history=(0.6, False), model=(0.85, True))] * 20,
        *[row(history=(0.6, True), model=(0.7, True))] * 20,
        *[row()] * 20,
    ]
    found = measure_chain(rows, links=[HISTORY, MODEL], target_precision=0.95)
    assert (found["answered"], found["coverage"], found["precision"]) == (40, 0.5, 1.0)


def test_one_threshold_for_all_links_is_found_on_the_surest_answer_to_each_row():
    rows = [
        *[row(history=(0.95, True), model=(0.5, False))] * 20,
        *[row(history=(0.6, False), model=(0.85, True))] * 20,
        *[row(history=(0.3, False), model=(0.2, True))] * 20,
        *[row()] * 20,
    ]
    assert measure_chain(rows, links=[HISTORY, MODEL], target_precision=0.95) == {
        "asked": 80,
        "answered": 40,
        "coverage": 0.5,
        "precision": 1.0,
        "threshold": None,
        "threshold_for_target": 0.575,
        "coverage_at_target": 0.5,
        "precision_at_target": 0.5,
    }


def test_the_one_threshold_is_tried_as_the_chain_would_take_answers():
    """The model is the surest for all rows. History, which is asked first, is sure enough for half of them."""
    rows = [
        *[row(history=(0.7, False), model=(0.9, True))] * 20,
        *[row(history=(0.5, False), model=(0.65, True))] * 20,
    ]
    found = measure_chain(rows, links=[HISTORY, MODEL], target_precision=0.95)
    assert (found["threshold_for_target"], found["coverage_at_target"]) == (0.63, 1.0)
    assert found["precision_at_target"] == 0.5


def test_a_surest_answer_that_is_wrong_leaves_the_chain_without_a_threshold():
    rows = [
        *[row(history=(0.91, True), model=(0.99, False))] * 20,
        *[row(history=(0.6, False), model=(0.7, True))] * 20,
    ]
    assert measure_chain(rows, links=[HISTORY, MODEL], target_precision=0.95) == {
        "asked": 40,
        "answered": 20,
        "coverage": 0.5,
        "precision": 1.0,
        "threshold": None,
        "threshold_for_target": None,
        "coverage_at_target": 0.0,
        "precision_at_target": None,
    }


def test_a_fixed_link_is_taken_whatever_the_chain_s_threshold_and_has_no_part_in_it():
    rule = LinkThreshold("rule", 0.0, is_fixed=True)
    rows = [
        *[row(rule=(1.0, False), history=(0.99, True))] * 20,
        *[row(history=(0.8, True))] * 20,
        *[row(history=(0.4, False))] * 20,
    ]
    found = measure_chain(rows, links=[rule, HISTORY], target_precision=0.95)
    assert (found["answered"], found["precision"]) == (20, 0.0)
    assert (found["threshold_for_target"], found["coverage_at_target"]) == (0.6, 0.6667)
    assert found["precision_at_target"] == 0.5
    found = measure_chain(rows[:20] + rows[40:], links=[rule, HISTORY], target_precision=0.95)
    assert found["threshold_for_target"] is None
    assert (found["coverage_at_target"], found["precision_at_target"]) == (0.5, 0.0)


def test_a_threshold_is_never_above_the_confidence_that_it_was_found_at():
    rows = [row(history=(0.99 * 2 / 3, True))] * 30
    found = measure_links(rows, links=[HISTORY], target_precision=0.95)["history"]
    assert found["threshold_for_target"] <= 0.99 * 2 / 3
    assert found["coverage_at_target"] == 1.0


def test_new_texts_are_told_apart():
    rows = [*[row(history=(0.95, True))] * 20, *[row(is_new=True, history=(0.95, False))] * 10]
    body = measure_backtest(rows, links=[HISTORY], target_precision=0.95)
    assert (body["chain"]["asked"], body["new_merchants"]["asked"]) == (30, 10)
    assert (body["chain"]["precision"], body["new_merchants"]["precision"]) == (0.6667, 0.0)
    assert body["target_precision"] == 0.95
