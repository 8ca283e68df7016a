"""Computes and stores insights, and keeps the feedback of users."""
