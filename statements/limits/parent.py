"""Conversion of files that nobody can trust, in a child process with little memory, time and output.

The child is a fresh interpreter without Django, database or the server's environment: a fork would copy the locks and
secrets of a server with many threads. It gets the file in a temporary file, and answers with JSON. JSON holds plain
data alone: a parser that a file took over cannot make the server run anything, as it could by a pickle.
"""

import hashlib
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any, Final

from statements.importer import UnreadableFile
from statements.limits.child import TOO_LARGE

logger = logging.getLogger(__name__)

#: Address space of the child; an empty one with its libraries takes about 250 MB.
MEMORY_MB: Final = 1024
#: Seconds of processor time, and of any time.
CPU_S: Final = 40
DEADLINE_S: Final = 60
#: Bytes of the answer.
OUTPUT_MB: Final = 64
#: Children that run at a time. A further file waits so many seconds for one of them to end.
AT_ONCE: Final = 2
WAIT_S: Final = 20
#: Answers kept, so that the pages of a preview and a commit need no child of their own.
KEPT: Final = 4
KEPT_MB: Final = 32

_ROOT = Path(__file__).resolve().parents[2]
_CHILD = "statements.limits.child"
#: What libraries in Rust, C++ and Python say when memory runs out, and bytes of it that are looked at.
_OUT_OF_MEMORY, _MAX_COMPLAINT = (b"memory allocation of", b"bad_alloc", b"MemoryError"), 1 << 16
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE")
_free = threading.BoundedSemaphore(AT_ONCE)
_answers: OrderedDict[tuple[str, bytes], bytes] = OrderedDict()
_answers_lock = threading.Lock()


class TooManyConversions(Exception):
    """Raised where other files keep all children busy for longer than a file waits."""


def converted(data: bytes, *, by: str) -> Any:
    """Return what the function `convert` of the module `by` makes of a file: dicts, lists, texts and numbers.

    Raises `UnreadableFile` as the function does, or if it needs more than the limits, and `TooManyConversions`.
    """
    key = (by, hashlib.sha256(data).digest())
    with _answers_lock:
        answer = _answers.get(key)
    if answer is None:
        if not _free.acquire(timeout=WAIT_S):
            raise TooManyConversions
        try:
            answer = _answer_of_child(data, by)
        finally:
            _free.release()
    found = json.loads(answer)
    if "failure" in found:
        raise _damaged(data, by, found["failure"])
    with _answers_lock:
        _answers[key] = answer
        _answers.move_to_end(key)
        while len(_answers) > KEPT or sum(map(len, _answers.values())) > KEPT_MB << 20:
            _answers.popitem(last=False)
    if "refusal" in found:
        code, detail = found["refusal"]
        raise UnreadableFile(code, detail)
    return found["result"]


def _answer_of_child(data: bytes, by: str) -> bytes:
    command = [sys.executable, "-E", "-s", "-m", _CHILD, by, *map(str, (MEMORY_MB, CPU_S, OUTPUT_MB))]
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    with (
        tempfile.TemporaryFile() as file,
        tempfile.TemporaryFile() as answer,
        tempfile.TemporaryFile() as complaint,
    ):
        file.write(data)
        file.seek(0)
        child = subprocess.Popen(  # noqa: S603 - no word of the command comes from a user
            command, stdin=file, stdout=answer, stderr=complaint, cwd=_ROOT, env=environment
        )
        try:
            status = child.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            status = -signal.SIGXCPU
        finally:
            child.kill()
            child.wait()
        answer.seek(0)
        text = answer.read()
        complaint.seek(0)
        said = complaint.read(_MAX_COMPLAINT)
    if status == 0 and text:
        return text
    if status == -signal.SIGXCPU:
        raise UnreadableFile(
            "too_slow",
            f"This file needs more than {CPU_S} seconds to be read. Download a shorter period, or choose CSV.",
        )
    # The system kills a process when memory runs out.
    if status in (TOO_LARGE, -signal.SIGKILL) or any(words in said for words in _OUT_OF_MEMORY):
        detail = f"This file needs more than {MEMORY_MB} MB to be read. Download a shorter period, or choose CSV."
        raise UnreadableFile("too_much_memory", detail)
    raise _damaged(data, by, f"the child ended with {status}")


def _damaged(data: bytes, by: str, why: str) -> UnreadableFile:
    logger.warning("%s failed on a file of %d bytes: %s", by, len(data), why)
    return UnreadableFile(
        "damaged", "This file is damaged or of an unknown kind. Download it again, or choose CSV at your bank."
    )
