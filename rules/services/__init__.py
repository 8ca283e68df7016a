"""Services of rules: writes, runs, previews and proposals."""
