"""A conversion that answers with too much."""


def convert(data):
    return "x" * (2 << 20)
