"""A conversion that wants a gigabyte."""


def convert(data):
    return len(bytearray(1 << 30))
