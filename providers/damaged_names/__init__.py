"""Names of merchants, and other words, found in bank texts that are cut, glued, abbreviated or misspelled.

Pure: it imports the rest of `providers`, rapidfuzz, and nothing else.
"""
