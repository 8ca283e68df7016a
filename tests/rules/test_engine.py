"""Rule sets and prefilters find the same rules, in the same order, as one test after another."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rules.engine.movements import TEXT_FIELDS, Movement
from rules.engine.prefilter import NeedleIndex, NeedleList
from rules.engine.rule_sets import LISTED_UP_TO, CompiledRule, Matcher, RuleSet
from tests.rules.generated import CAFE, NO, RULES, SUBJECTS, condition, rule

#: So many that they are looked up in an index; none of them ever matches.
PADDING = [rule("padding", condition("merchant", "equals", f"padding {i}")) for i in range(LISTED_UP_TO)]
SETS = st.lists(RULES, max_size=24)


def one_by_one(rules: list[CompiledRule], movement: Movement) -> tuple[CompiledRule, ...]:
    """Return the expected rules."""
    matching = [one for one in rules if one.matches(movement)]
    stop = next((place for place, one in enumerate(matching, 1) if one.stops), None)
    return tuple(matching[:stop])


@given(SETS, st.lists(SUBJECTS, min_size=1, max_size=4))
def test_a_rule_set_matches_what_single_rules_match(rules, subjects):
    matcher = Matcher(RuleSet(rules))
    for movement in [*subjects, *subjects]:  # the second time from memory
        assert matcher.matched(movement) == one_by_one(rules, movement)


@given(st.lists(RULES, min_size=12, max_size=24), SUBJECTS)
def test_an_index_over_many_rules_hides_none_that_matches(rules, movement):
    many = [*rules[:6], *PADDING, *rules[6:]]
    assert Matcher(RuleSet(many)).matched(movement) == one_by_one(rules, movement)


@given(SETS, SUBJECTS)
def test_needle_list_and_index_find_every_match_in_order(rules, movement):
    needles = [one.needles for one in rules]
    folded = {name: movement.folded(name) for name in TEXT_FIELDS}
    matching = {place for place, one in enumerate(rules) if one.matches(movement)}
    listed, indexed = NeedleList(needles).candidates(folded), NeedleIndex(needles).candidates(folded)
    assert matching <= set(listed) <= set(indexed)
    assert (list(listed), list(indexed)) == (sorted(set(listed)), sorted(set(indexed)))


@given(SETS, st.lists(SUBJECTS, min_size=1, max_size=4))
def test_a_movement_is_made_only_if_a_rule_needs_it(rules, subjects):
    matcher = Matcher(RuleSet(rules))
    made: list[Movement] = []

    def among(movement: Movement) -> tuple[CompiledRule, ...]:
        def whole() -> Movement:
            made.append(movement)
            return movement

        return matcher.among(tuple(getattr(movement, name) for name in matcher.rule_set.text_fields), whole)

    assert [among(movement) for movement in subjects] == [one_by_one(rules, movement) for movement in subjects]
    if all(one.compiled.on_rest is None for one in rules):
        assert made == []


@given(st.lists(RULES, max_size=8), st.integers(0, 8), SUBJECTS)
def test_adding_a_rule_that_matches_nothing_changes_nothing(rules, place, movement):
    never = rule("never", condition("merchant", "is_empty"), condition("merchant", "is_empty", negate=True), stops=True)
    assert Matcher(RuleSet([*rules[:place], never, *rules[place:]])).matched(movement) == one_by_one(rules, movement)


@given(st.lists(RULES, max_size=6), st.lists(RULES, max_size=6), SUBJECTS)
def test_later_rules_never_change_which_earlier_ones_match(rules, more, movement):
    before, after = Matcher(RuleSet(rules)).matched(movement), Matcher(RuleSet([*rules, *more])).matched(movement)
    assert after[: len(before)] == before


def test_a_rule_that_stops_ends_the_list_once_it_matches():
    passed, stops, later = rule("passed", NO, stops=True), rule("stops", stops=True), rule("later")
    assert Matcher(RuleSet([passed, stops, later])).matched(CAFE) == (stops,)
    assert Matcher(RuleSet([passed, stops, later])).matched(replace(CAFE, merchant="Sol")) == (passed,)


def test_a_stop_by_amount_is_checked_per_row():
    small = rule("small", condition("amount", "lt", "20"), stops=True)
    later = rule("later")
    matcher = Matcher(RuleSet([small, later]))
    assert matcher.matched(CAFE) == (small,)
    assert matcher.matched(replace(CAFE, amount=None)) == (later,)


def test_no_rules_match_nothing():
    assert Matcher(RuleSet([])).matched(CAFE) == ()
