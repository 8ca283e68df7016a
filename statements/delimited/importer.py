"""The importer of CSV and its kin: detects the profile of a file, with the questions that remain, and reads it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Any, ClassVar

from expenses.ledger.ibans import iban_in
from statements.delimited.amounts import AmountError, decimal_of, parse_amount, possible_decimals
from statements.delimited.columns import Columns, find_columns, own_accounts, text_columns
from statements.delimited.dates import FormatChoice, Hints, choose_format
from statements.delimited.encoding import detect_encoding
from statements.delimited.money import Signs, find_decimal, find_signs
from statements.delimited.profile import FORMAT, blocks_under, layout_of, profile_errors, records_under
from statements.delimited.reader import read_blocks, read_rows
from statements.delimited.table import (
    Column,
    Dialect,
    SampleTable,
    find_dialect,
    find_header,
    is_movement,
    names_money,
    records,
    table_of,
    tidy,
)
from statements.delimited.words import SHARED_SYMBOLS, currency_of, is_currency_code, meaning, means
from statements.importer import (
    FileAccount,
    Importer,
    Profile,
    ProfileError,
    Reading,
    ReadingQuestion,
    RowBlock,
    RowError,
    Skipped,
    StatementRow,
    UnreadableFile,
    each_row,
)

_SAMPLE = 200
MAX_COLUMNS = 4096
#: Shorter words of a header, such as "all", may be codes of currencies by chance.
_SHORT_WORD = 3
#: A column with more account numbers than that holds those of others.
_MOST_ACCOUNTS = 20
#: Characters of a cell, and names of columns, that a sentence shows.
_SHOWN, _MAX_NAMED = 40, 12


_NO_TABLE = (
    "No table with a date and an amount was found in this file. "
    "Check that it is the list of transactions as CSV, with a column of dates and one of amounts."
)


def _describe_unknown(table: SampleTable) -> str:
    """Return the sentences about a table without dates or amounts, with its columns."""
    names = ", ".join(f"“{name}”" for name in table.names[:_MAX_NAMED] if name)
    return f"{_NO_TABLE} The columns here are {names}." if names else _NO_TABLE


class _Detection:
    """The profile of one file, put together from its parts, with the questions that remain."""

    def __init__(self, data: bytes, encoding: str, dialect: Dialect, table: SampleTable, columns: Columns) -> None:
        self._data = data
        self._encoding = encoding
        self._dialect = dialect
        self._table = table
        self._columns = columns
        self._questions: list[ReadingQuestion] = []

    def reading(self) -> Reading:
        decimal = self._decimal()
        signs = find_signs(self._table, self._columns, decimal)
        self._questions += signs.questions
        currency = self._currency_code(decimal)
        choice = self._date_format(signs, currency)
        profile = self._profile(decimal, signs, choice, currency)
        if not currency and (symbol := self._currency_symbol(decimal)):
            profile["currency_symbol"] = symbol
        self._ask_about_texts()
        accounts = own_accounts(self._table, self._columns)
        if several := self._several_accounts():
            column, accounts = several
            profile["own_account"] = self._reference(column)
        warnings = list(self._warnings())
        return Reading(profile, self._table.names, self._questions, accounts, warnings, self._shape())

    def _profile(self, decimal: str, signs: Signs, choice: FormatChoice, currency: str) -> dict[str, Any]:
        columns, flag = self._columns, signs.flag
        dates = []
        for column in columns.dates:
            fitting = choose_format(column.filled, (), Hints())
            if fitting is not None and choice.pattern in (fitting.pattern, *fitting.others):
                dates.append(column)
        return {
            "format": FORMAT,
            "encoding": self._encoding,
            **self._dialect._asdict(),
            "header_row": self._table.header_row,
            "decimal": decimal,
            "date": self._references(dates or columns.dates[:1]),
            "date_format": choice.pattern,
            "amount": self._reference(columns.amount),
            "debit": self._reference(columns.debit),
            "credit": self._reference(columns.credit),
            "description": self._references(columns.descriptions),
            "merchant": self._references(columns.merchants),
            "iban": self._references(columns.ibans),
            "mcc": self._reference(columns.mcc),
            "currency": self._reference(columns.currency),
            "currency_code": currency or None,
            "status": self._reference(columns.status),
            "pending_when": [],
            "leave_out_pending": False,
            "external_id": self._reference(self._external_id()),
            "sign_flag": flag
            and {
                "column": self._reference(flag.column),
                "negative_when": flag.negative_when,
                "positive_when": flag.positive_when,
            },
            "invert_sign": signs.invert,
            "unsigned_is": signs.unsigned_is,
            "debit_is_negative": signs.debit_is_negative,
            "continuation_rows": self._has_continuations(),
        }

    def _reference(self, column: Column | None) -> str | int | None:
        """Return the column's name if that is enough to find it, else its number."""
        if column is None:
            return None
        names = self._table.names
        found = column.name and names.index(column.name) == column.index
        return column.name if found else column.index

    def _references(self, columns: Sequence[Column]) -> list[str | int | None]:
        return [self._reference(column) for column in columns]

    def _decimal(self) -> str:
        """Return the decimal separator by evidence, else by custom, with a question if it matters."""
        money = self._columns.money
        cells = [cell for column in money for cell in column.filled]
        if self._is_longer_than_sample and not decimal_of(cells)[1]:
            cells += [cell for column in money for cell in self._all_cells(column.index) if possible_decimals(cell)]
        currencies = (
            {currency_of(cell) for cell in self._filled_currencies}
            if self._filled_currencies
            else {self._currency_code(decimal) for decimal in ".,"}
        )
        found = find_decimal(cells, self._table, self._columns, currencies - {""})
        self._questions += [found.question] if found.question else []
        return found.decimal or ("," if self._dialect.delimiter == ";" else ".")

    @property
    def _filled_currencies(self) -> list[str]:
        return self._columns.currency.filled if self._columns.currency is not None else []

    @property
    def _is_longer_than_sample(self) -> bool:
        return len(self._table.body) + (self._table.header_row or 0) >= _SAMPLE - 1

    def _date_format(self, signs: Signs, currency: str) -> FormatChoice:
        primary, *rest = self._columns.dates
        if not currency and self._filled_currencies:
            currency = currency_of(self._filled_currencies[0]) or self._filled_currencies[0]
        elif not currency and any("$" in cell for column in self._columns.money for cell in column.filled):
            currency = "$"
        # The languages that know the most cells of the header.
        counts = Counter(language for column in self._table.columns for language in column.meaning.languages)
        languages = frozenset(language for language, n in counts.items() if n == max(counts.values()))
        hints = Hints(languages, currency, signs.direction)
        related = [cell for column in rest for cell in column.filled]
        related += [word for fields in self._table.preamble for cell in fields for word in cell.split()]
        choice = choose_format(primary.filled, related, hints)
        if choice and choice.others and self._is_longer_than_sample:
            choice = choose_format(self._all_cells(primary.index), related, hints)
        if choice is None:
            return FormatChoice("%Y-%m-%d")
        if choice.others:
            detail = f"Every date of the file can be read in more than one way; they were read as {choice.pattern}."
            alternatives = (choice.pattern, *choice.others)
            self._questions.append(ReadingQuestion("date_format", "unknown_date_order", detail, alternatives))
        return choice

    def _external_id(self) -> Column | None:
        """Return the column of ids, if no id stands twice in the whole file."""
        column = self._columns.external_id
        if column is None or not self._is_longer_than_sample:
            return column
        ids = [cell for cell in self._all_cells(column.index) if cell not in ("", column.name)]
        return column if len(set(ids)) == len(ids) else None

    def _all_cells(self, index: int) -> list[str]:
        """Return the column of the whole file: a day past the twelfth may come late."""
        rows = records(self._data, encoding=self._encoding, **self._dialect._asdict())
        return [tidy(row.fields[index]) for row in rows if index < len(row.fields)]

    def _has_continuations(self) -> bool:
        """Return True if records of description alone stand between the movements of the sample."""
        texts = {column.index for column in self._columns.descriptions}
        after_movement, waiting = False, False
        for record in self._table.body:
            filled = {index for index, cell in enumerate(record.fields) if cell.strip()}
            moves = is_movement(record.fields)
            if moves and waiting:
                return True
            waiting = bool(filled) and filled <= texts if after_movement and not moves else False
            after_movement = moves or waiting
        return False

    def _ask_about_texts(self) -> None:
        """Ask for the texts where no column is one for sure."""
        columns = self._columns
        if not self._table.height or columns.descriptions or columns.merchants:
            return
        if texts := text_columns(self._table, columns):
            first = ", ".join(f"“{column.filled[0][:_SHOWN]}” in column {column.index}" for column in texts)
            detail = f"No column is known to hold the texts of the transactions. It may be one of these: {first}."
            alternatives = ([], *([column.index] for column in texts))
            self._questions.append(ReadingQuestion("description", "unknown_text", detail, alternatives))

    def _shape(self) -> str:
        """Return delimiter and kinds of columns, for a file without a header."""
        if self._table.header_row is not None:
            return ""
        kinds = ("d" if c.is_dates else "n" if c.is_numeric else "x" for c in self._table.columns)
        return self._dialect.delimiter.join(kinds)

    def _several_accounts(self) -> tuple[Column, list[FileAccount]] | None:
        """Return the column that names more than one account of the owner in the whole file, and these accounts."""
        for column in self._table.columns:
            if not means(column.name, "own_account") or column in self._columns.ibans:
                continue
            cells: Iterable[str] = column.distinct
            if self._is_longer_than_sample and any(map(iban_in, cells)):
                cells = self._all_cells(column.index)
            ibans = {iban for iban in map(iban_in, cells) if iban}
            if 1 < len(ibans) <= _MOST_ACCOUNTS:
                return column, [FileAccount(key=iban, iban=iban) for iban in sorted(ibans)]
        return None

    def _warnings(self) -> Iterator[str]:
        """Yield sentences about what the file is, beside its rows."""
        securities = [name for name in self._table.names if means(name, "security")]
        if len(securities) > 1:
            named = ", ".join(f"“{name}”" for name in securities)
            yield f"The columns {named} are those of a securities account. Buys and sells are no expenses."
        columns = self._columns
        lacks_text = self._table.height and not columns.descriptions and not columns.merchants
        if lacks_text and not text_columns(self._table, columns):
            yield "No column of the file holds a text, so its rows have no description."

    def _currency_symbol(self, decimal: str) -> str | None:
        """Return the one symbol of several currencies that stands beside the amounts, if nothing names a currency."""
        cells = [cell for column in self._columns.money for cell in column.filled[:20]]
        found = {symbol for cell in cells if (symbol := _text_beside(cell, decimal)) in SHARED_SYMBOLS}
        return found.pop() if len(found) == 1 and self._columns.currency is None else None

    def _currency_code(self, decimal: str) -> str:
        """Return the one currency that headers, amounts or preamble name; "" if a column holds it."""
        if self._filled_currencies:
            return ""
        money, balance = self._columns.money, self._columns.balance
        named = set()
        for column in (*money, *([balance] if balance else [])):
            words = "".join(char if char.isalnum() or char in "€£$" else " " for char in column.name).split()
            plain = [word for word in words if word.isupper() or not word.isalpha() or len(word) > _SHORT_WORD]
            named |= {currency_of(word) for word in plain} - {""}
        beside = {_beside(cell, decimal) for column in money for cell in column.filled[:20]} - {""}
        above = [cell.strip() for fields in self._table.preamble for cell in fields]
        alone = {cell for cell in above if cell.isupper() and is_currency_code(cell)}
        for codes in (named, beside, set(_preamble_codes(self._table.preamble)), alone):
            if len(codes) == 1:
                return next(iter(codes))
        return ""


