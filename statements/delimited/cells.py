"""What the cells of one record say, at the positions that a layout gives."""

from statements.delimited.counterparties import iban_in, is_mcc
from statements.delimited.references import Positions
from statements.delimited.table import tidy

MAX_DESCRIPTION = 2000


def first_filled(fields: list[str], positions: Positions) -> str:
    """The first filled cell."""
    for position in positions:
        if position < len(fields) and (cell := tidy(fields[position])):
            return cell
    return ""


def joined(fields: list[str], positions: Positions) -> str:
    """The cells in order, blanks collapsed, none said twice."""
    parts = [collapsed(fields[position]) for position in positions if position < len(fields)]
    if len(parts) > 1:
        parts = [part for part in dict.fromkeys(parts) if part]
    return " ".join(parts)[:MAX_DESCRIPTION]


def collapsed(cell: str) -> str:
    """Blanks collapsed; without the closing quotation marks that remain when a bank does not double those in a text."""
    text = " ".join(tidy(cell).split())
    if text[-1:] == '"' and text[0] != '"' and ' "' not in text:
        return text.replace('"', "")
    return text


def iban_of(fields: list[str], positions: Positions) -> str:
    """The first account number; what is none, such as one of another system, is not kept."""
    cells = (tidy(fields[position]) for position in positions if position < len(fields))
    return next((iban for cell in cells if (iban := iban_in(cell))), "")


def mcc_of(fields: list[str], positions: Positions) -> str:
    """The merchant category code, "" where the cell is none."""
    code = first_filled(fields, positions)
    return code if is_mcc(code) else ""
