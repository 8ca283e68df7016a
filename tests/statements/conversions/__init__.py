"""Conversions that misbehave."""
