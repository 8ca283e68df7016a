"""The form of the tables in this package: `[section]` lines, entries below them, `#` for remarks."""

from collections.abc import Iterator


def read_lines(text: str) -> Iterator[tuple[str, str]]:
    """Each entry with the name of the section that it stands in."""
    section = ""
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            yield section, line
