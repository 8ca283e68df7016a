"""The child process: it limits itself, converts one file, and ends. Nothing of Django is loaded here."""

import importlib
import json
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

from statements.importer import UnreadableFile

#: The exit code for a file or an answer that is too large.
TOO_LARGE = 3


def main(by: str, memory_mb: str, cpu_s: str, output_mb: str) -> None:
    """Convert the file on standard input under these limits, and write the answer to standard output."""
    memory, seconds, output = int(memory_mb) << 20, int(cpu_s), int(output_mb) << 20
    limits = {
        resource.RLIMIT_AS: (memory, memory),
        resource.RLIMIT_CPU: (seconds, seconds + 1),  # the first one ends the process by a signal of its own
        resource.RLIMIT_FSIZE: (output, output),
        resource.RLIMIT_CORE: (0, 0),
    }
    for limit, values in limits.items():
        with suppress(ValueError, OSError):  # a system that does not know the limit, or has set a lower one
            resource.setrlimit(limit, values)
    answer = _outcome(by, sys.stdin.buffer)
    with suppress(OSError, MemoryError):
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()
        os._exit(0)
    os._exit(TOO_LARGE)


def _outcome(by: str, file: IO[bytes]) -> bytes:
    try:
        return json.dumps({"result": importlib.import_module(by).convert(file.read())}).encode()
    except UnreadableFile as error:
        return json.dumps({"refusal": [error.code, error.detail]}).encode()
    except MemoryError:
        os._exit(TOO_LARGE)
    except BaseException as error:  # noqa: BLE001 - a parser written in Rust panics with one
        # The message may quote the file, so the log gets the kind and the place alone.
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else "?"
        return json.dumps({"failure": f"{type(error).__name__} at {where}"}).encode()


if __name__ == "__main__":
    main(*sys.argv[1:])