def _with_accounts(
    rows: Iterable[StatementRow | RowError | Skipped], position: int
) -> Iterator[StatementRow | RowError | Skipped]:
    """Yield the rows, each with the account that its cell names."""
    for row in rows:
        if isinstance(row, StatementRow) and position < len(row.raw):
            yield replace(row, account=iban_in(tidy(row.raw[position])))
        else:
            yield row


def _beside(cell: str, decimal: str) -> str:
    return currency_of(_text_beside(cell, decimal))


def _text_beside(cell: str, decimal: str) -> str:
    try:
        return parse_amount(cell, decimal).currency
    except AmountError:
        return ""


def _preamble_codes(preamble: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield codes in a cell after one that says currency: “Währung: | EUR”."""
    for fields in preamble:
        for label, value in zip(fields, islice(chain(fields, [""]), 1, None), strict=False):
            if meaning(label).role == "currency" and is_currency_code(value.strip()):
                yield value.strip().upper()


#: Beginnings of other text formats.
_OTHER_FORMATS = (b"<", b"OFXHEADER", b"!Type", b"!Account", b"!Option", b":20:", b"{1:", b"{", b"[", b"%PDF")
_BOM = b"\xef\xbb\xbf"


class DelimitedImporter(Importer):
    """CSV and its kin: fields between commas, semicolons, tabs or bars, with or without a header."""

    format: ClassVar[str] = FORMAT
    title: ClassVar[str] = "CSV"

    def recognizes(self, data: bytes) -> bool:
        if data.removeprefix(_BOM).lstrip().startswith(_OTHER_FORMATS):
            return False
        return find_dialect(data, detect_encoding(data)) is not None

    def detect(self, data: bytes, *, dialect: Dialect | None = None) -> Reading:
        encoding = detect_encoding(data)
        dialect = dialect or find_dialect(data, encoding)
        if dialect is None:
            raise UnreadableFile("no_table", _NO_TABLE)
        sample = list(islice(records(data, encoding=encoding, **dialect._asdict()), _SAMPLE))
        if max((len(record.fields) for record in sample), default=0) > MAX_COLUMNS:
            detail = f"The table has more than {MAX_COLUMNS} columns. Save the columns of the statement alone."
            raise UnreadableFile("too_many_columns", detail)
        header_row = find_header(sample)
        table = table_of(sample, header_row)
        columns = find_columns(table)
        is_named = header_row is not None and names_money(sample[header_row].fields)
        if not (table.height or is_named) or not columns.dates or not columns.money:
            raise UnreadableFile("no_table", _describe_unknown(table))
        return _Detection(data, encoding, dialect, table, columns).reading()

    def read(self, data: bytes, profile: Profile) -> Iterator[StatementRow | RowError | Skipped]:
        return each_row(self.read_blocks(data, profile))

    def read_blocks(self, data: bytes, profile: Profile) -> Iterator[RowBlock | StatementRow | RowError | Skipped]:
        layout = layout_of(profile, data)
        if layout.own_account:
            return _with_accounts(read_rows(records_under(profile, data), layout), layout.own_account[0])
        return read_blocks(blocks_under(profile, data), layout)

    def check_profile(self, profile: Profile, data: bytes) -> list[ProfileError]:
        return profile_errors(profile, data)
