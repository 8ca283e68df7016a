"""The script that makes the classifier which ships: from a package folder to one file, the same every time."""

import json

import numpy as np
import pytest

from providers.grams import grams_of
from providers.name_classifier import provider
from providers.name_classifier import train as training
from providers.name_classifier.train import Example

#: The rounds that are enough for all brands leave a few names unfinished.
pytestmark = pytest.mark.filterwarnings("ignore:Maximum number of iteration reached")

PRESETS = {
    "shop/pet": {"tags": {"shop": "pet"}},
    "amenity/pharmacy": {"tags": {"amenity": "pharmacy"}},
    "amenity/bank": {"tags": {"amenity": "bank"}},
    "natural/tree": {"tags": {"natural": "tree"}},
}
TEXTS = {
    "en": {
        "shop/pet": {"name": "Pet Store (animals)", "terms": "dog,cat food", "aliases": "Zoo Shop\nPet Shop"},
        "amenity/pharmacy": {"name": "Pharmacy"},
        "amenity/bank": {"name": "Bank"},
        "natural/tree": {"name": "Tree", "terms": "leaf"},
        "amenity/unknown": {"name": "Unknown"},
    },
    "de": {"shop/pet": {"name": "Zoohandlung"}, "amenity/pharmacy": {"name": "Apotheke", "terms": " ,4711,"}},
}
EXAMPLES = [
    Example("tierfutter zumsel", "pets"),
    Example("apotheke qvrelli", "healthcare"),
    Example("gasthof pfrunt", "dining"),
]


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "package"
    (folder / "dist" / "translations").mkdir(parents=True)
    (folder / "dist" / "presets.json").write_text(json.dumps(PRESETS), encoding="utf-8")
    for language in training.LANGUAGES:
        texts = {language: {"presets": {"presets": TEXTS.get(language, {})}}}
        (folder / "dist" / "translations" / f"{language}.json").write_text(json.dumps(texts), encoding="utf-8")
    (folder / "package.json").write_text(json.dumps({"version": "6.0.1"}), encoding="utf-8")
    (folder / "LICENSE.md").write_text("Do as you please.", encoding="utf-8")
    return folder


def write(package, target):
    target.mkdir()
    training.write_classifier(EXAMPLES, package=package, target=target)
    return target / provider.FILE


def test_names_aliases_and_terms_of_known_kinds_are_examples(package):
    assert list(training.read_terms(package)) == [
        Example("pet store", "pets"),
        Example("zoo shop", "pets"),
        Example("pet shop", "pets"),
        Example("dog", "pets", 0.5),
        Example("cat food", "pets", 0.5),
        Example("pharmacy", "healthcare"),
        Example("zoohandlung", "pets"),
        Example("apotheke", "healthcare"),
    ]


def test_a_package_becomes_one_file_with_its_license_beside_it(package, tmp_path):
    path = write(package, tmp_path / "made")
    assert (tmp_path / "made" / "LICENSE-id-tagging-schema").read_text(encoding="utf-8") == "Do as you please."
    with np.load(path, allow_pickle=False) as stored:
        assert str(stored["version"]).endswith("+ids.6.0.1")
        assert stored["categories"].tolist() == ["dining", "healthcare", "pets"]
        assert (stored["weights"].dtype, stored["weights"].shape) == (np.dtype(np.int8), (65_536, 3))


def test_what_was_written_answers(package, tmp_path):
    sounds = provider.read_name_classifier(write(package, tmp_path / "made"))
    for text, category in (("zoohandlung", "pets"), ("apotheke luna", "healthcare")):
        [likely] = sounds.probabilities([grams_of(text)])
        assert sounds.categories[int(likely.argmax())] == category


def test_training_twice_gives_the_same_file(package, tmp_path):
    assert write(package, tmp_path / "one").read_bytes() == write(package, tmp_path / "other").read_bytes()


def test_the_script_trains_on_known_brands_and_words_too(package, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "ROUNDS", 1)
    training.main([str(package), "--target", str(tmp_path)])
    sounds = provider.read_name_classifier(tmp_path / provider.FILE)
    assert set(sounds.categories) == set(provider.load_name_classifier().categories)


def test_categories_are_weighted_by_payments():
    examples = [Example("a", "dining")] * 30 + [Example("b", "groceries"), Example("c", "pets")]
    weights = training._balanced(examples)
    total = {
        category: sum(w for w, e in zip(weights, examples, strict=True) if e.category == category)
        for category in ("dining", "groceries", "pets")
    }
    assert total["dining"] / total["groceries"] == pytest.approx(20 / 15)
    assert total["groceries"] / total["pets"] == pytest.approx(15 / 2)
