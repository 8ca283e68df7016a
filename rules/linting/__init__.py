"""Linter of rules: dead, duplicate, shadowed, contradictory and slow rules, and how certain each finding is.

`proofs` (pure) shows what follows from conditions alone, for any transaction; `history` shows which rules match the
ledger's transactions. A finding is called proved only if one of them leaves no doubt.
"""
