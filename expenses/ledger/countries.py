"""Countries by their codes of ISO 3166 and by their names, from the Unicode CLDR that Babel brings along."""

from functools import lru_cache

from babel import Locale
from babel.core import get_global

#: Codes of CLDR that are no countries: unions, oceans, tests and the unknown.
NO_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}


@lru_cache(maxsize=16)
def names_of_countries(locale: str) -> dict[str, str]:
    """Return the names of all countries in a language such as `de-AT`, by code."""
    names = Locale.parse(locale.replace("-", "_")).territories
    return {code: name for code, name in names.items() if len(code) == 2 and code not in NO_COUNTRIES}


def intended_country(text: str, *, locale: str) -> str | None:
    """Return the code that a name in English or in the language, or another code such as DEU, stands for."""
    for language in ("en", locale):
        for code, name in names_of_countries(language).items():
            if name.casefold() == text.casefold():
                return code
    aliases = get_global("territory_aliases").get(text.upper(), [])
    return aliases[0] if len(aliases) == 1 else None
