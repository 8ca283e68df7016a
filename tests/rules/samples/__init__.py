"""Rules as other products write them."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def text_of(name: str) -> str:
    return (FOLDER / name).read_text()


def document_of(name: str) -> Any:
    return json.loads(text_of(name))
