"""The composition root: settings, urls, error envelope, health, the command that runs everything.

It may import every app; no app imports it.
"""
