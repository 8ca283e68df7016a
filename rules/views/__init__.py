"""Views of rules."""
