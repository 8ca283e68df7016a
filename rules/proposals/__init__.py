"""Rules made from corrections, and proposed before they exist. Pure: no database, no settings.

`vocabulary` tells names from other words, `phrases` finds the words that descriptions share, `grouping` puts
corrections together, `drafts` writes the conditions.
"""
