"""Triggers on accounts. Firefly III keeps whoever is paid or pays as an account, too; here that is a merchant.

A transaction here belongs to one account of one's own. Money that leaves has it as source and the merchant as
destination, money that comes the other way round.
"""

from rules.exchange.conversion import Condition, Names, NotCarried
from rules.exchange.firefly.documents import Part
from rules.exchange.firefly.words import TEXT_OPS

NUMBER = "_nr"
#: Side of an account → the direction of money for which one's own account stands there, and the other party.
OWN_SIDE = {"source": "out", "destination": "in"}
OTHER_SIDE = {"source": "in", "destination": "out"}
OTHER_NAMES = "Who is paid may be called otherwise here, and then “not” would match more than before."


def is_about_accounts(field: str) -> bool:
    """Whether a trigger's name, without how it asks, is about accounts."""
    return field.removesuffix(NUMBER).removeprefix("source_").removeprefix("destination_") == "account"


def condition_of(field: str, ending: str, part: Part, names: Names) -> Condition:
    """The condition on one's own account, on the merchant or on the IBAN of the other party. Raises NotCarried."""
    if not part.value:
        raise NotCarried("It has no value.")
    side = field.partition("_")[0]
    own = _own(ending, part.value, names)
    if own and not field.endswith(NUMBER):
        return _on_side(OWN_SIDE.get(side), _account(own, ending, part))
    if part.is_prohibited:
        raise NotCarried(OTHER_NAMES)
    return _on_side(OTHER_SIDE.get(side), _other_party(field, ending, part.value))


def _account(own: list[str], ending: str, part: Part) -> Condition:
    if part.is_prohibited and ending != "is":
        raise NotCarried(OTHER_NAMES)
    return {"field": "account", "op": "in", "value": own}


def _other_party(field: str, ending: str, value: str) -> Condition:
    if field.endswith(NUMBER):
        return {"field": "iban", "op": TEXT_OPS[ending], "value": "".join(value.split())}
    return {"field": "merchant", "op": TEXT_OPS[ending], "value": value}


def _own(ending: str, value: str, names: Names) -> list[str]:
    """The names of one's own accounts that fit."""
    wanted = value.casefold()
    tests = {"is": str.__eq__, "contains": str.__contains__, "starts": str.startswith, "ends": str.endswith}
    return [name for name in names.accounts if tests[ending](name.casefold(), wanted)]


def _on_side(direction: str | None, condition: Condition) -> Condition:
    if direction is None:
        return condition
    return {"match": "all", "conditions": [{"field": "direction", "op": "equals", "value": direction}, condition]}
