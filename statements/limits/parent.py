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

logger = logging.getLogger(__name__)

#: Address space of the child; an empty one with its libraries takes about 250 MB.
MEMORY_MB: Final = 1024
#: Seconds of processor time, and of any time.
CPU_S: Final = 40
DEADLINE_S: Final = 60
#: Bytes of the answer.
OUTPUT_MB: Final = 64
#: Children that run at a time; further files wait.
AT_ONCE: Final = 2
#: Answers kept, so that the pages of a preview and a commit need no child of their own.
KEPT: Final = 4
KEPT_MB: Final = 32

_ROOT = Path(__file__).resolve().parents[2]
_CHILD = "statements.limits.child"
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE")
_free = threading.BoundedSemaphore(AT_ONCE)
_answers: OrderedDict[tuple[str, bytes], bytes] = OrderedDict()
_answers_lock = threading.Lock()


def converted(data: bytes, *, by: str) -> Any:
    """Return what the function `convert` of the module `by` makes of a file: dicts, lists, texts and numbers.

    Raises `UnreadableFile` as the function does, or if it needs more than the limits.
    """
    key = (by, hashlib.sha256(data).digest())
    with _answers_lock:
        answer = _answers.get(key)
    if answer is None:
        with _free:
            answer = _answer_of_child(data, by)
    found = json.loads(answer)
    if "failure" in found:
        logger.warning("%s failed on a file of %d bytes: %s", by, len(data), found["failure"])
        raise UnreadableFile(
            "damaged", "This file is damaged or of an unknown kind. Download it again, or choose CSV at your bank."
        )
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
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as answer:
        file.write(data)
        file.seek(0)
        child = subprocess.Popen(  # noqa: S603 - no word of the command comes from a user
            command, stdin=file, stdout=answer, stderr=subprocess.DEVNULL, cwd=_ROOT, env=environment
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
    if status == 0 and text:
        return text
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        raise UnreadableFile(
            "too_slow",
            f"This file needs more than {CPU_S} seconds to be read. Download a shorter period, or choose CSV.",
        )
    raise _too_large()


def _too_large() -> UnreadableFile:
    detail = f"This file needs more than {MEMORY_MB} MB to be read. Download a shorter period, or choose CSV."
    return UnreadableFile("too_much_memory", detail)
