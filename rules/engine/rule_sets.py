"""Sets of compiled rules, and the rules that match a movement, in order. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rules.engine.conditions import CompiledConditions, Condition, Predicate, compile_conditions
from rules.engine.movements import TEXT_FIELDS, Movement
from rules.engine.prefilter import Needle, NeedleIndex, NeedleList, needles_suffice, required_needles
from rules.operators import expand

#: Up to so many rules, a search for the needles of each rule is quicker than an index.
LISTED_UP_TO = 400


@dataclass(frozen=True, slots=True, eq=False)
class CompiledRule:
    """A rule in the form that the engine runs; equal to itself alone.

    `writes` are new values by field: category (id), merchant, description, notes, review, is_excluded_from_budget.
    Tags are as they are written. `overwrite` is empty, machine or always. `id` is None for a rule that is not saved.
    """

    id: int | None
    name: str
    compiled: CompiledConditions
    triggers: frozenset[str] = frozenset()
    writes: Mapping[str, Any] = field(default_factory=dict)
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    suggests_only: bool = False
    stops: bool = True
    overwrite: str = "machine"
    priority: int = 100
    #: Texts of which one must occur for the rule to match; None if there are none such.
    needles: frozenset[Needle] | None = None
    #: One needle is all that the rule asks of texts.
    needles_suffice: bool = False

    @property
    def category(self) -> int | None:
        """The category that the rule sets."""
        return self.writes.get("category")

    def matches(self, movement: Movement) -> bool:
        """Return True if the conditions hold."""
        return self.compiled.matches(movement)


Matched = tuple[CompiledRule, ...]
#: Rules whose tests of texts hold, each with the test of the rest.
Passing = tuple[tuple[CompiledRule, Predicate | None], ...]


def compile_rule(*, match: str, conditions: Sequence[Condition], **rest: Any) -> CompiledRule:
    """Compile a checked rule; `rest` are the other fields of CompiledRule."""
    conditions = expand(conditions)
    needles = required_needles(match, conditions)
    return CompiledRule(
        compiled=compile_conditions(match, conditions),
        needles=needles,
        needles_suffice=needles is not None and needles_suffice(match, conditions),
        **rest,
    )


class RuleSet:
    """Rules in their order."""

    def __init__(self, rules: Iterable[CompiledRule]) -> None:
        self.rules = tuple(rules)
        #: Fields that any of the rules looks at.
        self.fields = frozenset[str]().union(*(rule.compiled.fields for rule in self.rules))
        self.text_fields = tuple(name for name in TEXT_FIELDS if name in self.fields)
        is_listed = len(self.rules) <= LISTED_UP_TO
        needles = [rule.needles for rule in self.rules]
        self._index = NeedleList(needles) if is_listed else NeedleIndex(needles)
        self._is_found = [is_listed and rule.needles_suffice for rule in self.rules]
        self._pairs = [(rule, rule.compiled.on_rest) for rule in self.rules]
        self._searched = [(name, self.text_fields.index(name)) for name in self._index.fields]

    def passing(self, texts: Sequence[str]) -> Passing:
        """Return the rules whose tests of texts hold; `texts` are the values of `text_fields`."""
        folds = {}
        for name, place in self._searched:  # a comprehension costs as much as ten of the tests that follow
            folds[name] = texts[place].casefold()
        positions = self._index.candidates(folds)
        if not positions:
            return ()
        if len(positions) == 1 and self._is_found[positions[0]]:
            return (self._pairs[positions[0]],)
        movement: Movement | None = None
        found = []
        for position in positions:
            pair = self._pairs[position]
            on_text = pair[0].compiled.on_text
            if on_text is not None and not self._is_found[position]:
                if movement is None:
                    known: dict[str, Any] = dict(zip(self.text_fields, texts, strict=True))
                    movement = Movement(**known)
                    movement.folds.update(folds)
                if not on_text(movement):
                    continue
            found.append(pair)
        return tuple(found)


class Matcher:
    """A set of rules that remembers its answers for each distinct text."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.rule_set = rule_set
        self._passing: dict[Sequence[str], tuple[Passing, Matched | None]] = {}

    def matched(self, movement: Movement) -> Matched:
        """Return the rules that match, up to the first that stops."""
        texts = tuple(getattr(movement, name) for name in self.rule_set.text_fields)
        return self.among(texts, lambda: movement)

    def among(self, texts: Sequence[str], movement: Callable[[], Movement]) -> Matched:
        """Return the rules that match; the movement is made only if more than its texts matters."""
        known = self._passing.get(texts)
        if known is None:
            passing = self.rule_set.passing(texts)
            known = self._passing[texts] = passing, _decide(passing)
        passing, decided = known
        if decided is not None:
            return decided
        whole = movement()
        matched: list[CompiledRule] = []
        for rule, on_rest in passing:
            if on_rest is None or on_rest(whole):
                matched.append(rule)
                if rule.stops:
                    break
        return tuple(matched)


def _decide(passing: Passing) -> Matched | None:
    """Return the rules that match whatever the rest of the movement is, or None if the rest matters."""
    matched: list[CompiledRule] = []
    for rule, on_rest in passing:
        if on_rest is not None:
            return None
        matched.append(rule)
        if rule.stops:
            break
    return tuple(matched)
