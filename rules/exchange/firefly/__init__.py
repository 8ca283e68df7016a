"""Rules of Firefly III: as its API gives them (`GET /api/v1/rules`, with rule groups or without), and as its export
writes them (`rules.csv`).

A trigger or an action is carried over only where it means the same here. What is not is listed, and a rule that would
then match more than before comes in switched off.
"""
