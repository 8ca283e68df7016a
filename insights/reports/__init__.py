"""Summaries, time series and trends, added up while the client waits."""
