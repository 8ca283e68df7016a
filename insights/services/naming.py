"""By which names a ledger may know whom a bank's text names."""

import re

from django.db.models import Count

from expenses.categorization.history import PREFIX_LENGTH
from expenses.models import CategorizationStatus, Transaction
from insights.payments import payee_of
from providers.interface import Direction
from providers.merchants.answers import find_answer
from providers.normalization import normalize

#: A name, and the ending of the address that it stands for with all that follows.
_ADDRESS = re.compile(r"(.+?) (?:(?:com|net|org)\b.*|(?:co )?[a-z]{2})")


def names_of(match_text: str, *, direction: Direction, ledger_id: int) -> list[str]:
    """Keys of payees, the likeliest first; none for no text. One query.

    First as the ledger's own confirmed rows name the same text, then the text itself, then the brand that a new row
    would be given as its merchant, then the text without the ending of an address: "netflix com" is Netflix.
    """
    if not match_text:
        return []
    brand = _brand(match_text, direction)
    named = [_confirmed_name(match_text, ledger_id=ledger_id), match_text, brand, normalize(brand)]
    found = (payee_of(merchant=name, match_text="") for name in [*named, _without_ending(match_text)])
    return list(dict.fromkeys(filter(None, found)))


def _confirmed_name(match_text: str, *, ledger_id: int) -> str:
    same = Transaction.objects.filter(
        ledger_id=ledger_id, match_prefix=match_text[:PREFIX_LENGTH], review_status=CategorizationStatus.CONFIRMED
    ).filter(match_text=match_text)
    names = same.order_by().values_list("merchant").annotate(n=Count("pk")).order_by("-n", "merchant")
    return next((name for name, _ in names[:1]), "")


def _brand(match_text: str, direction: Direction) -> str:
    found = find_answer(match_text, direction, "")
    return found.brand.title if found and found.brand else ""


def _without_ending(match_text: str) -> str:
    found = _ADDRESS.fullmatch(match_text)
    return found[1] if found else ""
