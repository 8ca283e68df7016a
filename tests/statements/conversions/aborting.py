"""A conversion that aborts as a library in Rust does when memory runs out."""

import os
import sys


def convert(data):
    sys.stderr.write("memory allocation of 1073741824 bytes failed\n")
    sys.stderr.flush()
    os.abort()
