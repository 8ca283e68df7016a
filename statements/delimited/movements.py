"""What makes a record a movement of money at first sight, before any column is known."""

from collections.abc import Sequence

from statements.delimited.amounts import possible_decimals
from statements.delimited.dates import is_date


def is_movement(fields: Sequence[str]) -> bool:
    """Whether one cell is a date and another one is a number."""
    dated = counted = False
    for cell in fields:
        if not dated and is_date(cell):
            dated = True
        elif not counted and possible_decimals(cell.strip()):
            counted = True
        if dated and counted:
            return True
    return False
