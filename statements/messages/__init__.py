"""Parts that CAMT and MT940 share. Both are messages of banks that name account, balances, currency and direction.

It may import `statements.importer` and pure modules, and is imported by `statements.camt` and `statements.mt940`.
"""
