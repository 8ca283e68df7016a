"""Reads the commands that a page shows, so that a test can do what its reader would."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

BLOCK = re.compile(r"^```(sh|json)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ASSIGNMENT = re.compile(r"(\w+)=(.*)", re.DOTALL)
SUBSTITUTION = re.compile(r"\w+=\$\((curl .*)\)\s*", re.DOTALL)
#: Options of curl without an argument; every other one of `curl` below takes one.
SWITCHES = {"-s", "-i", "-v", "-f", "-sS", "-fsS", "--silent", "--fail"}
ANYTHING = "…"


@dataclass
class Request:
    """What one curl command sends, and the answer that the page shows under it, if it does."""

    command: str
    url: str = ""
    method: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    data: str = ""
    form: dict[str, str] = field(default_factory=dict)
    shown: Any = None

    @property
    def verb(self) -> str:
        """The method as curl chooses it."""
        return (self.method or ("POST" if self.data or self.form else "GET")).lower()


def requests_of(page: str) -> list[Request]:
    """Every curl command of the page's `sh` blocks, in order. Variables that the blocks set are filled in."""
    requests: list[Request] = []
    variables: dict[str, str] = {}
    for language, text in BLOCK.findall(page):
        if language == "json" and requests:
            requests[-1].shown = json.loads(text)
        elif language == "sh":
            requests += _requests_of_block(text, variables)
    return requests


def _requests_of_block(text: str, variables: dict[str, str]) -> Iterator[Request]:
    for command in _commands(text):
        inner = SUBSTITUTION.fullmatch(command)
        words = [_fill_in(word, variables) for word in shlex.split(inner[1] if inner else command, comments=True)]
        assigned = [ASSIGNMENT.fullmatch(word) for word in words]
        if words and words[0] == "curl":
            yield _parse(command, words[1 : words.index("|") if "|" in words else None])
        elif all(assigned):
            variables |= {match[1]: match[2] for match in assigned if match}


def _commands(text: str) -> Iterator[str]:
    """Commands of a block: a line, with those after it while a quote is open or the line ends with a backslash."""
    command = ""
    for line in text.splitlines():
        command += line.removesuffix("\\") + ("" if line.endswith("\\") else "\n")
        if not line.endswith("\\") and _is_whole(command):
            yield command.strip()
            command = ""
    assert not command.strip(), f"a command that does not end: {command}"


def _is_whole(command: str) -> bool:
    try:
        shlex.split(command, comments=True)
    except ValueError:
        return False
    return True


def _fill_in(word: str, variables: dict[str, str]) -> str:
    return re.sub(r"\$\{?(\w+)\}?", lambda match: variables.get(match[1], match[0]), word)


def _parse(command: str, words: list[str]) -> Request:
    request, rest = Request(command), iter(words)
    for word in rest:
        if not word.startswith("-"):
            request.url = word
        elif word not in SWITCHES:
            _set_option(request, word, next(rest))
    return request


def _set_option(request: Request, option: str, value: str) -> None:
    if option in {"-H", "--header"}:
        name, _, content = value.partition(":")
        request.headers[name.strip()] = content.strip()
    elif option in {"-d", "--data", "--json"}:
        request.data = value
        if option == "--json":
            request.headers["Content-Type"] = "application/json"
    elif option in {"-F", "--form"}:
        name, _, content = value.partition("=")
        request.form[name] = content
    elif option in {"-X", "--request"}:
        request.method = value
    else:
        assert option in {"-o", "--output", "-w"}, f"the tests do not know curl's option {option}"


def differences(shown: Any, real: Any, at: str = "answer") -> Iterator[str]:
    """Where a shortened answer says something else than the real one. Ids are not compared."""
    if isinstance(shown, dict) and isinstance(real, dict):
        for key in shown.keys() - {"id"}:
            yield from differences(shown[key], real.get(key, "nothing"), f"{at}.{key}")
    elif isinstance(shown, list) and isinstance(real, list) and len(shown) == len(real):
        for i, (one, other) in enumerate(zip(shown, real, strict=True)):
            yield from differences(one, other, f"{at}.{i}")
    elif shown not in (ANYTHING, real):
        yield f"{at}: the page shows {shown!r}, the answer is {real!r}"
