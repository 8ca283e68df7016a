"""A profile made ready for reading: names become positions, words become sets; and what is wrong with a profile."""

import codecs
import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from statements.delimited.dates import DateFormatError, date_parser
from statements.delimited.delimiter import is_dialect
from statements.delimited.encoding import decodes
from statements.delimited.records import records
from statements.delimited.words import is_currency_code, normalized
from statements.importer import Profile, ProfileError, UnreadableFile

#: The keys that name columns: by header name, by position from 0, or by a list of either.
COLUMN_KEYS = ("date", "amount", "debit", "credit", "description", "merchant", "currency", "status", "external_id")
KEYS = frozenset(
    {
        *COLUMN_KEYS, "format", "encoding", "delimiter", "quotechar", "header_row", "decimal", "date_format", "currency_code",
        "sign_flag", "invert_sign", "unsigned_is", "debit_is_negative", "continuation_rows", "pending_when",
    }
)  # fmt: skip
_BOOLEANS = ("invert_sign", "debit_is_negative", "continuation_rows")
_DEEPEST_HEADER = 10_000

Positions = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each part of a row stands and how it is written."""

    names: tuple[str, ...]
    header_row: int | None
    date: Positions
    amount: Positions
    debit: Positions
    credit: Positions
    description: Positions
    merchant: Positions
    currency: Positions
    status: Positions
    external_id: Positions
    decimal: str
    date_format: str
    parse_date: Callable[[str], datetime.date | None]
    currency_code: str
    flag: int | None
    negative_when: frozenset[str]
    positive_when: frozenset[str]
    invert: bool
    unsigned_is_out: bool
    debit_is_negative: bool
    continuation_rows: bool
    pending_when: frozenset[str]


def layout_of(profile: Profile, data: bytes) -> Layout:
    """The layout of a file under a profile. Raises `UnreadableFile` with the first of `profile_errors`."""
    for attr, code, detail in profile_errors(profile, data):
        raise UnreadableFile(code, detail, attr=attr)
    names = header_names(profile, data)
    positions = {key: _positions(profile.get(key), names) for key in COLUMN_KEYS}
    flag = profile.get("sign_flag") or {}
    return Layout(
        names=names,
        header_row=profile.get("header_row"),
        **positions,
        decimal=profile.get("decimal", "."),
        date_format=profile["date_format"],
        parse_date=date_parser(profile["date_format"]),
        currency_code=(profile.get("currency_code") or "").upper(),
        flag=_positions(flag.get("column"), names)[0] if flag else None,
        negative_when=_words(flag.get("negative_when")),
        positive_when=_words(flag.get("positive_when")),
        invert=bool(profile.get("invert_sign")),
        unsigned_is_out=profile.get("unsigned_is") == "out",
        debit_is_negative=bool(profile.get("debit_is_negative")),
        continuation_rows=bool(profile.get("continuation_rows")),
        pending_when=_words(profile.get("pending_when")),
    )


def header_names(profile: Profile, data: bytes) -> tuple[str, ...]:
    """The names in the profile's header record; none without a header."""
    row = profile.get("header_row")
    if row is None:
        return ()
    rows = records(
        data, encoding=profile["encoding"], delimiter=profile["delimiter"], quotechar=profile.get("quotechar", '"')
    )
    record = next(islice(rows, row, None), None)
    return tuple(" ".join(name.split()) for name in record.fields) if record else ()


def _words(value: Any) -> frozenset[str]:
    return frozenset(normalized(word) or word.strip() for word in value or ())


