"""The evaluation of rules for one movement: the fields that they write, and why others stay. Pure.

The first matching rule with a value for a field claims the field, whether it may write it or not. So a second
evaluation changes nothing. The rules are asked again about their own result until nothing changes, because a rule may
look at what another one writes. If they go in circles, the movement stays as it is.
"""

from collections.abc import Callable, Set
from dataclasses import dataclass, field, replace
from typing import Any

from rules.engine.movements import Movement
from rules.engine.rule_sets import CompiledRule, Matched

#: After so many rounds, rules are taken to go in circles.
MAX_ROUNDS = 50
#: Longer lists of rules are cut, so that the explanation fits where decisions are stored.
MAX_NAMED = 3
SOURCE = "rule"
#: Rises whenever the same rules may give other results.
VERSION = "2"
#: Texts among EFFECT_FIELDS.
TEXTS = ("merchant", "description", "notes")
#: Fields that rules write and conditions look at; `source` follows the category.
WRITTEN = frozenset({"category", "source", "tags", *TEXTS})

HELD, FILLED, SPLIT, TRANSFER, CLOSED, UNFIT = "held", "filled", "split", "transfer", "edit_window_closed", "unfit"
#: Why a field stays → a sentence.
REASONS = {
    HELD: "You wrote it yourself; a rule with overwrite “always” replaces that in a run with force.",
    FILLED: "It has a value, and the rule fills only empty ones.",
    SPLIT: "It is split, so its parts have the categories.",
    TRANSFER: "It is half of a transfer.",
    UNFIT: "The category does not go with the direction or kind of the transaction, or it is hidden.",
    CLOSED: "It was recorded too long ago to be edited.",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A rule that has won a field, and its value: for a tag the tag's name, or None to remove it."""

    rule: CompiledRule
    value: Any


@dataclass(slots=True, eq=False)
class Evaluation:
    """The movement before and after the rules, the rules that matched, and their claims.

    Rows that look the same to the rules share an evaluation. So of `before` and `after`, read only fields that
    rules write.
    """

    before: Movement
    after: Movement
    matched: list[CompiledRule] = field(default_factory=list)
    #: Field or `tag:<casefolded name>` → the claim that was written there.
    written: dict[str, Claim] = field(default_factory=dict)
    #: Field or tag that stays → one of the keys of REASONS.
    left: dict[str, str] = field(default_factory=dict)
    is_circle: bool = False

    @property
    def is_change(self) -> bool:
        """Return True if the rules change the movement."""
        return self.before is not self.after and self.before != self.after

    @property
    def locked(self) -> dict[str, str]:
        """Return the fields that stay for another reason than a value that was there."""
        return {name: reason for name, reason in self.left.items() if reason != FILLED} if self.left else {}


def evaluate(
    movement: Movement, match: Callable[[Movement], Matched], *, looks_at: Set[str], force: bool = False
) -> Evaluation:
    """Apply the rules that `match` returns until nothing changes.

    `looks_at` are the fields that any rule looks at. With `force`, rules may replace what the owner wrote.
    """
    result = Evaluation(movement, movement)
    rounds: list[tuple[Movement, list[CompiledRule]]] = []
    for _ in range(MAX_ROUNDS):
        before = result.after
        matched = match(before)
        result.matched += [rule for rule in matched if rule not in result.matched]
        rounds.append((before, _write_claims(result, matched, force=force)))
        if result.after == before:
            _drop_detours(result)
            return result
        if not looks_at & WRITTEN:
            return result
        if any(result.after == earlier for earlier, _ in rounds):
            break
    start = next((place for place, (earlier, _) in enumerate(rounds) if earlier == result.after), 0)
    culprits = {rule for _, writers in rounds[start:] for rule in writers}
    return Evaluation(movement, movement, [rule for rule in result.matched if rule in culprits], is_circle=True)


def claims_of(matched: Matched, offered: Set[int]) -> dict[str, Claim]:
    """Return the winning claim of each field; a category that is not offered is passed over."""
    claims: dict[str, Claim] = {}
    for rule in matched:
        for name, value in rule.writes.items():
            if name != "category" or value in offered:
                claims.setdefault(name, Claim(rule, value))
        for tag in rule.add_tags:
            claims.setdefault(f"tag:{tag.casefold()}", Claim(rule, tag))
        for tag in rule.remove_tags:
            claims.setdefault(f"tag:{tag.casefold()}", Claim(rule, None))
    return claims


def explain(evaluation: Evaluation) -> str:
    """Return a sentence for the user that names the rule or rules."""
    names = [f"“{rule.name}”" for rule in evaluation.matched]
    rest = len(names) - MAX_NAMED
    listed = ", ".join(names[:MAX_NAMED]) + (f" and {rest} more" if rest > 0 else "")
    if evaluation.is_circle:
        return f"Your rules {listed} undo each other here, so none of them counts."
    claim = evaluation.written.get("category")
    if claim is None:
        return f"Matched by your rule {listed}."
    verb = "suggests it" if claim.rule.suggests_only else "says so"
    return f"Your rule “{claim.rule.name}” {verb}."


def _write_claims(result: Evaluation, matched: Matched, *, force: bool) -> list[CompiledRule]:
    """Write the claims into the result, and note what stays. Return the rules that wrote something."""
    claims = claims_of(matched, result.after.offered)
    if "category" not in claims and any(rule.category not in {None, result.after.category} for rule in matched):
        result.left["category"] = UNFIT
    writers: list[CompiledRule] = []
    for name, claim in claims.items():
        change = _change_of(result.after, name, claim)
        if not change:
            continue
        reason = _reason_to_leave(result.after, name, claim, force=force)
        if reason:
            result.left[name] = reason
        else:
            result.written[name], result.after = claim, replace(result.after, **change)
            writers.append(claim.rule)
    return writers


def _change_of(movement: Movement, name: str, claim: Claim) -> dict[str, Any]:
    """Return the fields that the claim changes, with their new values."""
    if name == "category":
        if movement.category == claim.value:
            return {}
        change = {"source": SOURCE, "confidence": 1.0}
        if not claim.rule.suggests_only:
            change |= {"category": claim.value, "suggested": None, "status": "automatic"}
        elif movement.category is None:
            change |= {"suggested": claim.value, "status": "suggested"}
        else:
            return {}
    elif name.startswith("tag:"):
        tag = {name.removeprefix("tag:")}
        change = {"tags": movement.tags - tag if claim.value is None else movement.tags | tag}
    else:
        change = {name: claim.value}
    return {field: value for field, value in change.items() if getattr(movement, field) != value}


def _reason_to_leave(movement: Movement, name: str, claim: Claim, *, force: bool) -> str:
    """Return why the claim cannot be written; "" if it can."""
    if movement.obstacle:
        return movement.obstacle
    is_confirmed = movement.status == "confirmed"
    if name == "category":
        if movement.category_obstacle:
            return movement.category_obstacle
        is_held = is_confirmed or movement.source == "user"
    else:
        is_held = name in movement.held or (name == "review" and is_confirmed)
    if is_held:
        return "" if force and claim.rule.overwrite == "always" else HELD
    if claim.rule.overwrite != "empty" or name.startswith("tag:"):
        return ""
    empty = movement.raw_description if name == "description" else ""
    return FILLED if (getattr(movement, name) or "") != empty else ""


def _drop_detours(result: Evaluation) -> None:
    """Forget writes that another rule undid, and reasons for fields that another rule wrote."""

    def is_changed(name: str) -> bool:
        before, after = result.before, result.after
        if name == "category":
            parts = ("category", "suggested", "source", "status", "confidence")
            return any(getattr(before, part) != getattr(after, part) for part in parts)
        if name.startswith("tag:"):
            tag = name.removeprefix("tag:")
            return (tag in before.tags) != (tag in after.tags)
        return bool(getattr(before, name) != getattr(after, name))

    result.written = {name: claim for name, claim in result.written.items() if is_changed(name)}
    result.left = {name: reason for name, reason in result.left.items() if not is_changed(name)}
