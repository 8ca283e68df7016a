"""A conversion that never ends."""


def convert(data):
    while True:
        pass
