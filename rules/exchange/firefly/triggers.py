"""Triggers of Firefly III as conditions.

The semantics are those of its search: texts are compared whatever the case; `amount_less` and `amount_more`,
`date_before` and `date_after` include what they name, and so do their opposites.
"""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from rules.exchange import days
from rules.exchange.conversion import Condition, Names, NotCarried
from rules.exchange.firefly import accounts
from rules.exchange.firefly.documents import Part
from rules.exchange.firefly.words import TEXT_OPS, root_of, why_unknown

CODE = re.compile(r"(?:.*\()?([A-Za-z]{3})\)?")
YEAR = re.compile(r"(\d{4})-xx-xx", re.ASCII)
MONTH = re.compile(r"(\d{4})-(\d{2})-xx", re.ASCII)
DAY = re.compile(r"xxxx-xx-(\d{2})", re.ASCII)
#: What any text may stand for in Firefly III, whose databases are asked by LIKE.
WILDCARDS = {"%", "_"}
DIRECTIONS = {"withdrawal": "out", "deposit": "in"}
OPPOSITES = {"amount_less": "amount_more", "date_before": "date_after"}
OPPOSITES |= {right: left for left, right in OPPOSITES.items()}

Converter = Callable[[Part, Names], Condition]


def condition_of(part: Part, names: Names) -> Condition | None:
    """The condition that asks what the trigger asks; None for one that always holds. Raises NotCarried."""
    root = root_of(part.type)
    if root in {"exists", "user_action"} and not part.is_prohibited:
        return None
    is_flipped = part.is_prohibited and root in OPPOSITES
    condition = _asserted(OPPOSITES[root] if is_flipped else root, part, names)
    return condition | {"negate": condition.get("negate", False) != (part.is_prohibited and not is_flipped)}


def _asserted(root: str, part: Part, names: Names) -> Condition:
    convert = CONVERTERS.get(root)
    if convert is not None:
        return convert(part, names)
    field, _, ending = root.rpartition("_")
    if field in {"description", "notes"} and ending in TEXT_OPS:
        return _text(field, ending, part)
    if accounts.is_about_accounts(field) and ending in TEXT_OPS:
        return accounts.condition_of(field, ending, part, names)
    raise NotCarried(why_unknown(root))


def _text(field: str, ending: str, part: Part) -> Condition:
    if part.is_prohibited and WILDCARDS & set(part.value):
        raise NotCarried("“%” and “_” stand for any text in Firefly III, and for themselves here.")
    return {"field": field, "op": TEXT_OPS[ending], "value": _given(part)}


def _given(part: Part) -> str:
    if not part.value:
        raise NotCarried("It has no value.")
    return part.value


def _amount(op: str) -> Converter:
    def convert(part: Part, names: Names) -> Condition:
        try:
            amount = abs(Decimal(_given(part).replace(",", ".")))
        except InvalidOperation:
            raise NotCarried("Its value is no amount.") from None
        if not amount.is_finite():
            raise NotCarried("Its value is no amount.")
        return {"field": "amount", "op": op, "value": f"{amount:f}"}

    return convert


def _before(part: Part, names: Names) -> Condition:
    return days.until(days.read_day(_given(part)))


def _after(part: Part, names: Names) -> Condition:
    return days.since(days.read_day(_given(part)))


def _on(part: Part, names: Names) -> Condition:
    """A day, or a pattern such as 2026-xx-xx, 2026-11-xx or xxxx-xx-01."""
    if found := YEAR.fullmatch(part.value):
        return days.in_year(int(found[1]))
    if found := MONTH.fullmatch(part.value):
        return days.in_month(int(found[1]), int(found[2]))
    if found := DAY.fullmatch(part.value):
        return {"field": "date", "op": "day_of_month", "value": [int(found[1])]}
    return days.on(days.read_day(_given(part)))


def _type(part: Part, names: Names) -> Condition:
    """Money that leaves or comes; what only moves between own accounts has a category of transfers here."""
    word = _given(part).casefold()
    moved: Condition = {"field": "category", "op": "in", "value": list(names.transfers)}
    if word == "transfer":
        return moved
    if word not in DIRECTIONS:
        raise NotCarried("There are no transactions of this type here.")
    direction = {"field": "direction", "op": "equals", "value": DIRECTIONS[word]}
    return {"match": "all", "conditions": [direction, moved | {"negate": True}]}


def _currency(part: Part, names: Names) -> Condition:
    """A code, or a name with the code in parentheses."""
    code = CODE.fullmatch(_given(part))
    if code is None:
        raise NotCarried("A rule here asks for a currency's code, such as EUR.")
    return {"field": "currency", "op": "equals", "value": code[1].upper()}


def _category(part: Part, names: Names) -> Condition:
    return {"field": "category", "op": "in", "value": [_given(part)]}


def _tag(op: str) -> Converter:
    return lambda part, names: {"field": "tags", "op": op, "value": [_given(part)]}


def _empty(field: str, *, negate: bool) -> Converter:
    return lambda part, names: {"field": field, "op": "is_empty", "negate": negate}


CONVERTERS: dict[str, Converter] = {
    "amount_is": _amount("eq"),
    "amount_less": _amount("lte"),
    "amount_more": _amount("gte"),
    "date_on": _on,
    "date_before": _before,
    "date_after": _after,
    "transaction_type": _type,
    "currency_is": _currency,
    "category_is": _category,
    "has_any_category": _empty("category", negate=True),
    "has_no_category": _empty("category", negate=False),
    "tag_is": _tag("has_any"),
    "tag_is_not": _tag("has_none"),
    "has_any_tag": _empty("tags", negate=True),
    "has_no_tag": _empty("tags", negate=False),
    "any_notes": _empty("notes", negate=True),
    "no_notes": _empty("notes", negate=False),
}
