"""Every write of the ledger: keyword-only, typed, atomic, and each raises the ledger's version once."""
