"""Pages of a report: fonts, headings, tables that continue on the next page, and bars. All lengths are millimeters."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from font_roboto import Roboto, RobotoMedium
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from insights.charts.palette import GRAYS, ROLES, SLOTS

MARGIN, FOOTER, WIDTH, HEIGHT = 18.0, 16.0, 210.0, 297.0
INNER = WIDTH - 2 * MARGIN
ROW, HEAD, BAR = 6.0, 6.5, 2.4
#: Letters in points.
TITLE, HEADING, TEXT, SMALL = 22.0, 11.5, 9.0, 7.5
INK, SOFT, HAIR, RULE = (34, 34, 34), (110, 110, 115), (226, 226, 230), (150, 150, 155)
ELLIPSIS = "…"
#: Stands for a character that the fonts do not have.
UNKNOWN = "\N{REPLACEMENT CHARACTER}"
Color = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class PdfColumn:
    """A column of a table. Amounts stand on the right, where their decimals are below one another."""

    title: str
    width: float
    is_number: bool = False
    #: Its cells are bars.
    is_bar: bool = False


@dataclass(frozen=True, slots=True)
class PdfLine:
    """A line of a table. `part` is the length of a bar, from 0 to 1, in the column of bars."""

    cells: Sequence[str]
    part: float | None = None
    color: Color = SOFT
    is_total: bool = False


class Sheet(FPDF):
    """A document of A4 pages with a footer. `lacks_letters` is True once a text had a character without a glyph."""

    def __init__(self, *, title: str, language: str, footer: Callable[[int], tuple[str, str]], at: dt.datetime) -> None:
        super().__init__(format="A4")
        self._footer_texts = footer
        self.lacks_letters = False
        self.set_title(title)
        self.set_lang(language)
        self.set_producer("Outlay")
        self.set_creation_date(at)
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.c_margin = 0
        self.set_auto_page_break(auto=False)
        self.add_font("Roboto", "", Roboto)
        self.add_font("Roboto", "B", RobotoMedium)
        self.set_text_color(*INK)
        self.set_line_width(0.2)
        self.add_page()

    def footer(self) -> None:
        left, right = self._footer_texts(self.page_no())
        self.set_y(HEIGHT - FOOTER + 4)
        self.use(SMALL, SOFT)
        self.cell(INNER / 2, 4, self.printable(left), new_x=XPos.RIGHT, new_y=YPos.TOP)
        # The number of pages is not known yet, but its digits are as wide as any.
        self.set_x(WIDTH - MARGIN - self.get_string_width(right.replace(str(self.str_alias_nb_pages), "0")))
        self.cell(None, 4, right)
        self.use(TEXT, INK)

    def use(self, size: float, color: Color = INK, *, is_bold: bool = False) -> None:
        """Write with letters of a size, color and weight from here on."""
        self.set_font("Roboto", "B" if is_bold else "", size)
        self.set_text_color(*color)

    def printable(self, text: str) -> str:
        """Return the text in one line, with a mark for each character that the fonts do not have."""
        text = " ".join(text.split())
        known = _letters()
        if all(ord(letter) in known for letter in text):
            return text
        self.lacks_letters = True
        return "".join(letter if ord(letter) in known else UNKNOWN for letter in text)

    def fitting(self, text: str, width: float) -> str:
        """Return the text, or as much of its beginning as fits in the width with an ellipsis."""
        text = self.printable(text)
        if self.get_string_width(text) <= width:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self.get_string_width(text[:middle].rstrip() + ELLIPSIS) <= width:
                low = middle
            else:
                high = middle - 1
        return text[:low].rstrip() + ELLIPSIS

    def leave_room(self, height: float) -> bool:
        """Begin a new page unless so much is left of this one. Return True for a new page."""
        if self.get_y() + height <= HEIGHT - FOOTER:
            return False
        self.add_page()
        return True

    def heading(self, text: str, *, below: float = 4 * ROW) -> None:
        """Write a heading that stays on the page of what comes below it."""
        if not self.leave_room(12 + below):
            self.ln(6)
        self.use(HEADING, is_bold=True)
        self.cell(INNER, 6, self.fitting(text, INNER), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1)

    def paragraph(self, text: str, *, size: float = TEXT, color: Color = SOFT) -> None:
        """Write a text in as many lines as it needs."""
        self.use(size, color)
        self.leave_room(10)
        self.multi_cell(INNER, 4.4, self.printable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def draw_table(self, columns: Sequence[PdfColumn], lines: Sequence[PdfLine]) -> None:
        """Draw a table. On each further page, its head comes again."""
        self._head(columns)
        for line in lines:
            if self.leave_room(ROW):
                self._head(columns)
            top = self.get_y()
            if line.is_total:
                self.set_draw_color(*RULE)
                self.line(MARGIN, top, WIDTH - MARGIN, top)
            self.use(TEXT, is_bold=line.is_total)
            if line.part is not None:
                self._bar(columns, line, top)
            self._cells(columns, line.cells, ROW)
            self.set_draw_color(*HAIR)
            self.line(MARGIN, top + ROW, WIDTH - MARGIN, top + ROW)
            self.set_xy(MARGIN, top + ROW)

    def _head(self, columns: Sequence[PdfColumn]) -> None:
        self.use(SMALL, SOFT)
        top = self.get_y()
        self._cells(columns, [column.title for column in columns], HEAD)
        self.set_draw_color(*RULE)
        self.line(MARGIN, top + HEAD, WIDTH - MARGIN, top + HEAD)
        self.set_xy(MARGIN, top + HEAD)

    def _cells(self, columns: Sequence[PdfColumn], texts: Sequence[str], height: float) -> None:
        for place, (column, text) in enumerate(zip(columns, texts, strict=True)):
            inset = 3.0 if place and column.is_number else 1.5 if place else 0.0
            room = column.width - inset
            self.set_x(self.get_x() + inset)
            if column.is_number:
                self.number(text, room, height)
            else:
                self.cell(room, height, self.fitting(text, room))

    def number(self, text: str, room: float, height: float, *, align: str = "R") -> None:
        """Write a number, in smaller letters where it is too long: a number is never cut."""
        size, width = self.font_size_pt, self.get_string_width(text)
        self.set_font_size(size * min(1.0, room / width) if width else size)
        self.cell(room, height, text, align=align)
        self.set_font_size(size)

    def _bar(self, columns: Sequence[PdfColumn], line: PdfLine, top: float) -> None:
        place = next(place for place, column in enumerate(columns) if column.is_bar)
        left = MARGIN + sum(column.width for column in columns[:place])
        length = columns[place].width * (line.part or 0)
        if length > 0:
            self.set_fill_color(*line.color)
            self.rect(left, top + (ROW - BAR) / 2, length, BAR, style="F")

    def bars(
        self,
        groups: Sequence[Sequence[Decimal]],
        labels: Sequence[str],
        colors: Sequence[Color],
        *,
        height: float,
        tick: Callable[[float], str],
    ) -> None:
        """Draw groups of bars, one for each color, from left to right. A label, which may be "", is below each.

        `tick` writes the amounts beside the lines of the chart.
        """
        self.leave_room(height + 8)
        values = [float(value) for group in groups for value in group]
        low, high = min(0.0, *values), max(0.0, *values)
        step = _step(max(high - low, 1.0))
        low, high = step * (low // step), step * -(-high // step) or step
        top, left = self.get_y() + 2, MARGIN + 16
        scale = (height - 6) / (high - low)
        ground = top + high * scale
        self.use(SMALL, SOFT)
        for nth in range(round((high - low) / step) + 1):
            value = low + nth * step
            y = ground - value * scale
            self.set_draw_color(*(RULE if abs(value) < step / 2 else HAIR))
            self.line(left, y, WIDTH - MARGIN, y)
            self.set_xy(MARGIN, y - 2)
            self.number(tick(value), 14, 4)
        room = (WIDTH - MARGIN - left) / len(groups)
        thick = room * 0.7 / len(colors)
        for place, group in enumerate(groups):
            x = left + room * (place + 0.15)
            for amount, color in zip(group, colors, strict=True):
                length = float(amount) * scale
                if abs(length) > 0.05:
                    self.set_fill_color(*color)
                    self.rect(x, ground - max(length, 0), thick, abs(length), style="F")
                x += thick
            if labels[place]:
                self.set_xy(left + room * place - 5, ground - low * scale + 1)
                self.cell(room + 10, 4, labels[place], align="C")
        self.set_xy(MARGIN, top + height)


def rgb(color: str) -> Color:
    """Return a color of the palette by its name, as the charts have it on light ground."""
    name = color.removesuffix("-hatched")
    pair = (GRAYS | ROLES).get(name) or SLOTS[int(name.removeprefix("slot-"))]
    text = pair[0].lstrip("#")
    return int(text[:2], 16), int(text[2:4], 16), int(text[4:], 16)


def _step(span: float) -> float:
    """Return the distance of lines of a chart: 1, 2 or 5 times a power of ten, so that there are at most five."""
    power = 1.0
    while True:
        for factor in (1, 2, 5):
            if span / (factor * power) <= 4:
                return factor * power
        power *= 10


@cache
def _letters() -> frozenset[int]:
    """Return the characters that both fonts have."""
    found = []
    for path in (Roboto, RobotoMedium):
        with TTFont(path, lazy=True) as font:
            found.append(frozenset(font.getBestCmap()))
    return frozenset.intersection(*found)
