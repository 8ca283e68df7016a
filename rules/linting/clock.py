"""How long a look at the rules may take."""

import time


class Clock:
    """Says when the time is up, and remembers having said so: what follows then is not complete."""

    def __init__(self, total_s: float) -> None:
        self._end = time.monotonic() + total_s
        self.has_struck = False

    def is_up(self) -> bool:
        """Whether to stop here."""
        self.has_struck = self.has_struck or time.monotonic() > self._end
        return self.has_struck
