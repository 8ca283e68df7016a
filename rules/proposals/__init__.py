"""Rules that are made from corrections, and proposed before they exist. Pure: no database, no settings.

`vocabulary` knows which words name nothing, `phrases` what descriptions share, `grouping` which corrections belong
together, `separation` what sets some transactions apart from others.
"""
