"""Shapes of what rules say over HTTP."""
