"""International account numbers, ISO 13616: written without spaces, and proved by their check digits."""

import re
from functools import lru_cache

#: An account number in groups of four, with room for what banks write around it; longer texts are none.
_LONGEST = 50
_SHAPE = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
NO_SHAPE = (
    "An IBAN is the two letters of a country, two check digits, and 11 to 30 letters or digits, "
    "such as DE89 3704 0044 0532 0130 00."
)


class NotAnIban(ValueError):
    """A text that is no account number; the message and `code` say what is wrong with it."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def read_iban(text: str) -> str:
    """Return the account number in capital letters and without spaces. Raises NotAnIban."""
    iban = "".join(text.split())
    if not iban.isascii() or not _SHAPE.fullmatch(iban := iban.upper()):
        raise NotAnIban("invalid", NO_SHAPE)
    # The number to divide by 97 has the first four characters at the end, and A to Z as 10 to 35.
    number = int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4]))
    if not "02" <= iban[2:4] <= "98" or number % 97 != 1:
        detail = f"The check digits of {iban} do not fit; look for a letter or digit that is wrong, missing or swapped."
        raise NotAnIban("wrong_check_digits", detail)
    return iban


def iban_in(text: str) -> str:
    """Return the text as an account number without spaces, "" if it is none."""
    return "" if len(text) > _LONGEST else _iban_in(text)


@lru_cache(maxsize=8192)
def _iban_in(text: str) -> str:
    try:
        return read_iban(text)
    except NotAnIban:
        return ""
