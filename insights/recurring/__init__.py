"""Recurring payments: found among all payments, dated and priced. Pure: no database, no settings."""
