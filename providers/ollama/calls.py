"""The record of each call of the model: what left this process, and what came back.

The log is kept before anything is sent: without a record there is no call.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Purpose(StrEnum):
    """The reason for a call."""

    CATEGORIZE = "categorize"
    NARRATE = "narrate"
    ASK = "ask"
    BENCH = "bench"
    #: A program of the owner has read the ledger over the Model Context Protocol.
    MCP = "mcp"


class CallOutcome(StrEnum):
    """The end of a call."""

    #: It was sent; no end is known, because the call is under way or its process was killed.
    SENT = "sent"
    ANSWERED = "answered"
    #: The endpoint, or the one that it redirects to, is not on a private network; nothing was sent there.
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    #: The server answered with an error, or broke off.
    FAILED = "failed"
    #: The server answered, but not with an answer.
    MISBEHAVED = "misbehaved"


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A call that is about to be made. `owner` is the id of the ledger, `body` the exact text that is sent."""

    owner: int
    purpose: Purpose
    endpoint: str
    model: str
    digest: str
    prompt_version: str
    body: str


@dataclass(frozen=True, slots=True)
class CallEnd:
    """The end of a call: the exact text received, cut at some length, and all its bytes counted.

    `was_sent` is False if the call ended before anything could be sent.
    """

    outcome: CallOutcome
    received: str = ""
    n_bytes_received: int = 0
    duration_ms: int = 0
    was_sent: bool = True


class CallLog(Protocol):
    """Keeps calls; providers know it only by the dotted path in their options."""

    def begin(self, request: CallRequest) -> str:
        """Keep the call before it is sent, and return its id. Raise if it cannot be kept."""

    def end(self, call: str, end: CallEnd) -> None:
        """Keep how the call ended."""
