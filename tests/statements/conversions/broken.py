"""A conversion that fails, and quotes the file."""


def convert(data):
    raise ValueError(data.decode())
