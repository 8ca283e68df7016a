"""Types the commands of a page into bash, whose `curl` asks the test client, and compares the answers shown."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.test import TestCase
from rest_framework.test import APIClient

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ANYTHING = "…"
#: Options of curl without an argument; every other one of `Request.of` takes one.
SWITCHES = {"-s", "-i", "-OJ"}
#: `curl` hands its arguments over and prints what comes back; `shown` asks to compare the answer shown next.
SHELL = r"""
set -euo pipefail
ask() { printf '%s\0' "$@" > "$QUESTIONS"; cat "$ANSWERS"; }
curl() { ask curl "$@"; }
shown() { ask shown "$1"; }
trap 'printf "ends\0%s\0" $? > "$QUESTIONS"' EXIT
"""


@dataclass
class Request:
    """One curl command, as curl would send it."""

    command: list[str]
    url: str = ""
    method: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    data: str = ""
    form: dict[str, str] = field(default_factory=dict)
    #: The file that keeps the answer; "" prints it.
    output: str = ""
    #: The folder of files that earlier commands kept.
    folder: Path = settings.BASE_DIR

    @classmethod
    def of(cls, words: list[str], folder: Path) -> Self:
        request, rest = cls(words, folder=folder), iter(words)
        for word in rest:
            if not word.startswith("-"):
                request.url = word
            elif word not in SWITCHES:
                request._set(word, next(rest))
        return request

    def _set(self, option: str, value: str) -> None:
        match option:
            case "-H":
                name, _, content = value.partition(":")
                self.headers[name.strip()] = content.strip()
            case "-d":
                self.data = value
            case "-F":
                name, _, content = value.partition("=")
                self.form[name] = content
            case "-X":
                self.method = value
            case "-o":
                self.output = value
            case _:
                raise AssertionError(f"the tests do not know curl's option {option}")

    def send(self) -> Any:
        parts = urlsplit(self.url)
        method = (self.method or ("POST" if self.data or self.form else "GET")).lower()
        headers = {name: value for name, value in self.headers.items() if name != "Content-Type"}
        with ExitStack() as files, TestCase.captureOnCommitCallbacks(execute=True):
            body = self._body(files)
            address = parts.path + ("?" + parts.query if parts.query else "")
            return getattr(APIClient(headers=headers), method)(address, **body)

    def _path(self, name: str) -> Path:
        """Return the file of a name: one that a command kept, else one of the project."""
        return self.folder / name if (self.folder / name).exists() else settings.BASE_DIR / name

    def _body(self, files: ExitStack) -> dict[str, Any]:
        if self.form:
            form = {
                name: files.enter_context(self._path(value[1:]).open("rb")) if value[:1] == "@" else value
                for name, value in self.form.items()
            }
            return {"data": form, "format": "multipart"}
        if not self.data:
            return {}
        data = (settings.BASE_DIR / self.data[1:]).read_bytes() if self.data[:1] == "@" else self.data.encode()
        return {"data": data, "content_type": self.headers.get("Content-Type", "application/x-www-form-urlencoded")}


def blocks_of(page: str) -> list[tuple[str, str]]:
    """Return the language and the text of each block of code."""
    return BLOCK.findall(page)


def has_commands(text: str) -> bool:
    """Return True for a block that talks to the server."""
    return re.search(r"^\$? ?(?:\w+=.*)?curl |begin\.sh", text, re.MULTILINE) is not None


def faults_of(page: str, *, folder: Path, run_tasks: Callable[[], None]) -> list[str]:
    """Type all commands of a page in one shell. Return each refused command and each answer that is not as shown."""
    script, answers_shown = _script(page)
    questions, answers = folder / "questions", folder / "answers"
    for pipe in (questions, answers):
        os.mkfifo(pipe)
    environment = os.environ | {"QUESTIONS": str(questions), "ANSWERS": str(answers)}
    said = folder / "said"
    with said.open("w") as out, ExitStack() as stack:
        command = ["bash", "-c", script]
        shell = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=out, stderr=out)  # noqa: S603
        stack.callback(shell.wait)
        stack.callback(shell.kill)
        faults = list(_answer(questions, answers, answers_shown, run_tasks))
        shell.wait()
    return faults + ([said.read_text()[-1000:]] if shell.returncode else [])


def _answer(questions: Path, answers: Path, answers_shown: list[Any], run_tasks: Callable[[], None]) -> Iterator[str]:
    """Answer the shell until it ends. Yield the faults."""
    last: tuple[Request, Any] | None = None
    while True:
        kind, *words = questions.read_bytes().decode().split("\0")[:-1]
        if kind == "shown":
            assert last is not None, "an answer is shown without a command"
            yield from _differences(answers_shown[int(words[0])], *last)
        elif last is not None and last[1].status_code >= 400:
            yield f"{last[0].command}: {_body(last[1]).decode()}"
        if kind == "ends":
            return
        last = None
        body = b""
        if kind == "curl":
            request = Request.of(words, questions.parent)
            answer = request.send()
            if request.output and "/" not in request.output and answer.streaming:
                (request.folder / request.output).write_bytes(b"".join(answer.streaming_content))
            last, body = (request, answer), _body(answer)
            if answer.status_code == 202 or b'"is_stale":true' in body:
                run_tasks()
        answers.write_bytes(body)


def _body(answer: Any) -> bytes:
    """Return the content of an answer. A file is closed instead: no page shows one."""
    if answer.streaming:
        answer.close()
        return b""
    return bytes(answer.content)


def _script(page: str) -> tuple[str, list[Any]]:
    """Return the page as one script, and the answers that it shows, by number."""
    script = [SHELL]
    answers: list[Any] = []
    for language, text in blocks_of(page):
        if language == "sh" and has_commands(text):
            script.append(text)
        elif language == "json":
            script.append(f"shown {len(answers)}")
            answers.append(json.loads(text))
    return "\n".join(script), answers


def _differences(shown: Any, request: Request, answer: Any) -> Iterator[str]:
    is_error = isinstance(shown, dict) and "errors" in shown and "title" in shown
    if answer.status_code != (shown["status"] if is_error else answer.status_code) or (
        answer.status_code >= 400 and not is_error
    ):
        yield f"{request.command}: {answer.status_code} {_body(answer).decode()}"
    else:
        yield from (f"{request.command}: {fault}" for fault in differences(shown, answer.json()))


def differences(shown: Any, real: Any, at: str = "answer") -> Iterator[str]:
    """Return where a shortened answer says something else than the real one."""
    if isinstance(shown, dict) and isinstance(real, dict):
        for key in shown:
            yield from differences(shown[key], real.get(key, "nothing"), f"{at}.{key}")
    elif isinstance(shown, list) and isinstance(real, list) and len(shown) == len(real):
        for i, (one, other) in enumerate(zip(shown, real, strict=True)):
            yield from differences(one, other, f"{at}.{i}")
    elif shown not in (ANYTHING, real):
        yield f"{at}: the page shows {shown!r}, the answer is {real!r}"
