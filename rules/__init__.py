"""The user's wishes: if a transaction looks like this, file it there.

It knows the ledger (`expenses`) and the interface of the chain's links (`providers`); the ledger reaches it only as a
link named in the settings.
"""
