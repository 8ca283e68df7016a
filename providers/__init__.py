"""The chain of categorization and the interface of its links.

Everything here is pure: frozen values in, frozen values out. It imports none of the other apps. So the ledger can call
the chain, and a third party can write a link against this package alone.
"""