def listed(value: Any) -> list[Any]:
    """A column or a list of columns as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _positions(value: Any, names: Sequence[str]) -> Positions:
    found = (_position(column, names) for column in listed(value))
    return tuple(position for position in found if position is not None)


def _position(column: Any, names: Sequence[str]) -> int | None:
    if isinstance(column, int):
        return column
    plain = " ".join(column.split())
    if plain in names:
        return names.index(plain)
    folded = [name.casefold() for name in names]
    return folded.index(plain.casefold()) if plain and plain.casefold() in folded else None


def profile_errors(profile: Profile, data: bytes) -> list[ProfileError]:
    """What keeps the profile from being used on this file; the columns are looked at once the file can be split."""
    form = [*_unknown_keys(profile), *_split_errors(profile, data), *_value_errors(profile), *_money_errors(profile)]
    if form:
        return form
    return _column_errors(profile, header_names(profile, data))


def _unknown_keys(profile: Profile) -> list[ProfileError]:
    known = ", ".join(sorted(KEYS))
    return [
        ProfileError(str(key), "unknown_key", f"“{key}” is not known. The keys are: {known}.")
        for key in profile
        if key not in KEYS
    ]


def _split_errors(profile: Profile, data: bytes) -> list[ProfileError]:
    errors = []
    encoding = profile.get("encoding")
    if not _is_text_codec(encoding):
        errors.append(
            ProfileError("encoding", "unknown_encoding", f"“{encoding}” is not an encoding. Try utf-8 or cp1252.")
        )
    elif not decodes(data, str(encoding)):
        detail = f"The file is not in {encoding}. Try utf-8 or cp1252."
        errors.append(ProfileError("encoding", "undecodable", detail))
    if not is_dialect(profile.get("delimiter"), profile.get("quotechar", '"')):
        detail = 'The delimiter and the quote must be two different single characters, such as “;” and “"”.'
        errors.append(ProfileError("delimiter", "invalid", detail))
    row = profile.get("header_row")
    if row is not None and (isinstance(row, bool) or not isinstance(row, int) or not 0 <= row <= _DEEPEST_HEADER):
        errors.append(
            ProfileError("header_row", "invalid", "The header's record must be a number from 0, or null for none.")
        )
    return errors


def _is_text_codec(name: Any) -> bool:
    """Whether Python knows the codec and it turns bytes into text, which “base64” does not."""
    try:
        codec = codecs.lookup(name)
        codecs.getincrementaldecoder(name)
        return isinstance(codec.decode(b"")[0], str) and codec.name not in {"idna", "punycode", "undefined"}
    except (LookupError, TypeError, ValueError):
        return False


def _value_errors(profile: Profile) -> list[ProfileError]:
    errors = []
    if profile.get("decimal", ".") not in (".", ","):
        errors.append(ProfileError("decimal", "invalid", "The decimal separator must be “.” or “,”."))
    if profile.get("unsigned_is", "in") not in ("in", "out"):
        errors.append(ProfileError("unsigned_is", "invalid", "An amount without a sign is “in” or “out”."))
    for key in _BOOLEANS:
        if not isinstance(profile.get(key, False), bool):
            errors.append(ProfileError(key, "invalid", f"“{key}” must be true or false."))
    if not _are_words(profile.get("pending_when")):
        errors.append(ProfileError("pending_when", "invalid", "“pending_when” must be a list of words."))
    code = profile.get("currency_code")
    if code and not (isinstance(code, str) and is_currency_code(code)):
        errors.append(
            ProfileError("currency_code", "unknown_currency", f"“{code}” is not an ISO 4217 code such as EUR.")
        )
    return errors + _date_format_errors(profile.get("date_format"))


def _are_words(value: Any) -> bool:
    return value is None or (isinstance(value, (list, tuple)) and all(isinstance(word, str) for word in value))


def _date_format_errors(pattern: Any) -> list[ProfileError]:
    try:
        date_parser(pattern)
    except DateFormatError as error:
        return [ProfileError("date_format", "invalid", str(error))]
    except TypeError:
        return [ProfileError("date_format", "required", "The format of dates is missing. Write it as in %d.%m.%Y.")]
    return []


def _money_errors(profile: Profile) -> list[ProfileError]:
    single, pair = (
        bool(listed(profile.get("amount"))),
        bool(listed(profile.get("debit")) or listed(profile.get("credit"))),
    )
    errors = []
    if single and pair:
        errors.append(ProfileError("amount", "conflict", "Name either the amount or debit and credit, not both."))
    if not single and not pair:
        errors.append(ProfileError("amount", "required", "Name the column of amounts, or those of debit and credit."))
    if not listed(profile.get("date")):
        errors.append(ProfileError("date", "required", "Name the column of dates."))
    return errors + _flag_errors(profile.get("sign_flag"))


def _flag_errors(flag: Any) -> list[ProfileError]:
    if not flag:
        return []
    if not isinstance(flag, Mapping) or len(listed(flag.get("column"))) != 1:
        return [ProfileError("sign_flag", "invalid", "The flag needs a column, and negative_when or positive_when.")]
    words = [flag.get("negative_when"), flag.get("positive_when")]
    if not any(words) or not all(map(_are_words, words)):
        return [
            ProfileError(
                "sign_flag", "invalid", "List the words of money out in negative_when, or of money in in positive_when."
            )
        ]
    return []


def _column_errors(profile: Profile, names: Sequence[str]) -> list[ProfileError]:
    flag = profile.get("sign_flag") or {}
    named = [(key, column) for key in COLUMN_KEYS for column in listed(profile.get(key))]
    named += [("sign_flag", column) for column in listed(flag.get("column"))]
    return [error for key, column in named if (error := _column_error(key, column, names))]


def _column_error(key: str, column: Any, names: Sequence[str]) -> ProfileError | None:
    if isinstance(column, bool) or not isinstance(column, (int, str)) or (isinstance(column, int) and column < 0):
        return ProfileError(key, "invalid", "A column is its name in the header or its number, counted from 0.")
    if isinstance(column, str) and _position(column, names) is None:
        known = ", ".join(name for name in names if name) or "none, so use numbers from 0"
        return ProfileError(key, "unknown_column", f"There is no column “{column}”. The columns are: {known}.")
    return None
