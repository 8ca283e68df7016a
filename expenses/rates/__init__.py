"""Exchange rates: the European Central Bank's and a ledger's own, and what money is worth in another currency."""
