"""Lines of text as the rows of a statement: where they begin, which columns they have, and what their dates mean."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from expenses.ledger.ibans import iban_in
from statements.delimited.dates import Hints, choose_format
from statements.delimited.words import balance_label, begins_with, currency_of, is_currency_code, meaning, mentions
from statements.importer import UnreadableFile
from statements.pdf.columns import (
    AmountColumn,
    AmountReading,
    PrintedBalances,
    columns_of,
    last_amounts,
    read_amounts,
)
from statements.pdf.lines import DateText, PrintedAmount, TextLine, date_at

#: Lines above the first row among which the header stands.
_HEADER_DEPTH = 12
_TELLING = frozenset({"date", "value_date", "amount", "debit", "credit", "balance", "description", "merchant"})
_MAX_TEXT = 2000
_DIGIT = re.compile(r"[0-9]")
#: The number of a row or of a check.
_NUMBER = re.compile(r"[0-9]{1,8}[.*^#]*")
#: The heading of a list of balances by day, whose lines look like rows.
_DAILY = re.compile(r"\bdaily\b.*\bbalances?\b|\btagessalden\b", re.IGNORECASE)
_UNCLEAR = "Download the statement from your bank as CSV or Excel, and upload that file."


@dataclass
class RowLines:
    """The lines of one movement: the first begins with a date, and one of them holds the amounts by column."""

    line: TextLine
    date: DateText
    section: str
    values: dict[int, PrintedAmount]
    values_line: TextLine
    further: list[TextLine] = field(default_factory=list)

    def amounts(self, used: Collection[int]) -> list[PrintedAmount]:
        """Return the amounts in the columns that the reading uses; the others are part of the text."""
        return [self.values[index] for index in sorted(self.values) if index in used]

    def text(self, used: Collection[int]) -> str:
        taken = {i for amount in self.amounts(used) for i in range(amount.first, amount.last + 1)}
        words = []
        for line in (self.line, *self.further):
            for index, word in enumerate(line.words):
                is_date = line is self.line and index < line.n_date_words
                if not is_date and not (line is self.values_line and index in taken):
                    words.append(word.text)
        return " ".join(words)[:_MAX_TEXT]


def statement_in(lines: Sequence[TextLine]) -> dict[str, Any]:
    """Return the statement: its rows, skipped lines, columns, account, and how sure they are.

    A row is [line, texts of its date by format, description, signed amount, currency, raw cells]. Raises
    `UnreadableFile` if the lines are no table, or if the rows differ from the balances that the bank prints.
    """
    lines = _with_dates_first(lines)
    starts = _starts(lines)
    if not starts:
        raise UnreadableFile("pdf_unclear", f"No line of the PDF begins with a date and holds an amount. {_UNCLEAR}")
    header = _header(lines, min(line.number for line in lines if line.number in starts and line.amounts))
    columns = columns_of([line for line in lines if line.number in starts], header)
    table = _StatementLines(lines, starts, columns, [text for text, _, _ in header])
    reading = table.read()
    if not reading.is_proved and table.is_ragged(reading):
        table = _StatementLines(lines, starts, None, [text for text, _, _ in header])
        reading = table.read()
    currency = table.currency(reading.used)
    formats, dates = _dates(table, currency)
    table.refuse_if_unclear(reading)
    rows, errors = [], []
    for block, days, amount in zip(table.blocks, dates, reading.amounts, strict=True):
        raw = [line.text for line in (block.line, *block.further)]
        amounts = block.amounts(reading.used)
        shown = amounts[0].text if amounts else block.line.amounts[-1].text
        if amount is None:
            detail = f"Line {block.line.number}: the sign or the column of “{shown}” is unclear."
            errors.append([block.line.number, detail, raw])
        else:
            code = next((value.currency for value in amounts if value.currency), "")
            rows.append([block.line.number, days, block.text(reading.used), str(amount), code, raw])
    return {
        "rows": rows,
        "errors": errors,
        "skipped": table.skipped,
        "date_formats": formats,
        "columns": table.header_names,
        "currency": currency,
        "iban": table.iban(),
        "balance": str(reading.closing) if reading.closing is not None else None,
        "balance_date": formats and _end_iso(table, formats[0]),
        "is_proved": reading.is_proved,
        "is_signed": reading.is_signed,
        "is_card": table.is_card,
    }


def _with_dates_first(lines: Sequence[TextLine]) -> list[TextLine]:
    """Return the lines. A number before the date, such as that of a check, is moved behind the date."""
    found = []
    for line in lines:
        first, *rest = line.words
        if not line.dates and line.amounts and _NUMBER.fullmatch(first.text) and (date := date_at(rest, 0)):
            words = (*rest[: date.n_words], first, *rest[date.n_words :])
            found.append(TextLine(line.number, line.page, words))
        else:
            found.append(line)
    return found


def _starts(lines: Sequence[TextLine]) -> set[int]:
    """Return the numbers of lines that begin a row: a date stands where the dates of most rows stand."""
    dated = [line for line in lines if line.dates and len(line.words) > line.n_date_words]
    telling = [line for line in dated if line.amounts and not _label(line)]
    if not telling:
        return set()
    places = Counter(round(line.x0 / 6) for line in telling)
    usual = [place for place, n in places.items() if n * 5 >= max(places.values())]
    return {
        line.number
        for line in dated
        if any(abs(line.x0 - 6 * place) <= 9 for place in usual) and not (_label(line) and line.amounts)
    }


def _words_of(line: TextLine) -> str:
    """Return the text of a line without its dates and amounts."""
    taken = {index for amount in line.amounts for index in range(amount.first, amount.last + 1)}
    words = [word.text for index, word in enumerate(line.words) if index >= line.n_date_words and index not in taken]
    return " ".join(words)


def _label(line: TextLine) -> str:
    """Return opening_balance, closing_balance, turnover or total if the line is an amount labeled so, else ""."""
    if not line.amounts:
        return ""
    text = _words_of(line)
    if found := balance_label(text):
        return found
    if begins_with(text, "total"):
        return "total"
    if line.dates and line.n_date_words < len(line.words) and len(text.split()) > 6:
        return ""
    head = " ".join(text.split()[:8])
    for name in ("turnover", "opening_balance", "closing_balance"):
        if mentions(head, name) and (not line.dates or _is_mostly(head, name)):
            return name
    first = text.split(maxsplit=1)[0] if text else ""
    return "total" if first and not line.dates and begins_with(first, "total") else ""


def _is_mostly(text: str, name: str) -> bool:
    """Return True if the text of a dated line begins with such a label: “Closing balance January”."""
    words = text.split()
    return any(balance_label(" ".join(words[:n])) == name for n in range(2, min(4, len(words)) + 1))


def _header(lines: Sequence[TextLine], first_start: int) -> list[tuple[str, float, float]]:
    """Return (text, x0, x1) of the header's cells; none without a header."""
    above = [line for line in lines if line.number < first_start][-_HEADER_DEPTH:]
    best: TextLine | None = None
    most = 2
    for line in above:
        roles = {meaning(text).role for text, _, _ in line.phrases} & _TELLING
        if len(roles) >= most and not line.amounts:
            best, most = line, len(roles)
    if best is None:
        return []
    cells = list(best.phrases)
    for line in above:  # headers of two lines
        if line is not best and abs(line.top - best.top) < 2.2 * (best.bottom - best.top) and not line.amounts:
            roles_of = ((phrase, meaning(phrase[0]).role) for phrase in line.phrases)
            cells += [phrase for phrase, role in roles_of if role in _TELLING and not _DIGIT.search(phrase[0])]
    return cells


