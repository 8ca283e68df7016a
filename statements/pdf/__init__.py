"""Statements as PDF: lines of text become rows, if the balances that the bank prints prove them."""
