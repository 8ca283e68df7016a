"""Forecasts of what will have been spent when the month is over, and how sure that is.

Pure arithmetic of what was spent by day and category, and of bills that come again. It knows no database, no settings
and no requests. Amounts come in and go out as Decimal and are floats in between, where they are statistics.
"""
