"""The languages that Outlay writes, and the locales in which it writes amounts and days. Pure."""

from functools import cache

from babel import Locale
from babel.core import UnknownLocaleError

#: The languages that Outlay reads and writes.
LANGUAGES = ("en", "de")


@cache
def locale_of(text: str, *, language: str = "") -> Locale:
    """Return a user's locale if Outlay writes its language, which is `language` if given.

    Otherwise return the locale of that language alone, English by default.
    """
    try:
        locale = Locale.parse(text.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale(language or "en")
    wanted = (language,) if language else LANGUAGES
    return locale if locale.language in wanted else Locale(language or "en")
