"""What the money did, what it will do, and what is odd about it.

It knows the ledger (`expenses`), and never writes in it; what it finds is computed by workers, what people say of that
is theirs and is kept apart. Its arithmetic is in modules without a database or settings.
"""
