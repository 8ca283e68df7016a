"""MT940 and MT942: statements of an account and interim reports of SWIFT, as banks write them.

It may import `statements.importer` and pure modules of `expenses.ledger`, no models.
"""
