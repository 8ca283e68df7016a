"""The log of refused work: an operator sees that something was refused and why, but never what it was about."""

import logging
from collections.abc import Iterable

#: The name is promised in docs/deployment.md, since operators filter by it.
logger = logging.getLogger("outlay.refusals")


def log_refusal(what: str, *, user_id: int | None, codes: Iterable[str], **fields: str | int | None) -> None:
    """Write one line. `what` and `fields` hold names and numbers of our own, never content that a user sent."""
    named = sorted(set(codes))
    logger.info(
        "Refused %s: codes=%s user_id=%s",
        what,
        ",".join(named),
        "-" if user_id is None else user_id,
        extra={**fields, "user_id": user_id, "codes": named},
    )
