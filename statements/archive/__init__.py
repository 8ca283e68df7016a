"""Zip archives with several statements, read as one."""
