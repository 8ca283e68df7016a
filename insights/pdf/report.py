"""The pages of a report, from its figures. Pure."""

import datetime as dt
import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

from expenses.ledger.money import minor_units
from insights.charts.palette import color_of
from insights.locales import LANGUAGES
from insights.pdf.sheet import (
    HEADING,
    INK,
    INNER,
    MARGIN,
    SMALL,
    SOFT,
    TITLE,
    UNKNOWN,
    PdfColumn,
    PdfLine,
    Sheet,
    rgb,
)  # fmt: skip
from insights.services.report_figures import ReportFigures

N_MERCHANTS = 15
#: Signs where there is no figure, and between a category and the one below it.
NO_VALUE, BELOW = "\N{EN DASH}", "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
CHART_HEIGHT = 46.0
AMOUNT, SHARE, NUMBER, BARS = 34.0, 20.0, 18.0, 42.0


def write_report(figures: ReportFigures, *, locale: Locale, owner: str, at: dt.datetime) -> bytes:
    """Return the PDF. Apart from `at`, equal figures give equal bytes. `owner` is a name in the footer."""
    return _Report(figures, locale, owner, at).write()


class _Report:
    """One report while it is written."""

    def __init__(self, figures: ReportFigures, locale: Locale, owner: str, at: dt.datetime) -> None:
        self.figures, self.summary, self.locale = figures, figures.summary, locale
        self.language = locale.language if locale.language in LANGUAGES else LANGUAGES[0]
        self.words = _texts()[self.language]
        self.currency = self.summary.currency
        self.title = self.period_name(self.summary)
        created = self.words["created"].format(day=format_date(figures.today, "long", locale=locale))
        page = self.words["page"]
        self.sheet = Sheet(
            title=f"Outlay: {self.title}",
            language=self.language,
            footer=lambda n: (f"Outlay · {owner} · {created}", page.format(page=n, pages="{nb}")),
            at=at,
        )

    def write(self) -> bytes:
        sheet = self.sheet
        sheet.set_xy(MARGIN, MARGIN - 2)
        sheet.use(TITLE, is_bold=True)
        sheet.cell(INNER, 10, self.title, new_x="LMARGIN", new_y="NEXT")
        sheet.paragraph(self.words["converted"].format(currency=self.currency))
        self.notes()
        self.key_figures()
        if self.summary.n:
            self.chart()
            self.categories()
            self.earned()
            self.merchants()
            self.largest()
        else:
            sheet.ln(8)
            sheet.paragraph(self.words["nothing"], size=HEADING, color=INK)
        self.accounts()
        if sheet.lacks_letters:
            sheet.ln(5)
            sheet.paragraph(self.words["letters"].format(mark=UNKNOWN), size=SMALL)
        return bytes(sheet.output())

    def notes(self) -> None:
        """Write what the figures leave out."""
        summary, words = self.summary, self.words
        if not summary.is_over:
            self.sheet.paragraph(words["so_far"].format(day=self.day(self.figures.today)))
        if summary.n_unconverted:
            text = words["unconverted_one" if summary.n_unconverted == 1 else "unconverted"]
            self.sheet.paragraph(text.format(n=self.count(summary.n_unconverted)), color=INK)
        if summary.excluded.n:
            expense, income = (
                f"{self.money(a)} {self.currency}" for a in (summary.excluded.expense, summary.excluded.income)
            )
            self.sheet.paragraph(words["excluded"].format(expense=expense, income=income))

    def key_figures(self) -> None:
        """Write four figures side by side, with those of the period before below them."""
        summary, sheet, before = self.summary, self.sheet, self.summary.previous
        rate = (summary.savings_rate, before.savings_rate)
        figures = [
            ("income", self.money(summary.income), self.money(before.income)),
            ("expense", self.money(summary.expense), self.money(before.expense)),
            ("savings", self.money(summary.savings), self.money(before.savings)),
            ("savings_rate", *(self.percent(one) for one in rate)),
        ]
        sheet.ln(6)
        top, gap = sheet.get_y(), 4.0
        width = (INNER + gap) / len(figures)
        previous = str(before.period.start.year) if before.period.unit == "year" else self.period_name(before)
        for place, (name, now, then) in enumerate(figures):
            left, room = MARGIN + place * width, width - gap
            sheet.set_draw_color(*SOFT)
            sheet.line(left, top, left + room, top)
            sheet.set_xy(left, top + 2)
            sheet.use(SMALL, SOFT)
            sheet.cell(room, 4, self.words[name])
            sheet.set_xy(left, top + 6.5)
            sheet.use(15, is_bold=True)
            sheet.number(now, room, 7, align="L")
            sheet.set_xy(left, top + 14.5)
            sheet.use(SMALL, SOFT)
            text = "" if then == NO_VALUE else self.words["before"].format(amount=then, previous=previous)
            sheet.number(text, room, 4, align="L")
        sheet.set_xy(MARGIN, top + 19)

    def chart(self) -> None:
        """Draw spending by day, or income and spending by month."""
        steps, is_year = self.figures.steps, self.summary.monthly is not None
        self.sheet.heading(self.words["by_month" if is_year else "by_day"], below=CHART_HEIGHT + 8)
        income, spending = rgb("first"), rgb("second")
        if is_year:
            self.legend([("income", income), ("expense", spending)])
            groups = [(one.income, one.expense) for one in steps]
            labels = [format_date(one.bucket.first, "LLL", locale=self.locale) for one in steps]
            self.sheet.bars(groups, labels, (income, spending), height=CHART_HEIGHT, tick=self.count)
            return
        days = [one.bucket.first for one in steps]
        labels = [str(day.day) if nth % 5 == 0 or nth == len(days) - 1 else "" for nth, day in enumerate(days)]
        if len(days) % 5 != 1:  # the last label would run into the one before
            labels[-1] = ""
        spent = [(one.expense,) for one in steps]
        self.sheet.bars(spent, labels, (spending,), height=CHART_HEIGHT, tick=self.count)

    def legend(self, entries: list[tuple[str, tuple[int, int, int]]]) -> None:
        sheet = self.sheet
        sheet.use(SMALL, SOFT)
        sheet.set_x(MARGIN + 16)
        for name, color in entries:
            sheet.set_fill_color(*color)
            sheet.rect(sheet.get_x(), sheet.get_y() + 1, 2.4, 2.4, style="F")
            sheet.set_x(sheet.get_x() + 4)
            sheet.cell(sheet.get_string_width(self.words[name]) + 6, 4.4, self.words[name])
        sheet.ln(5)

    def categories(self) -> None:
        items = self.summary.by_category
        if not items:
            return
        self.sheet.heading(self.words["by_category"])
        most = max([abs(item.amount) for item in items]) or Decimal(1)
        lines = [
            PdfLine(
                (self.category_name(item), "", self.money(item.amount), self.percent(item.share), self.count(item.n)),
                part=float(item.amount / most),
                color=rgb(color_of(item.key)),
            )
            for item in items
        ]
        n = self.count(sum(item.n for item in items))
        whole = (self.words["total"], "", self.money(self.summary.expense), "", n)
        name, *others = self.columns("category")
        columns = [PdfColumn(name.title, name.width - BARS), PdfColumn("", BARS, is_bar=True), *others]
        self.sheet.draw_table(columns, [*lines, PdfLine(whole, is_total=True)])

    def earned(self) -> None:
        items = self.figures.earned
        if not items:
            return
        self.sheet.heading(self.words["by_income"])
        lines = [
            PdfLine((one.name or self.words["uncategorized"], self.money(one.amount), "", self.count(one.n)))
            for one in items
        ]
        whole = (self.words["total"], self.money(self.summary.income), "", self.count(sum(one.n for one in items)))
        self.sheet.draw_table(self.columns("category", share=""), [*lines, PdfLine(whole, is_total=True)])

    def merchants(self) -> None:
        shown, rest = self.summary.by_merchant[:N_MERCHANTS], self.summary.by_merchant[N_MERCHANTS:]
        if not shown:
            return
        self.sheet.heading(self.words["by_merchant"])
        lines = [
            PdfLine(
                (
                    one.label or self.words["uncategorized"],
                    self.money(one.amount),
                    self.percent(one.share),
                    self.count(one.n),
                )
            )
            for one in shown
        ]
        others = self.summary.other_merchants
        n_others = len(rest) + (others.n_merchants if others else 0)
        if n_others:
            amount = sum((one.amount for one in rest), others.amount if others else Decimal(0))
            n = sum(one.n for one in rest) + (others.n if others else 0)
            lines.append(
                PdfLine((self.words["others"].format(n=self.count(n_others)), self.money(amount), "", self.count(n)))
            )
        self.sheet.draw_table(self.columns("merchant"), lines)

    def largest(self) -> None:
        if not self.figures.largest:
            return
        self.sheet.heading(self.words["largest"])
        columns = [
            PdfColumn(self.words["day"], 24),
            PdfColumn(self.words["description"], INNER - 24 - 42 - AMOUNT),
            PdfColumn(self.words["category"], 42),
            PdfColumn(f"{self.words['amount']} ({self.currency})", AMOUNT, is_number=True),
        ]
        lines = []
        for one in self.figures.largest:
            own = "" if one.currency == self.currency else f" ({self.money(one.amount, one.currency)} {one.currency})"
            category = one.category or self.words["uncategorized"]
            lines.append(PdfLine((self.day(one.day), one.text + own, category, self.money(one.worth))))
        self.sheet.draw_table(columns, lines)

    def accounts(self) -> None:
        """Write balances at the end of the period, and their worth."""
        valuation = self.figures.accounts
        if not valuation.balances:
            return
        day = valuation.on or valuation.day
        self.sheet.heading(self.words["accounts"].format(day=self.day(day)))
        columns = [
            PdfColumn(self.words["account"], INNER - 2 * 42),
            PdfColumn(self.words["balance"], 42, is_number=True),
            PdfColumn(self.words["worth"].format(currency=self.currency), 42, is_number=True),
        ]
        lines = []
        for balance in valuation.balances:
            for name, one in ((balance.account.name, balance), *(("", other) for other in balance.others)):
                worth = one.worth.amount
                shown = NO_VALUE if worth is None else self.money(worth)
                lines.append(PdfLine((name, f"{self.money(one.amount, one.currency)} {one.currency}", shown)))
        total = self.money(valuation.amount)
        self.sheet.draw_table(columns, [*lines, PdfLine((self.words["total"], "", total), is_total=True)])
        if valuation.missing:
            self.sheet.ln(2)
            self.sheet.paragraph(self.words["incomplete"], size=SMALL)

    def columns(self, first: str, *, share: str = "share") -> list[PdfColumn]:
        return [
            PdfColumn(self.words[first], INNER - AMOUNT - SHARE - NUMBER),
            PdfColumn(f"{self.words['amount']} ({self.currency})", AMOUNT, is_number=True),
            PdfColumn(self.words[share] if share else "", SHARE, is_number=True),
            PdfColumn(self.words["n"], NUMBER, is_number=True),
        ]

    def category_name(self, item: Any) -> str:
        label = item.label
        if label.category_name is None:
            return str(self.words["uncategorized"])
        return f"{label.parent_name} {BELOW} {label.category_name}" if label.parent_name else str(label.category_name)

    def period_name(self, sums: Any) -> str:
        """Return the month or year in words."""
        period = sums.period
        if period.unit == "year":
            return str(self.words["year"].format(year=period.start.year))
        return str(format_skeleton("yMMMM", period.start, locale=self.locale))

    def day(self, day: dt.date) -> str:
        return str(format_date(day, "medium", locale=self.locale))

    def money(self, amount: Decimal, currency: str = "") -> str:
        """Return an amount with the decimals of its currency, and a true minus."""
        places = minor_units(currency or self.currency)
        pattern = f"#,##0{'.' + '0' * places if places else ''}"
        return str(format_decimal(amount, format=pattern, locale=self.locale)).replace("-", "\N{MINUS SIGN}")

    def count(self, n: float) -> str:
        """Return a number without decimals."""
        return str(format_decimal(n, format="#,##0", locale=self.locale)).replace("-", "\N{MINUS SIGN}")

    def percent(self, share: Decimal | None) -> str:
        if share is None:
            return NO_VALUE
        number = format_decimal(share, format="#,##0.00", locale=self.locale).replace("-", "\N{MINUS SIGN}")
        return f"{number}%" if self.language == "en" else f"{number}\N{NO-BREAK SPACE}%"


@cache
def _texts() -> dict[str, dict[str, str]]:
    return tomllib.loads((Path(__file__).parent / "texts.toml").read_text())
