"""A web process answers without the libraries that only training needs: they would cost a second and 100 MB."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings

from providers.interface import LabeledQuestion, OfferedCategory, Question
from providers.learning.training import train

WEB = "import config.wsgi; from django.urls import get_resolver; get_resolver().url_patterns"
ANSWERING = """
import pathlib, sys
from providers.interface import OfferedCategory, Question
from providers.learning.provider import suggest_all
from providers.learning.weights import Weights, digest_of
from providers.merchants import MerchantProvider
from providers.name_classifier import NameClassifierProvider
content = pathlib.Path(sys.argv[1]).read_bytes()
weights = Weights.from_bytes(content, digest=digest_of(content))
offered = (OfferedCategory(1, "Hund", "expense"), OfferedCategory(2, "Dining", "expense", "dining"))
asked = [Question("Ristorante Qvrelli", offered, owner=1)]
told = [suggest_all(weights, asked, country=""), MerchantProvider().categorize_many(asked)]
told.append(NameClassifierProvider().categorize_many(asked))
assert all(answer is not None for [answer] in told), told
"""
LOAD_CHAIN = "from providers.loading import configured_chain; assert len(configured_chain().links) == 7"
HEAVY = "'sklearn', 'scipy', 'joblib', 'pandas', 'statsmodels', 'ollama', 'httpx', 'pydantic', 'rich.table'"
TELL = f"import sys; print(sorted({{{HEAVY}}} & set(sys.modules)))"


@pytest.fixture
def weights(tmp_path):
    """A file with a trained classifier."""
    offered = (OfferedCategory(1, "Hund", "expense"), OfferedCategory(2, "Dining", "expense", "dining"))
    rows = [LabeledQuestion(Question(f"Shop {'abcdef'[i]}", offered, owner=1), 1 + i % 2) for i in range(6)]
    trained = train(rows)
    assert trained is not None
    path = tmp_path / "weights"
    path.write_bytes(trained.to_bytes())
    return path


def test_a_web_process_loads_no_heavy_library(weights, tmp_path):
    environment = os.environ | {"OUTLAY_DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings"}
    environment["OLLAMA_HOST"] = "127.0.0.1:11434"  # where nothing is called
    command: Any = [sys.executable, "-c", "\n".join([WEB, LOAD_CHAIN, ANSWERING, TELL]), str(weights)]
    run = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    assert run.stdout == "[]\n"


def test_the_supervisor_needs_the_standard_library_alone():
    program = "import sys; before = set(sys.modules); sys.path.insert(0, 'config/processes'); import supervisor; "
    program += "print({name.partition('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)"
    command: Any = [sys.executable, "-I", "-c", program]
    run = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True)  # noqa: S603
    assert run.stdout == "{'supervisor'}\n"
