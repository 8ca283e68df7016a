"""Anomalies of spending: unusual weeks, bills, doubled charges, and unusual amounts. Pure: no database, no settings."""
