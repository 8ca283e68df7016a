"""A conversion that crashes as a library in C does."""

import os
import signal


def convert(data):
    os.kill(os.getpid(), signal.SIGSEGV)
