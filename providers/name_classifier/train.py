"""Train the classifier that the resemblance link loads.

    npm pack @openstreetmap/id-tagging-schema && tar xzf openstreetmap-id-tagging-schema-*.tgz
    python -m providers.name_classifier.train package

The examples are the brands and general words of `providers.merchants`. The tagging schema adds names and search terms
for kinds of places in LANGUAGES. No user's transactions are among them.
"""

import argparse
import json
import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import SGDClassifier

from providers.grams import BUCKETS, grams_of
from providers.merchants.dictionary import load_dictionary, load_kinds, load_words
from providers.name_classifier.provider import FILE, LEAST_WORD
from providers.normalization import normalize

#: Names of the schema's files of translations.
LANGUAGES = [
    "en", "de", "fr", "es", "it", "nl", "pt", "pt-BR", "pl", "sv", "ru", "da", "no", "nb", "fi", "cs", "hu",
    "ro", "tr", "uk", "el", "ja", "zh-CN", "ko", "ar", "he", "sk", "hr", "ca", "bg",
]  # fmt: skip
#: How many of a hundred card payments are of a category, roughly; of those not named, two. The sources count shops.
PAYMENTS = {
    "shopping": 20, "dining": 20, "groceries": 15, "transport": 12, "travel": 6, "entertainment": 6, "healthcare": 5,
    "subscriptions": 4, "utilities": 4, "fees-taxes": 3,
}  # fmt: skip
RARE_PAYMENTS = 2
#: A search term is looser than a name: "fish" leads editors to pet shops, too.
TERM_WEIGHT = 0.5
#: Shortest words are known only if so many examples have them: chance makes words of three letters.
COMMON = 20
ALPHA = 1e-5
ROUNDS = 20
_LARGEST = 127
_PACKAGE = Path(str(files("providers.name_classifier")))
_PARENTHESES = re.compile(r"[(\[].*?[)\]]")


class Example(NamedTuple):
    """A normalized name of something in a category (its key), and its weight."""

    text: str
    category: str
    weight: float = 1.0


def main(arguments: list[str] | None = None) -> None:
    """Read an unpacked package, write the classifier and the license of the schema."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path, help="folder of the unpacked npm package")
    parser.add_argument("--target", type=Path, default=_PACKAGE, help="folder to write to (default: this package)")
    options = parser.parse_args(arguments)
    names = [*load_dictionary().categories_of_names(), *load_words().spent()]
    write_classifier([Example(*pair) for pair in names], package=options.package, target=options.target)


def write_classifier(examples: Sequence[Example], *, package: Path, target: Path) -> None:
    """Train on these and on the terms of the unpacked package; its license goes beside the file."""
    about = json.loads((package / "package.json").read_text(encoding="utf-8"))
    version = f"nsi.{load_dictionary().version}+ids.{about['version']}"
    np.savez(target / FILE, version=version, **train([*examples, *read_terms(package)]))
    shutil.copyfile(package / "LICENSE.md", target / "LICENSE-id-tagging-schema")


def train(examples: Sequence[Example]) -> dict[str, Any]:
    """Fit a one-against-all logistic regression; its weights in 8 bits cost no right answer."""
    rows = [grams_of(example.text) for example in examples]
    starts = np.cumsum([0, *(len(buckets) for buckets, _ in rows)])
    data = [value for _, values in rows for value in values]
    table = csr_matrix((data, [b for buckets, _ in rows for b in buckets], starts), shape=(len(rows), BUCKETS))
    classifier = SGDClassifier(loss="log_loss", alpha=ALPHA, max_iter=ROUNDS, random_state=0)
    classifier.fit(table, [example.category for example in examples], sample_weight=_balanced(examples))
    scale = np.abs(classifier.coef_).max() / _LARGEST
    counted = Counter(word for example in examples for word in example.text.split())
    words = [word for word, n in counted.items() if len(word) > LEAST_WORD or (len(word) == LEAST_WORD and n >= COMMON)]
    return {
        "categories": np.array(classifier.classes_, dtype=str),
        "weights": np.round(classifier.coef_.T / scale).astype(np.int8),
        "scale": np.float32(scale),
        "bias": classifier.intercept_.astype(np.float32),
        "words": np.array(sorted({crc32(word.encode()) for word in words}), dtype=np.uint32),
    }


def _balanced(examples: Sequence[Example]) -> list[float]:
    """Weigh examples so that categories count by their payments, not by the number of their names."""
    total: dict[str, float] = defaultdict(float)
    for example in examples:
        total[example.category] += example.weight
    n = sum(total.values())
    shares = {category: PAYMENTS.get(category, RARE_PAYMENTS) / 100 * n / total[category] for category in total}
    return [example.weight * shares[example.category] for example in examples]


def read_terms(package: Path) -> Iterator[Example]:
    """Yield the schema's names and terms of kinds of places of known category, in all LANGUAGES."""
    presets = json.loads((package / "dist" / "presets.json").read_text(encoding="utf-8"))
    for language in LANGUAGES:
        path = package / "dist" / "translations" / f"{language}.json"
        translated: Mapping[str, Any] = next(iter(json.loads(path.read_text(encoding="utf-8")).values()))
        for preset, texts in translated["presets"]["presets"].items():
            tags = presets.get(preset, {}).get("tags", {}).items()
            kinds = (load_kinds().get(f"{key}={value}") for key, value in tags)
            category = next((kind.category for kind in kinds if kind and kind.category), "")
            if not category:
                continue
            names = [texts.get("name") or "", *(texts.get("aliases") or "").split("\n")]
            weighed = [(_PARENTHESES.sub("", name), 1.0) for name in names]
            weighed += [(term, TERM_WEIGHT) for term in (texts.get("terms") or "").split(",")]
            for text, weight in weighed:
                if normalized := normalize(text):
                    yield Example(normalized, category, weight)


if __name__ == "__main__":
    main()
