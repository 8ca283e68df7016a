"""Serializers of rules."""
