"""Laws of evaluation that hold for any rules and any row."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from providers.interface import EFFECT_FIELDS
from rules.engine.evaluation import HELD
from rules.engine.movements import Movement
from tests.rules.evaluated_rows import evaluated
from tests.rules.generated import CONDITIONS, DAYS, IDS, RULES, SUBJECTS, TAG_NAMES, TEXTS, condition, rule

FIELDS = [
    "merchant",
    "description",
    "notes",
    "review",
    "is_excluded_from_budget",
    *(f"tag:{t}" for t in ("food", "work")),
]
CATEGORY = {"category", "suggested", "source", "status", "confidence"}
STANDINGS = st.sampled_from(
    [
        {},
        {"source": "user"},
        {"suggested": 2, "source": "model", "status": "suggested", "confidence": 0.5},
        {"category": 1, "source": "model", "status": "automatic", "confidence": 0.9},
        {"category": 2, "source": "rule", "status": "automatic", "confidence": 1.0},
        {"category": 3, "source": "model", "status": "confirmed", "confidence": 0.9},
        {"category": 4, "source": "user", "status": "confirmed"},
    ]
)
LETTERS, TAGS = st.sampled_from(["", "a", "b"]), st.sampled_from(["food", "work"])
#: Tests of what rules write, of so few values that rules often set off one another.
CLOSE = st.one_of(
    st.builds(condition, st.just("merchant"), st.just("equals"), LETTERS.filter(bool), negate=st.booleans()),
    st.builds(condition, st.just("notes"), st.just("is_empty"), negate=st.booleans()),
    st.builds(condition, st.just("tags"), st.sampled_from(["has_any", "has_none"]), TAGS.map(lambda tag: [tag])),
    st.builds(condition, st.just("category"), st.just("in"), st.integers(1, 2).map(lambda pk: [pk])),
    st.builds(
        condition, st.just("source"), st.just("equals"), st.sampled_from(["rule", "model"]), negate=st.booleans()
    ),
)
CLOSE_RULES = st.builds(
    lambda asked, adds, takes, **fields: rule(
        "close", *asked, add_tags=tuple(adds), remove_tags=tuple(takes - adds), **fields
    ),
    st.lists(CLOSE, min_size=1, max_size=2),
    st.sets(TAGS, max_size=1),
    st.sets(TAGS, max_size=1),
    writes=st.fixed_dictionaries(
        {}, optional={"merchant": LETTERS.filter(bool), "notes": LETTERS.filter(bool), "category": st.integers(1, 2)}
    ),
    stops=st.booleans(),
    suggests_only=st.booleans(),
    overwrite=st.sampled_from(["empty", "machine", "always"]),
)
LISTS = st.one_of(st.lists(RULES, max_size=5), st.lists(CLOSE_RULES, min_size=2, max_size=5))
UNSET = {"category": None, "suggested": None, "source": "", "status": "none", "confidence": None}
ROWS = st.builds(
    lambda row, standing, **rest: replace(row, **UNSET | standing, **rest),
    SUBJECTS,
    STANDINGS,
    merchant=LETTERS | TEXTS,
    description=TEXTS,
    notes=LETTERS,
    review=st.sampled_from([None, "needed", "done"]),
    is_excluded_from_budget=st.booleans(),
    tags=st.frozensets(TAG_NAMES.map(str.casefold)),
    offered=st.frozensets(IDS, min_size=2),
    held=st.frozensets(st.sampled_from(FIELDS)),
    obstacle=st.sampled_from(["", "", "", "edit_window_closed"]),
    category_obstacle=st.sampled_from(["", "", "split"]),
)
FORCE = st.booleans()


def value_of(row: Movement, name: str) -> object:
    """Return the value of a field that rules claim."""
    if name.startswith("tag:"):
        return name.removeprefix("tag:") in row.tags
    if name == "category":
        return tuple(getattr(row, part) for part in sorted(CATEGORY))
    return getattr(row, name)


def changed(before: Movement, after: Movement) -> set[str]:
    """Fields that differ, each tag by itself."""
    names = {*EFFECT_FIELDS, "category"}
    names |= {f"tag:{tag}" for tag in before.tags | after.tags}
    return {name for name in names if value_of(before, name) != value_of(after, name)}


def held_by_a_person(row: Movement) -> set[str]:
    """What its owner wrote, chose or confirmed."""
    is_confirmed = row.status == "confirmed"
    held = {"category"} if is_confirmed or row.source == "user" else set()
    return {*row.held, *held, *(["review"] if is_confirmed else [])}


@given(LISTS, ROWS, FORCE)
def test_a_second_evaluation_changes_nothing(rules, row, force):
    once = evaluated(rules, row, force=force)
    again = evaluated(rules, once.after, force=force)
    assert (again.after, again.written) == (once.after, {})
    assert again.is_circle is once.is_circle


@given(LISTS, ROWS, FORCE)
def test_written_fields_differ_and_left_fields_do_not(rules, row, force):
    result = evaluated(rules, row, force=force)
    assert set(result.written) == changed(row, result.after)
    assert not set(result.left) & changed(row, result.after)
    assert {claim.rule for claim in result.written.values()} <= set(result.matched)


@given(LISTS, ROWS)
def test_held_fields_never_change_without_force(rules, row):
    result = evaluated(rules, row)
    assert not changed(row, result.after) & held_by_a_person(row)


@given(LISTS, ROWS, FORCE)
def test_force_changes_held_fields_only_with_overwrite_always(rules, row, force):
    assume(not any(one.overwrite == "always" for one in rules))
    result = evaluated(rules, row, force=force)
    assert not changed(row, result.after) & row.held
    assert {name for name, reason in result.left.items() if reason == HELD} <= held_by_a_person(row)


@given(LISTS, ROWS, FORCE)
def test_a_circle_and_a_closed_row_stay_as_they_are(rules, row, force):
    result = evaluated(rules, row, force=force)
    if result.is_circle or row.obstacle:
        assert (result.after, result.written) == (row, {})


@given(LISTS, st.integers(0, 5), ROWS, FORCE)
def test_a_rule_that_matches_nothing_changes_nothing(rules, place, row, force):
    never = [condition("merchant", "is_empty"), condition("merchant", "is_empty", negate=True)]
    idle = rule(
        "never", *never, writes={"category": 1, "merchant": "x"}, add_tags=("x",), stops=True, overwrite="always"
    )
    without = evaluated(rules, row, force=force)
    with_it = evaluated([*rules[:place], idle, *rules[place:]], row, force=force)
    assert (with_it.after, with_it.written, with_it.left) == (without.after, without.written, without.left)
    assert with_it.matched == without.matched


@given(CONDITIONS, LISTS.filter(bool), st.data(), ROWS, DAYS)
def test_rules_without_shared_rows_may_come_in_any_order(common, rules, data, row, day):
    """Each rule is for an account of its own, which no rule writes, so no row is matched by two of them."""
    apart = [
        replace(
            one,
            compiled=rule("apart", condition("account", "in", [place]), common).compiled,
            needles=None,
            needles_suffice=False,
        )
        for place, one in enumerate(rules, 1)
    ]
    shuffled = data.draw(st.permutations(apart))
    results = [evaluated(order, replace(row, date=day)) for order in (apart, shuffled)]
    assert results[0].after == results[1].after
    assert results[0].matched == results[1].matched
