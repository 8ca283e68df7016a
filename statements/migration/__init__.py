"""The files in which other programs that keep books give everything away: one module a program."""
