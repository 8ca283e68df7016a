"""Statements and books as QIF, the format of Quicken: lines that begin with a letter, and records that end with “^”.

It may import `statements.importer`, `statements.delimited` and the ledger's IBANs, and nothing else of Outlay.
"""
