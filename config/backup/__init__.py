"""Backups: of one ledger as a file of its owner, and of the whole instance as an archive of its operator."""
