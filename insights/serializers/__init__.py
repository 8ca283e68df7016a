"""JSON bodies and query parameters of insights."""
