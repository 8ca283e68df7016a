"""What will have been spent when the month is over, and how sure that is.

Pure arithmetic: it is given what was spent by day and category, and which bills come again. It knows no database, no
settings and no requests; amounts come in and go out as Decimal and are floats in between, where they are statistics.
"""
