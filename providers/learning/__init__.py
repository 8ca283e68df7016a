"""A small text classifier, trained on a user's confirmed transactions: features, weights, training.

It is pure: no database, no request. The answers of the merchants' dictionary are among its features. Only training,
which is left to workers, imports scikit-learn; predicting needs numpy alone.
"""
