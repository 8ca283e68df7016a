"""The setting becomes a chain, and every fault in it is a system check with a hint."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from providers.interface import Provider
from providers.loading import build_chain, check_chain, configured_chain

HINT = "See docs/chain.md for the form of CATEGORIZATION_PROVIDERS."
SCRIPTED = "tests.fakes.ScriptedProvider"
RULES = "rules.provider.RulesProvider"


class Particular(Provider):
    """A link with options, some of them wrong."""

    name = "particular"

    def __init__(self, *, size: int = 1) -> None:
        self.size = int(size)

    def categorize_many(self, questions: Any) -> Any:
        return [None] * len(questions)

    def check(self) -> list[str]:
        return [f"size must be positive, not {self.size}.", "Choose another."] if self.size < 0 else []


class Unfinished(Provider):
    """Lacks the one method that a link has."""

    name = "unfinished"


class Nameless(Particular):
    name = ""


PARTICULAR = f"{__name__}.Particular"
FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no backend": ({"MIN_CONFIDENCE": 0.5}, "The entry {'MIN_CONFIDENCE': 0.5} names no BACKEND."),
    "empty backend": ({"BACKEND": ""}, "The entry {'BACKEND': ''} names no BACKEND."),
    "unknown key": (
        {"BACKEND": RULES, "TRESHOLD": 0.5},
        f"{RULES} has the unknown key TRESHOLD; known are ['BACKEND', 'DEFERRED', 'MIN_CONFIDENCE', 'OPTIONS'].",
    ),
    "no such module": (
        {"BACKEND": "nowhere.Link"},
        "nowhere.Link could not be imported: No module named 'nowhere'",
    ),
    "no such class": (
        {"BACKEND": "tests.fakes.Nobody"},
        'tests.fakes.Nobody could not be imported: Module "tests.fakes" does not define a "Nobody" attribute/class',
    ),
    "no dotted path": ({"BACKEND": "rules"}, "rules could not be imported: rules doesn't look like a module path"),
    "unknown option": (
        {"BACKEND": PARTICULAR, "OPTIONS": {"sise": 1}},
        f"{PARTICULAR} does not take these OPTIONS: Particular.__init__() got an unexpected keyword argument 'sise'",
    ),
    "not a link": ({"BACKEND": "builtins.dict"}, "builtins.dict is not a subclass of providers.interface.Provider."),
    "unfinished link": (
        {"BACKEND": f"{__name__}.Unfinished"},
        (
            f"{__name__}.Unfinished does not take these OPTIONS: Can't instantiate abstract class Unfinished "
            "with abstract method categorize_many"
        ),
    ),
    "option of no use": (
        {"BACKEND": PARTICULAR, "OPTIONS": {"size": "big"}},
        f"{PARTICULAR} does not take these OPTIONS: invalid literal for int() with base 10: 'big'",
    ),
    "no name": ({"BACKEND": f"{__name__}.Nameless"}, f"{__name__}.Nameless has no name."),
    "backend no path": ({"BACKEND": 5}, "The entry {'BACKEND': 5} names no BACKEND."),
    "threshold too high": (
        {"BACKEND": RULES, "MIN_CONFIDENCE": 80},
        f"MIN_CONFIDENCE of {RULES} must be between 0 and 1, not 80.",
    ),
    "threshold below 0": (
        {"BACKEND": RULES, "MIN_CONFIDENCE": -0.1},
        f"MIN_CONFIDENCE of {RULES} must be between 0 and 1, not -0.1.",
    ),
    "threshold no number": (
        {"BACKEND": RULES, "MIN_CONFIDENCE": "0.8"},
        f"MIN_CONFIDENCE of {RULES} must be between 0 and 1, not '0.8'.",
    ),
    "threshold nan": (
        {"BACKEND": RULES, "MIN_CONFIDENCE": float("nan")},
        f"MIN_CONFIDENCE of {RULES} must be between 0 and 1, not nan.",
    ),
    "threshold a flag": (
        {"BACKEND": RULES, "MIN_CONFIDENCE": True},
        f"MIN_CONFIDENCE of {RULES} must be between 0 and 1, not True.",
    ),
    "deferred no flag": (
        {"BACKEND": RULES, "DEFERRED": "no"},
        f"DEFERRED of {RULES} must be True or False, not 'no'.",
    ),
    "options no mapping": (
        {"BACKEND": PARTICULAR, "OPTIONS": ["size"]},
        f"OPTIONS of {PARTICULAR} must be a dictionary, not ['size'].",
    ),
    "entry no mapping": (
        RULES,  # type: ignore[dict-item]
        f"An entry is a dictionary with BACKEND, not {RULES!r}.",
    ),
}


@pytest.mark.parametrize(("entry", "message"), FAULTS.values(), ids=FAULTS)
def test_a_faulty_entry_is_an_error_that_names_the_fault(use_chain, entry, message):
    use_chain({"BACKEND": RULES}, entry)
    assert check_chain(None) == [checks.Error(message, hint=HINT, id="providers.E001")]
    with pytest.raises(ImproperlyConfigured) as raised:
        configured_chain()
    assert str(raised.value) == message


def test_each_refused_option_is_an_error(use_chain):
    use_chain({"BACKEND": RULES}, {"BACKEND": PARTICULAR, "OPTIONS": {"size": -1}})
    assert check_chain(None) == [
        checks.Error(f"{PARTICULAR}: size must be positive, not -1.", hint=HINT, id="providers.E002"),
        checks.Error(f"{PARTICULAR}: Choose another.", hint=HINT, id="providers.E002"),
    ]


def test_options_of_the_model_link_are_checked_offline(use_chain):
    use_chain({"BACKEND": "providers.ollama.OllamaProvider", "OPTIONS": {"model": "", "host": "nas"}})
    assert [message.id for message in check_chain(None)] == ["providers.E002", "providers.E002"]


def test_two_links_of_one_name_are_an_error(use_chain):
    use_chain({"BACKEND": RULES}, {"BACKEND": SCRIPTED}, {"BACKEND": SCRIPTED, "DEFERRED": True})
    assert check_chain(None) == [checks.Error("Two links are called model.", hint=HINT, id="providers.E003")]


@pytest.mark.parametrize("setting", [[], ()])
def test_an_empty_chain_is_a_warning(settings, setting):
    settings.CATEGORIZATION_PROVIDERS = setting
    message = "No link is configured: nothing will be categorized."
    assert check_chain(None) == [checks.Warning(message, hint=HINT, id="providers.W001")]


def test_all_faulty_entries_are_told_at_once(use_chain):
    use_chain({"BACKEND": "nowhere.Link"}, {"BACKEND": PARTICULAR, "OPTIONS": {"size": -1}}, {})
    assert [message.id for message in check_chain(None)] == [
        "providers.E001",
        *["providers.E002"] * 2,
        "providers.E001",
    ]


def test_the_shipped_setting_has_no_fault():
    assert check_chain(None) == []
    assert check_chain in checks.registry.registry.get_checks()


def test_an_entry_becomes_a_link_with_its_threshold_and_options():
    chain = build_chain(
        [
            {"BACKEND": PARTICULAR, "MIN_CONFIDENCE": 0.75, "OPTIONS": {"size": 3}},
            {"BACKEND": SCRIPTED, "MIN_CONFIDENCE": 1, "DEFERRED": True},
        ]
    )
    told = [(type(link.provider).__name__, link.min_confidence, link.is_deferred) for link in chain.links]
    assert told == [("Particular", 0.75, False), ("ScriptedProvider", 1.0, True)]
    assert [link.provider.name for link in chain.deferred] == ["model"]
    first = chain.links[0].provider
    assert isinstance(first, Particular)
    assert first.size == 3


def test_the_chain_is_rebuilt_when_the_setting_changes(use_chain):
    use_chain({"BACKEND": SCRIPTED})
    chain = configured_chain()
    assert configured_chain() is chain
    use_chain({"BACKEND": RULES})
    assert [link.provider.name for link in configured_chain().links] == ["rule"]


def test_a_public_ollama_host_stops_the_start_and_the_hint_names_what_to_change():
    """`manage.py serve` runs these checks first, and ends if one is an error."""
    environment = {**os.environ, "OLLAMA_HOST": "203.0.113.9", "OUTLAY_OLLAMA_PUBLIC": "no"}
    for command in ("check", "serve"):
        arguments = [sys.executable, "manage.py", command]
        done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        assert done.returncode == 1
        assert "host: 203.0.113.9 is a public address, so nothing is sent to it." in done.stderr
        assert (
            "HINT: Change OLLAMA_HOST, or allow a public address with OUTLAY_OLLAMA_PUBLIC=yes; "
            "see docs/model.md#endpoints. Further options are in docs/model.md#options."
        ) in done.stderr
