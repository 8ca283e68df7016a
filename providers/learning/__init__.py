"""A small text classifier that one person's confirmed transactions train: features, weights, training.

Pure: no database, no request. Knows the merchants' dictionary, whose answers are among its features. scikit-learn is
imported when something is trained, which only workers do; predicting needs numpy alone.
"""
