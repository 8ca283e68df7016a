"""What becomes of one row when the rules are asked about it. Pure.

The first rule that matches and has something for a field claims it, whether it may write it or not, so that asking
again gives the same. The rules are asked again about the row as they would leave it, until nothing changes: a rule may
look at what another one writes. Where they go in circles the row stays as it is.
"""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any

from rules.engine.conditions import Movement
from rules.engine.rule_sets import CompiledRule, Matched

#: Rules that have not settled by then are taken to go in circles.
MAX_ROUNDS = 50
SOURCE = "rule"
#: Rises whenever the same rules may answer otherwise.
VERSION = "2"
#: Fields, besides the category and tags, that a rule writes as they are.
PLAIN = ("merchant", "description", "notes", "review", "is_excluded_from_budget")
#: Those that conditions look at as well.
TEXTS = ("merchant", "description", "notes")
#: Conditions' fields that rules write; `source` follows the category.
WRITTEN = frozenset({"category", "source", "tags", "merchant", "description", "notes"})

#: Why a field stays: its owner wrote it, it has a value and the rule fills only empty ones, or something holds it.
HELD, FILLED, SPLIT, TRANSFER, CLOSED = "held", "filled", "split", "transfer", "edit_window_closed"
#: The category of every rule is of the wrong kind, hidden or gone.
UNFIT = "unfit"


