"""How unusual one amount is, beside what its payee, others of the same name, its category and its ledger took. Pure."""
