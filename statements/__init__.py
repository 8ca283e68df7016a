"""Statements: files from banks become transactions.

The readers of file formats in here are pure, bytes in and frozen rows out, so that each can be tested and replaced
alone; models, services and views around them keep the uploaded files, their profiles and what came of every row.
The app may import `rules`, `expenses`, `accounts` and `providers`; nothing but `config` and the pages imports it.
"""