@dataclass(frozen=True, slots=True)
class State:
    """What rules may write of a row. `category` and `suggested` are ids, `tags` are casefolded names."""

    category: int | None = None
    suggested: int | None = None
    source: str = ""
    status: str = "none"
    confidence: float | None = None
    merchant: str = ""
    description: str = ""
    notes: str = ""
    review: str | None = None
    is_excluded_from_budget: bool = False
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Traits:
    """What rules must know of a row and do not write.

    `offered` are the categories that it could have. `held` are the fields, and `tag:<casefolded name>`, that its owner
    wrote. `obstacle` says why nothing of it can be written, `category_obstacle` why its category cannot.
    """

    offered: frozenset[int]
    held: frozenset[str] = frozenset()
    raw_description: str = ""
    obstacle: str = ""
    category_obstacle: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A rule that has won a field, and what it wants there: of a tag its name, or None to take it away."""

    rule: CompiledRule
    value: Any


@dataclass(slots=True, eq=False)
class Evaluation:
    """The row before and after, which rules matched, which wrote a field, and why fields that are claimed stay."""

    before: State
    after: State
    matched: list[CompiledRule] = field(default_factory=list)
    #: Field or `tag:<casefolded name>` → the claim that was written there.
    written: dict[str, Claim] = field(default_factory=dict)
    #: Field → HELD, FILLED, SPLIT, TRANSFER or CLOSED.
    left: dict[str, str] = field(default_factory=dict)
    is_circle: bool = False

    @property
    def is_change(self) -> bool:
        return self.before is not self.after and self.before != self.after

    @property
    def locked(self) -> dict[str, str]:
        """Fields that stay for another reason than that they are filled."""
        return {name: reason for name, reason in self.left.items() if reason != FILLED} if self.left else {}


#: Gives the rules that match the row in a state.
Ask = Callable[[State], Matched]


def evaluate(ask: Ask, state: State, traits: Traits, *, looks_at: Set[str], force: bool = False) -> Evaluation:
    """Ask until nothing changes. `looks_at` are the fields that any rule looks at, `force` writes what is held."""
    result = Evaluation(state, state)
    rounds: dict[State, list[CompiledRule]] = {}
    for _ in range(MAX_ROUNDS):
        matched = ask(result.after)
        result.matched += [rule for rule in matched if rule not in result.matched]
        before = result.after
        rounds[before] = _write(result, matched, traits, force=force)
        if result.after == before:
            return _without_detours(result)
        if not looks_at & WRITTEN:
            return result
        if result.after in rounds:
            break
    culprits = _circling(rounds, result.after)
    return Evaluation(state, state, [rule for rule in result.matched if rule in culprits], is_circle=True)


def _circling(rounds: Mapping[State, list[CompiledRule]], again: State) -> Set[CompiledRule]:
    """The rules that wrote since the row was in this state before."""
    states = list(rounds)
    since = states[states.index(again) :] if again in rounds else states
    return {rule for state in since for rule in rounds[state]}


def _without_detours(result: Evaluation) -> Evaluation:
    """Tells what the rounds come to: not what one wrote and another undid, nor as left what another wrote."""
    changed = {name for name in result.written if _value(result.before, name) != _value(result.after, name)}
    result.written = {name: claim for name, claim in result.written.items() if name in changed}
    result.left = {name: reason for name, reason in result.left.items() if name not in changed}
    return result


def _value(state: State, name: str) -> Any:
    """What a state holds of a field that rules claim."""
    if name == "category":
        return state.category, state.suggested, state.source, state.status, state.confidence
    return getattr(state, name) if name in PLAIN else name.removeprefix("tag:") in state.tags


def as_written(movement: Movement, state: State, *, texts: Iterable[str]) -> Movement:
    """The subject as it is once the state is written; `texts` are those of TEXTS that the state holds."""
    written: dict[str, Any] = {name: getattr(state, name) for name in texts}
    return replace(movement, category=state.category, source=state.source, tags=state.tags, folds={}, **written)


def claims_of(matched: Matched, offered: Set[int]) -> dict[str, Claim]:
    """Who wins which field; a category that the row cannot have is passed over."""
    claims: dict[str, Claim] = {}
    for rule in matched:
        for name, value in rule.writes.items():
            if name != "category" or value in offered:
                claims.setdefault(name, Claim(rule, value))
        for tag in rule.add_tags:
            claims.setdefault(_tag(tag), Claim(rule, tag))
        for tag in rule.remove_tags:
            claims.setdefault(_tag(tag), Claim(rule, None))
    return claims


def _write(result: Evaluation, matched: Matched, traits: Traits, *, force: bool) -> list[CompiledRule]:
    """Write what the rules claim into the result, and note what stays. Returns the rules that wrote something."""
    writers: list[CompiledRule] = []
    claims = claims_of(matched, traits.offered)
    if "category" not in claims and any(rule.category not in {None, result.after.category} for rule in matched):
        result.left["category"] = UNFIT
    for name, claim in claims.items():
        then = _written(result.after, name, claim)
        if then == result.after:
            continue
        reason = _reason_to_leave(result.after, name, claim, traits, force=force)
        if reason:
            result.left[name] = reason
        else:
            result.written[name], result.after = claim, then
            writers.append(claim.rule)
    return writers


def _written(state: State, name: str, claim: Claim) -> State:
    """The state with the claim fulfilled; the same one where it is already."""
    if name == "category":
        return _with_category(state, claim)
    if name in PLAIN:
        change: dict[str, Any] = {name: claim.value}
        return replace(state, **change)
    tag = name.removeprefix("tag:")
    return replace(state, tags=state.tags - {tag} if claim.value is None else state.tags | {tag})


def _with_category(state: State, claim: Claim) -> State:
    if state.category == claim.value:
        return state
    sure = replace(state, source=SOURCE, confidence=1.0)
    if not claim.rule.suggests_only:
        return replace(sure, category=claim.value, suggested=None, status="automatic")
    return state if state.category is not None else replace(sure, suggested=claim.value, status="suggested")


def _reason_to_leave(state: State, name: str, claim: Claim, traits: Traits, *, force: bool) -> str:
    obstacle = traits.obstacle or (traits.category_obstacle if name == "category" else "")
    if obstacle:
        return obstacle
    if _is_held(state, name, traits):
        return "" if force and claim.rule.overwrite == "always" else HELD
    return FILLED if claim.rule.overwrite == "empty" and _is_filled(state, name, traits) else ""


def _is_held(state: State, name: str, traits: Traits) -> bool:
    is_confirmed = state.status == "confirmed"
    if name == "category":
        return is_confirmed or state.source == "user"
    return name in traits.held or (name == "review" and is_confirmed)


def _is_filled(state: State, name: str, traits: Traits) -> bool:
    if name == "description":
        return state.description != traits.raw_description
    return not name.startswith("tag:") and bool(getattr(state, name))


def _tag(name: str) -> str:
    return f"tag:{name.casefold()}"


#: Longer lists of rules are cut, so that the sentence fits where decisions are kept.
MAX_NAMED = 3
#: Why a field stays → a sentence.
REASONS = {
    HELD: "You wrote it yourself; a rule with overwrite “always” replaces that in a run with force.",
    FILLED: "It has a value, and the rule fills only empty ones.",
    SPLIT: "It is split, so its parts have the categories.",
    TRANSFER: "It is half of a transfer.",
    UNFIT: "The category does not go with the direction or kind of the transaction, or it is hidden.",
    CLOSED: "It was recorded too long ago to be edited.",
}


def explain(evaluation: Evaluation) -> str:
    """Which rule is the reason."""
    names = _named(evaluation)
    if evaluation.is_circle:
        return f"Your rules {names} undo each other here, so none of them counts."
    claim = evaluation.written.get("category")
    if claim is not None and claim.rule.suggests_only:
        return f"Your rule “{claim.rule.name}” suggests it."
    return f"Your rule “{claim.rule.name}” says so." if claim else f"Matched by your rule {names}."


def _named(evaluation: Evaluation) -> str:
    names = [f"“{rule.name}”" for rule in evaluation.matched]
    rest = len(names) - MAX_NAMED
    return ", ".join(names[:MAX_NAMED]) + (f" and {rest} more" if rest > 0 else "")
