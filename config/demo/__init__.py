"""A year of invented statements, and the table that shows their categories."""
