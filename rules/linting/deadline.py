"""Time limit of a lint run."""

import time


class Deadline:
    """A point in time. `was_missed` remembers that it was passed: the results are then incomplete."""

    def __init__(self, total_s: float) -> None:
        self._end = time.monotonic() + total_s
        self.was_missed = False

    def has_passed(self) -> bool:
        """Return True if there is no time left."""
        self.was_missed = self.was_missed or time.monotonic() > self._end
        return self.was_missed
