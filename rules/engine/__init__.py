"""The rule engine: compiled conditions, the rules that match a transaction, and what becomes of it."""
