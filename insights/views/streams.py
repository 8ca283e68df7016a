"""Server-sent events of a text while the model writes it. A stream holds a thread of the web server until it ends."""

import json
import re
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from rest_framework.exceptions import APIException

from insights.serializers.narrative import body_of, sentence_body
from insights.services import narratives
from insights.services.narratives import MonthWriter, Shown, numbered

#: Streams of one web process at a time; other requests have its other threads.
MOST_STREAMS = 2
STREAMS = threading.BoundedSemaphore(MOST_STREAMS)
#: A client that finds no free stream tries again after so many seconds.
ASK_AGAIN_S = 10
#: Seconds of one stream; a client connects again, and goes on after the last event.
LONGEST_S = 60.0
#: Seconds between two looks at the table. Each brings at least a comment, which ends the stream of a client that left.
LOOK_EVERY_S = 1.0


class TooManyStreams(APIException):
    """All streams of this process are in use."""

    status_code = 503
    default_detail = "All streams of this server are in use. Try again later, or read the text as JSON."
    default_code = "too_many_streams"
    wait = ASK_AGAIN_S
    is_expected = True


class EventStream:
    """The events of a text. Closing it gives the stream back.

    Each sentence of the model is an event `sentence` with an id. The last event `text` has the whole body; where the
    stream ends before the model does, its `reason` says so. `after`: the id of the last event that the client has.
    """

    events: Generator[bytes]

    def __init__(self, write: Callable[[], MonthWriter], *, may_ask: bool, after: str) -> None:
        self.events = _events(write, may_ask=may_ask, after=after)
        self.is_open = True

    def __iter__(self) -> "EventStream":
        return self

    def __next__(self) -> bytes:
        return next(self.events)

    def close(self) -> None:
        """Give the stream back. The web server calls it at the end, and when the client has gone."""
        self.events.close()
        if self.is_open:
            self.is_open = False
            STREAMS.release()


def _events(write: Callable[[], MonthWriter], *, may_ask: bool, after: str) -> Generator[bytes]:
    ends_at = time.monotonic() + LONGEST_S
    writer = write()
    text = writer.show(may_ask=may_ask)
    known = re.fullmatch(rf"{writer.digest[:12]}-(\d{{1,3}})", after, re.ASCII)
    sent = int(known[1]) if known else 0
    yield b": the text follows\n\n"
    while text.model == "writing" and time.monotonic() < ends_at:
        stored = writer.stored()
        if stored is None or stored.digest != writer.digest:
            break
        told = [Shown(one["part"], one["text"], "model", tuple(one["figures"])) for one in stored.sentences]
        for number, (name, one) in list(enumerate(numbered(told), 1))[sent:]:
            yield _event("sentence", sentence_body(name, one), event_id=f"{writer.digest[:12]}-{number}")
            sent = number
        if stored.state != "writing":
            break
        yield b": still writing\n\n"
        time.sleep(LOOK_EVERY_S)
    text = write().show(may_ask=may_ask)
    if text.model == "writing":
        reason = text.language.texts["reason_stream"].format(seconds=narratives.ASK_AGAIN_S)
        text = replace(text, reason=reason)
    yield _event("text", body_of(text))


def _event(name: str, body: Any, *, event_id: str = "") -> bytes:
    lines = [
        f"event: {name}",
        *([f"id: {event_id}"] if event_id else []),
        f"data: {json.dumps(body, cls=DjangoJSONEncoder)}",
    ]
    return ("\n".join(lines) + "\n\n").encode()
