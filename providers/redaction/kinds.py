"""The kinds of things that are hidden: the words of their placeholders, and what they stand for."""

KINDS = {
    "IBAN": "an international account number",
    "CARD": "the number of a card, also if only its last digits are shown",
    "ACCOUNT": "another account number, the code of a bank",
    "EMAIL": "an e-mail address",
    "PHONE": "a telephone number",
    "ADDRESS": "a street with its number, and the postcode and town behind it",
    "PERSON": "the name of a person",
    "REF": "a reference: an invoice, an order, a mandate, any number of six digits or more",
}