_BALANCES = "balances"
_SECTIONS = {
    "debit": re.compile(
        r"\b(withdrawals?|checks|cheques|debits|fees|charges|purchases|payments made|belastungen|ausgänge|"
        r"zahlungsausgänge|abbuchungen|retraits|débits|cargos|uscite|addebiti)\b",
        re.IGNORECASE,
    ),
    "credit": re.compile(
        r"\b(deposits?|credits|additions|payments received|gutschriften|eingänge|zahlungseingänge|dépôts|crédits|"
        r"abonos|ingresos|entrate|accrediti)\b",
        re.IGNORECASE,
    ),
}
_CARD = re.compile(
    r"minimum payment|credit limit|payment due|kreditkarte|credit card|carte de crédit|tarjeta de crédito|kreditlimit",
    re.IGNORECASE,
)


def _section(line: TextLine) -> str:
    """Return debit, credit or balances if the line is the heading of a section of such lines, else ""."""
    text = _words_of(line)
    if _DAILY.search(text) and not line.amounts:
        return _BALANCES
    if line.dates or len(text.split()) > 7 or begins_with(text.split(maxsplit=1)[0] if text else "", "total"):
        return ""
    found = {name: match.start() for name, pattern in _SECTIONS.items() if (match := pattern.search(text)) is not None}
    return min(found, key=lambda name: found[name]) if found else ""


