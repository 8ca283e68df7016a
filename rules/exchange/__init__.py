"""Rules that leave this ledger and rules that come in, from here or from other products.

Converters (`firefly`, `actual`) are pure: a document in, bodies as the API takes them out, and whatever they could not
carry over beside. Only `importing` writes, and only what the rules' own serializer has checked.
"""
