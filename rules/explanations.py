"""What is said to people about what rules did. Pure."""

from rules.settling import CLOSED, FILLED, HELD, SPLIT, TRANSFER, UNFIT, Settlement

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


def explain(settlement: Settlement) -> str:
    """Which rule is the reason."""
    names = _named(settlement)
    if settlement.is_circle:
        return f"Your rules {names} undo each other here, so none of them counts."
    claim = settlement.written.get("category")
    if claim is not None and claim.rule.suggests_only:
        return f"Your rule “{claim.rule.name}” suggests it."
    return f"Your rule “{claim.rule.name}” says so." if claim else f"Matched by your rule {names}."


def _named(settlement: Settlement) -> str:
    names = [f"“{rule.name}”" for rule in settlement.matched]
    rest = len(names) - MAX_NAMED
    return ", ".join(names[:MAX_NAMED]) + (f" and {rest} more" if rest > 0 else "")
