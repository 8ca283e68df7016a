"""The report of a month or year as a PDF: sums, a chart, and tables, in the fonts of a package."""
