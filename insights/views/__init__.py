"""Insights over HTTP."""
