"""Train the weights that answer for ledgers without confirmed transactions: the dictionary's knowledge alone.

    python -m providers.learning.compile

Run it when the groups of the dictionary or the features change. A test tells when the file is out of date.
"""

from pathlib import Path

import numpy as np

from providers.learning.imagined import FILE, group_names
from providers.learning.training import fit, imagined_lessons
from providers.learning.weights import Weights


def imagine() -> Weights:
    """Train on the imagined lessons of all groups; the categories are the places of `group_names`."""
    lessons = [lesson for i, group in enumerate(group_names()) for lesson in imagined_lessons(group, i)]
    return fit(lessons, range(len(group_names())), words=np.array([], dtype=np.uint32), n_confirmed=0)


def main() -> None:
    """Write the file of the package."""
    Path(__file__).with_name(FILE).write_bytes(imagine().to_bytes())


if __name__ == "__main__":
    main()
