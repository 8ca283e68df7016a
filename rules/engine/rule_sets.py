"""Asks rules about transactions: which ones match, in order, each distinct text once. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from rules.engine.conditions import TEXT_FIELDS, Compiled, Condition, Movement, Predicate, compile_conditions
from rules.engine.prefilter import Needle, NeedleIndex, NeedleList, needles_suffice, required_needles

#: Up to so many rules, looking for each one's needles is quicker than an index.
LISTED_UP_TO = 400


@dataclass(frozen=True, slots=True, eq=False)
class CompiledRule:
    """A rule ready to be asked; equal to itself alone.

    `writes` are new values by field: category (id), merchant, description, notes, review, is_excluded_from_budget.
    Tags are as they are written. `overwrite` is empty, machine or always. `id` is None for one that is not saved.
    """

    id: int | None
    name: str
    compiled: Compiled
    triggers: frozenset[str] = frozenset()
    writes: Mapping[str, Any] = field(default_factory=dict)
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    suggests_only: bool = False
    stops: bool = True
    overwrite: str = "machine"
    priority: int = 100
    #: Texts of which one must be there for it to match, and whether that is all it asks of texts.
    needles: frozenset[Needle] | None = None
    needles_suffice: bool = False

    @property
    def category(self) -> int | None:
        """The category that it sets."""
        return self.writes.get("category")

    def matches(self, movement: Movement) -> bool:
        """Whether its conditions hold."""
        return self.compiled.matches(movement)


def compile_rule(*, match: str, conditions: Sequence[Condition], **rest: Any) -> CompiledRule:
    """A checked rule; `rest` are the fields of CompiledRule that say what it does."""
    needles = required_needles(match, conditions)
    return CompiledRule(
        compiled=compile_conditions(match, conditions),
        needles=needles,
        needles_suffice=needles is not None and needles_suffice(match, conditions),
        **rest,
    )


Matched = tuple[CompiledRule, ...]
#: Rules whose tests of texts hold, each with the test of the rest.
Passing = tuple[tuple[CompiledRule, Predicate | None], ...]


class RuleSet:
    """Rules in the order in which they are asked."""

    def __init__(self, rules: Iterable[CompiledRule]) -> None:
        self.rules = tuple(rules)
        #: Everything that any of them looks at.
        self.fields = frozenset[str]().union(*(rule.compiled.fields for rule in self.rules))
        self.text_fields = tuple(name for name in TEXT_FIELDS if name in self.fields)
        is_listed = len(self.rules) <= LISTED_UP_TO
        needles = [rule.needles for rule in self.rules]
        self._index = NeedleList(needles) if is_listed else NeedleIndex(needles)
        self._is_told = [is_listed and rule.needles_suffice for rule in self.rules]
        self._pairs = [(rule, rule.compiled.on_rest) for rule in self.rules]
        self._looked_in = [(name, self.text_fields.index(name)) for name in self._index.fields]

    def passing(self, texts: Sequence[str]) -> Passing:
        """The rules whose tests of texts hold; `texts` are those of `text_fields`, in that order."""
        folds = {}
        for name, place in self._looked_in:  # a comprehension costs as much as ten of the tests that follow
            folds[name] = texts[place].casefold()
        positions = self._index.candidates(folds)
        if not positions:
            return ()
        if len(positions) == 1 and self._is_told[positions[0]]:
            return (self._pairs[positions[0]],)
        holds = _Texts(self.text_fields, texts, folds).satisfy
        return tuple(
            [self._pairs[place] for place in positions if self._is_told[place] or holds(self._pairs[place][0])]
        )


class _Texts:
    """A subject made of texts alone, once a test needs one."""

    def __init__(self, names: Sequence[str], texts: Sequence[str], folds: dict[str, str]) -> None:
        self._names, self._texts, self._folds = names, texts, folds

    @cached_property
    def _subject(self) -> Movement:
        known: dict[str, Any] = dict(zip(self._names, self._texts, strict=True))
        return Movement(**known, folds=self._folds)

    def satisfy(self, rule: CompiledRule) -> bool:
        """Whether the rule's tests of texts hold."""
        on_text = rule.compiled.on_text
        return on_text is None or on_text(self._subject)


class Matcher:
    """Asks a set of rules about many transactions; what was said of a text is remembered as long as this lives."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.rule_set = rule_set
        self._passing: dict[Sequence[str], tuple[Passing, Matched | None]] = {}

    def matched(self, movement: Movement) -> Matched:
        """The rules that match, up to the first that stops."""
        texts = tuple(getattr(movement, name) for name in self.rule_set.text_fields)
        return self.among(texts, lambda: movement)

    def among(self, texts: Sequence[str], movement: Callable[[], Movement]) -> Matched:
        """The same where only the texts are known yet, and the whole subject is made if it has to be looked at."""
        known = self._passing.get(texts)
        if known is None:
            passing = self.rule_set.passing(texts)
            known = self._passing[texts] = passing, _settled(passing)
        passing, matched = known
        if matched is not None:
            return matched
        whole = movement()
        return _until_stop(rule for rule, on_rest in passing if on_rest is None or on_rest(whole))


def _settled(passing: Passing) -> Matched | None:
    """The rules that match whatever else the subject is; None where that must be looked at."""
    if not passing:
        return ()
    front: list[CompiledRule] = []
    for rule, on_rest in passing:
        if on_rest is not None:
            return None
        front.append(rule)
        if rule.stops:
            break
    return tuple(front)


def _until_stop(rules: Iterable[CompiledRule]) -> Matched:
    matched: list[CompiledRule] = []
    for rule in rules:
        matched.append(rule)
        if rule.stops:
            break
    return tuple(matched)
