"""Records the cassettes anew from a running Ollama: `python -m tests.record_cassettes [scenario …]`.

OLLAMA_HOST says where it answers (127.0.0.1:11434), OUTLAY_OLLAMA_MODEL which model is asked (smollm2:135m). The model
must be pulled. Times, paths and addresses of the machine are left out of what is written.
"""

import os
import sys
import time

import django
import ollama
from django.test import override_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.providers.ollama_cassettes import FOLDER, cassette  # noqa: E402 - the models need configured settings
from tests.providers.ollama_scenarios import HOST, MODEL, SCENARIOS, TOOLS_MODEL  # noqa: E402 - the same

# Nothing may be answered from a cache while recording, except within a scenario.
_CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

_TOOLS_TEMPLATE = """{{- if .Tools }}<|im_start|>system
You call functions. Functions:
{{ range .Tools }}{{ . }}
{{ end }}
Answer with one line: <tool_call>{"name": "function name", "arguments": {}}</tool_call>
When a tool has answered, answer the question in one short sentence.<|im_end|>
{{ end }}{{- range .Messages }}<|im_start|>{{ if eq .Role "tool" }}user
Result of the tool: {{ .Content }}{{ else }}{{ .Role }}
{{ if .ToolCalls }}{{ range .ToolCalls }}<tool_call>{"name": "{{ .Function.Name }}", \
"arguments": {{ .Function.Arguments }}}</tool_call>
{{ end }}{{ else }}{{ .Content }}{{ end }}{{ end }}<|im_end|>
{{ end }}<|im_start|>assistant
"""


def record(name: str) -> None:
    """Write one cassette. Only `cold_start` begins with a model that is not in memory."""
    from django.core.cache import cache  # noqa: PLC0415 (needs configured settings)

    cache.clear()
    _bring_model(into_memory=name != "cold_start")
    with cassette(name, record=True):
        outcome = SCENARIOS[name]()
    sys.stdout.write(f"{name}: {outcome}\n")


def _bring_model(*, into_memory: bool) -> None:
    server = ollama.Client(HOST)
    server.generate(MODEL, keep_alive="10m" if into_memory else 0, options={"num_ctx": 4096})
    while any(one.model == MODEL for one in server.ps().models) != into_memory:
        time.sleep(0.2)


def make_tools_model() -> None:
    """Give the model a template with tools, under another name, for `tests/api/test_asking_the_model.py`."""
    ollama.Client(HOST).create(TOOLS_MODEL, from_=MODEL, template=_TOOLS_TEMPLATE, parameters={"stop": ["<|im_end|>"]})


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with override_settings(CACHES=_CACHES):
        for name in sys.argv[1:] or SCENARIOS:
            make_tools_model() if name == "tools_model" else record(name)
