"""Users, their tokens and their preferences.

Knows nothing of money: the ledger looks up to a user, never the other way round. Imports none of the other apps.
"""
