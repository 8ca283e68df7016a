"""Files that take a ledger's transactions out: each format is one module, which writes rows that `rows` reads.

Every writer is a generator of bytes, so that a file of any length is sent in flat memory.
"""
