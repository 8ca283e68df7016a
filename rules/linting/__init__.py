"""What is wrong with a set of rules, and how sure that is.

`proofs` (pure) says what follows from conditions alone, whatever the rows; `history` what the ledger's rows say of it.
A finding is called proved only where one of them leaves no doubt.
"""
