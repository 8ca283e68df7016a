"""Rules of Actual Budget: as `getRules()` gives them or its database keeps them, with the lists of payees, accounts and
categories that they name by id.

A condition or an action is carried over only where it means the same here. What is not is listed, and a rule that would
then match more than before comes in switched off.
"""