def _is_header_of_rows(line: TextLine) -> bool:
    roles = {meaning(text).role for text, _, _ in line.phrases}
    return bool(roles & {"date", "value_date"}) and bool(roles & {"description", "merchant", "amount", "debit"})


class _StatementLines:
    """The lines of a file, sorted into blocks of rows, balances and others.

    Without `columns`, the last amount of a line is that of its row, wherever it stands.
    """

    def __init__(
        self,
        lines: Sequence[TextLine],
        starts: set[int],
        columns: Sequence[AmountColumn] | None,
        header_names: list[str],
    ) -> None:
        self._lines = lines
        self._starts = starts
        self._columns = columns
        shapes = Counter({re.sub(r"\d", "#", line.text): 0 for line in lines})
        for shape, _ in {(re.sub(r"\d", "#", line.text), line.page) for line in lines if line.number not in starts}:
            shapes[shape] += 1
        self._repeated = {shape for shape, n in shapes.items() if n > 1}
        self.blocks: list[RowLines] = []
        self.skipped: list[list[Any]] = []
        self.balances = PrintedBalances()
        self.header_names = header_names
        self.is_card = any(_CARD.search(line.text) for line in lines if line.number not in starts)

    def is_ragged(self, reading: AmountReading) -> bool:
        """Return True if each row ends with its one amount, and if columns have no header or leave many rows out."""
        rows = [line for line in self._lines if line.number in self._starts and line.amounts]
        n_read = sum(amount is not None for amount in reading.amounts)
        is_named = any(column.hint for column in self._columns or ())
        return (not is_named or n_read < 0.8 * len(rows)) and all(len(last_amounts(line)) == 1 for line in rows)

    def read(self) -> AmountReading:
        """Sort the lines, and return the amounts of the rows."""
        self._collect()
        columns = [AmountColumn(0, 0)] if self._columns is None else self._columns
        return read_amounts(self.blocks, columns, self.balances)

    def _collect(self) -> None:
        section, previous = "", None
        for line in self._lines:
            if line.number in self._starts and section != _BALANCES:
                self._begin(line, section)
            elif label := _label(line):
                self._add_balance(line, label)
            elif self._continues(line, previous):
                self._continue(line)
                previous = line
                continue
            else:
                section = _section(line) or section
                if section == _BALANCES and _is_header_of_rows(line):
                    section = ""
                self.skipped.append([line.number, "text", line.text])
                previous = None
                continue
            previous = line if line.number in self._starts else None
        blocks = [block for block in self.blocks if block.values]
        self.skipped += [[block.line.number, "text", block.line.text] for block in self.blocks if not block.values]
        self.skipped.sort()
        self.blocks = blocks

    def _begin(self, line: TextLine, section: str) -> None:
        self.blocks.append(RowLines(line, line.dates[0], section, self._values(line), line))

    def _values(self, line: TextLine) -> dict[int, PrintedAmount]:
        """Return column → amount; of two amounts in one column, the one on the right."""
        if self._columns is None:
            return dict(enumerate(last_amounts(line)[:1]))
        found: dict[int, PrintedAmount] = {}
        for amount in line.amounts:
            index = next((i for i, column in enumerate(self._columns) if column.holds(amount)), None)
            if index is not None:
                found[index] = amount
        return found

    def _continues(self, line: TextLine, previous: TextLine | None) -> bool:
        """Return True if a line goes on with the text of the row above."""
        if previous is None or previous.page != line.page or not self.blocks:
            return False
        start = self.blocks[-1].line
        height = line.bottom - line.top
        is_near = line.top - previous.bottom < 0.9 * height
        first_text = start.words[min(start.n_date_words, len(start.words) - 1)].x0
        has_amounts = bool(self._values(line)) and bool(self.blocks[-1].values)
        is_text = line.x0 >= first_text - 12 or (line.x0 >= start.x0 - 2 and not line.amounts and not _section(line))
        return is_near and is_text and not has_amounts and re.sub(r"\d", "#", line.text) not in self._repeated

    def _continue(self, line: TextLine) -> None:
        block = self.blocks[-1]
        block.further.append(line)
        if not block.values:
            block.values, block.values_line = self._values(line), line

    def _add_balance(self, line: TextLine, label: str) -> None:
        self.skipped.append([line.number, label, line.text])
        if not line.amounts:
            return
        if label in ("opening_balance", "closing_balance"):
            self.balances.add(label, line.amounts[-1], n_rows=len(self.blocks))
        else:
            self.balances.totals += line.amounts

    def refuse_if_unclear(self, reading: AmountReading) -> None:
        """Raise if the rows contradict the balances, or if too many lines with date and amount are left over."""
        n_read = sum(amount is not None for amount in reading.amounts)
        if not n_read:
            raise UnreadableFile("pdf_unclear", f"No column of amounts was found in the PDF. {_UNCLEAR}")
        if reading.contradiction:
            raise UnreadableFile("pdf_unclear", f"{reading.contradiction} {_UNCLEAR}")
        if n_read < 0.8 * len(self.blocks):
            detail = f"Only {n_read} of {len(self.blocks)} lines with a date and an amount could be read. {_UNCLEAR}"
            raise UnreadableFile("pdf_unclear", detail)

    def currency(self, used: Collection[int]) -> str:
        """Return the one currency beside the amounts, else the one that other lines name; "" if there are several."""
        beside = {amount.currency for block in self.blocks for amount in block.amounts(used) if amount.currency}
        if beside:
            return beside.pop() if len(beside) == 1 else ""
        named: Counter[str] = Counter()
        for line in self._lines:
            if line.number not in self._starts:
                named.update(amount.currency for amount in line.amounts if amount.currency)
                words = (word.text.strip("():;,.") for word in line.words)
                named.update(word for word in words if len(word) == 3 and word.isupper() and is_currency_code(word))
                named.update(filter(None, (currency_of(word.text) for word in line.words if not word.text.isalpha())))
        return next(iter(named)) if len(named) == 1 else ""

    def iban(self) -> str:
        """Return the only IBAN outside the rows, "" if there are none or several."""
        found = set()
        for line in self._lines:
            if line.number in self._starts:
                continue
            for match in re.finditer(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}", line.text):
                found |= set(_ibans(match[0]))
        return found.pop() if len(found) == 1 else ""

    def full_dates(self) -> list[tuple[bool, DateText]]:
        """Return (True if two dates stand on its line, date) of each date with a year outside the rows."""
        found = []
        rows = {block.line.number for block in self.blocks}
        for line in self._lines:
            if line.number in rows:
                continue
            dates = list(_dates_within(line))
            found += [(len(dates) > 1, date) for date in dates]
        return found


