"""Conditions on the signed amounts of Actual, whole hundredths, as conditions on direction and positive amount here."""

from dataclasses import dataclass
from decimal import Decimal

from rules.exchange.actual.documents import Part
from rules.exchange.conversion import Condition, NotCarried
from rules.exchange.shapes import Misshapen, read_object

#: Actual's “approximately” is 7.5 percent, rounded to a hundredth.
TOLERANCE_PER_MILLE = 75
MOST = 10**15
IN: Condition = {"field": "direction", "op": "equals", "value": "in"}
OUT: Condition = {"field": "direction", "op": "equals", "value": "out"}


@dataclass(frozen=True, slots=True)
class Bound:
    """An end of a range, in hundredths."""

    value: int
    is_open: bool = False


Range = tuple[Bound | None, Bound | None]


def conditions_of(part: Part, *, joins_by_or: bool) -> list[Condition]:
    """The conditions, to be joined as those of the rule are. Raises NotCarried."""
    asked = _range(part)
    if part.options.get("outflow"):
        return _one_side(OUT, asked) or _never()
    if part.options.get("inflow"):
        return _one_side(IN, asked) or _never()
    sides = [_one_side(IN, asked), _one_side(OUT, _mirrored(asked))]
    held = [side for side in sides if side]
    if len(held) < len(sides):
        return held[0] if held else _never()
    return [condition for side in held for condition in side] if joins_by_or else _either(asked)


def _range(part: Part) -> Range:
    if part.op == "isbetween":
        low, high = sorted(_pair(part.value))
        return Bound(low), Bound(high)
    value = _whole(part.value)
    near = (abs(value) * TOLERANCE_PER_MILLE + 500) // 1000
    ranges: dict[str, Range] = {
        "is": (Bound(value), Bound(value)),
        "isapprox": (Bound(value - near), Bound(value + near)),
        "gt": (Bound(value, is_open=True), None),
        "gte": (Bound(value), None),
        "lt": (None, Bound(value, is_open=True)),
        "lte": (None, Bound(value)),
    }
    if part.op not in ranges:
        raise NotCarried("A rule here cannot ask for an amount in this way.")
    return ranges[part.op]


def _pair(value: object) -> tuple[int, int]:
    try:
        pair = read_object(value, "value")
    except Misshapen:
        raise NotCarried("Its value is no pair of amounts.") from None
    return _whole(pair.get("num1")), _whole(pair.get("num2"))


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < MOST or value != int(value):
        raise NotCarried("Its value is no amount in whole hundredths.")
    return int(value)


def _mirrored(asked: Range) -> Range:
    """What a range of signed amounts asks of the amounts of money that leaves."""
    low, high = asked
    return _negative(high), _negative(low)


def _negative(bound: Bound | None) -> Bound | None:
    return bound and Bound(-bound.value, bound.is_open)


def _one_side(direction: Condition, asked: Range) -> list[Condition]:
    """One condition for money of one direction; none when no amount above zero is in the range."""
    low, high = asked
    if high is not None and high.value <= 0:
        return []
    tests = _tests(low if low is not None and low.value > 0 else None, high)
    return [{"match": "all", "conditions": [direction, *tests]}] if tests else [direction]


def _tests(low: Bound | None, high: Bound | None) -> list[Condition]:
    if low and high and not low.is_open and not high.is_open:
        if low.value == high.value:
            return [_test("eq", _money(low))]
        return [_test("between", [_money(low), _money(high)])]
    tests = [_test("gt" if low.is_open else "gte", _money(low))] if low else []
    return tests + ([_test("lt" if high.is_open else "lte", _money(high))] if high else [])


def _either(asked: Range) -> list[Condition]:
    """Conditions that hold together for a range around zero: money of the one direction, or no more than its bound."""
    low, high = asked
    tests = [(OUT, high), (IN, _negative(low))]
    return [{"match": "any", "conditions": [direction, *_tests(None, bound)]} for direction, bound in tests if bound]


def _never() -> list[Condition]:
    raise NotCarried("No transaction here has an amount of zero.")


def _test(op: str, value: str | list[str]) -> Condition:
    return {"field": "amount", "op": op, "value": value}


def _money(bound: Bound) -> str:
    return f"{Decimal(bound.value).scaleb(-2):.2f}"
