"""CAMT: statements (053), reports (052) and notifications (054) of an account in XML, ISO 20022.

It may import `statements.importer` and pure modules of `expenses.ledger`, no models.
"""
