"""Summaries, time series and trends: added up while somebody waits, and shown."""
