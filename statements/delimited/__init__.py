"""Tables of text (CSV and its kin), read without being told which bank wrote them.

Each room finds out one thing: encoding, delimiter, header, columns, signs, the order of day and month.
It may import `statements.importer` and nothing else of Outlay.
"""
