"""Statements as OFX, in SGML (version 1) and XML (version 2), also called QFX, QBO or, of old, OFC.

Markup is read leniently, amounts and dates are not. It may import `statements.importer`, `statements.delimited` and the
ledger's IBANs, and nothing else of Outlay.
"""