def _ibans(text: str) -> Iterable[str]:
    """Yield the longest beginning of a text that is an IBAN."""
    words = text.split(" ")
    for n in range(len(words), 0, -1):
        if iban := iban_in(" ".join(words[:n])):
            yield iban
            return


_FULL_DATE = re.compile(
    r"\b(?:[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{4}|[0-9]{2})|[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"|[0-9]{1,2}(?:\.|st|nd|rd|th)? ?[^\W\d_]{3,9}\.?,? ?[0-9]{4}|[^\W\d_]{3,9}\.? [0-9]{1,2},? [0-9]{4})\b"
)


def _dates_within(line: TextLine) -> Iterable[DateText]:
    for match in _FULL_DATE.finditer(line.text):
        words = [line.words[0]._replace(text=text) for text in match[0].replace(",", ", ").split()]
        date = date_at(words, 0)
        if date is not None and date.year is not None:
            yield date


_DAY_FIRST, _ORDERED = "%d/%m/%Y", "%Y-%m-%d"


def _as_day(date: DateText, pattern: str, year: int) -> dt.date | None:
    month, day = date.first, date.second
    if pattern == _DAY_FIRST and not date.is_ordered:
        month, day = day, month
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _dates(table: _StatementLines, currency: str) -> tuple[list[str], list[list[str | None]]]:
    """Return the formats that fit, the likelier first, and for each row its date in ISO 8601 by each format."""
    own = [block.date for block in table.blocks]
    around = [date for _, date in table.full_dates()]
    formats = [_ORDERED]
    open_dates = [date for date in own if not date.is_ordered]
    if open_dates:
        year = max((date.year for date in (*own, *around) if date.year), default=dt.date(2024, 1, 1).year)
        cells = [_slashed(date, year) for date in open_dates]
        related = [_slashed(date, year) for date in around if not date.is_ordered]
        languages = frozenset(lang for name in table.header_names for lang in meaning(name).languages)
        choice = choose_format(cells, related, Hints(languages, "$" if currency == "USD" else currency))
        patterns = (choice.pattern, *choice.others) if choice else ()
        formats = list(patterns) or [_DAY_FIRST]
    ends = {pattern: _end(table, pattern) for pattern in formats}
    days = []
    for date in own:
        found = []
        for pattern, end in ends.items():
            if date.year is None and end is None:
                detail = f"The dates of the PDF have no year, and it names no period. {_UNCLEAR}"
                raise UnreadableFile("no_year", detail)
            day = _as_day(date, pattern, date.year) if date.year else _latest(date, pattern, end or dt.date.max)
            found.append(day.isoformat() if day else None)
        days.append(found)
    return formats, days


def _slashed(date: DateText, year: int) -> str:
    return f"{date.first:02}/{date.second:02}/{date.year or year}"


def _latest(date: DateText, pattern: str, end: dt.date) -> dt.date | None:
    """Return the latest day of this month that is at most a week after the end of the period."""
    for year in range(end.year + 1, end.year - 4, -1):
        day = _as_day(date, pattern, year)
        if day is not None and day <= end + dt.timedelta(days=7):
            return day
    return None


def _end(table: _StatementLines, pattern: str) -> dt.date | None:
    """Return the last day of the period that the PDF names, else the first date that it holds."""
    days = [(is_period, _as_day(date, pattern, date.year or 0)) for is_period, date in table.full_dates()]
    period = [day for is_period, day in days if is_period and day]
    return max(period) if period else next((day for _, day in days if day), None)


def _end_iso(table: _StatementLines, pattern: str) -> str | None:
    end = _end(table, pattern)
    return end.isoformat() if end else None
