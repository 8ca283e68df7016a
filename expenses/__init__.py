"""The ledger: accounts, categories, tags, transactions, their categorization, and runs.

It calls the chain (`providers`) and knows the people (`accounts`); statements, rules, insights and budgets build on it,
and it imports none of them.
"""
