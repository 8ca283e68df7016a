"""A conversion that waits for nothing."""

import time


def convert(data):
    time.sleep(3600)
