"""Insights into a ledger: reports, forecasts, recurring payments and anomalies.

The app reads the ledger (`expenses`) and never writes in it. Workers compute what it finds; feedback of users is kept
apart. Its arithmetic is in rooms without a database or settings.
"""
