"""Tools that read a ledger for a question in plain words: the same for patterns, the local model, and MCP clients.

`base.py` has the interface, `registry.py` all tools; each other module has tools of one kind. No tool writes.
"""
