"""Measure names in damaged text: found and right by kind of damage and by strength, false alarms, speed, cost.

    python -m benchmarks.keywords [folder ...]

Names of brands of several countries and of an invented owner's merchants are damaged as banks do it
(`benchmarks.bank_damage`). Folders of labeled files (`benchmarks.labeled_files`) show the same on real statements.
"""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.bank_damage import DamagedText, brand_names, damaged_texts, nonsense, people
from benchmarks.labeled_files import CATEGORIES, read_file
from providers.damaged_names.index import Damage
from providers.damaged_names.shipped import ShippedName, find_shipped_name, is_known_whole
from providers.merchants.provider import find_in_normalized
from providers.normalization import normalize

N_PER_COUNTRY = 250
N_NONSENSE = 4_000


def main() -> None:
    """Print everything."""
    print(f"index of the shipped names: {cost_of_index()}")
    texts = list(damaged_texts(brand_names(n_per_country=N_PER_COUNTRY, seed=1), seed=2))
    open_texts = [one for one in texts if not is_known_whole(one.text, one.direction, one.country)]
    print(f"{len(texts):,} damaged texts; {len(texts) - len(open_texts):,} still hold a known name, and are left out")
    outcomes = [(one, ask(one.text, one.country)) for one in open_texts]
    print_damage(outcomes)
    print_strengths((found, found.category == one.category) for one, found in outcomes if found)
    for title, made in (("nonsense", nonsense(N_NONSENSE, seed=3)), ("people", people(N_NONSENSE, seed=3))):
        unknown = [(text, country) for text, country in made if not is_known_whole(text, "out", country)]
        n = sum(ask(text, country) is not None for text, country in unknown)
        print(f"{title}: {n} of {len(unknown):,} taken for a name, {100 * n / len(unknown):.1f} %")
    print_speed(texts)
    for folder in sys.argv[1:]:
        print(f"{folder}, distinct texts of money out without a known name:")
        print_strengths(labeled_outcomes(sorted(Path(folder).glob("*.csv"))))


def ask(text: str, country: str) -> ShippedName | None:
    """Return the shipped name that the text holds damaged."""
    return find_shipped_name(tuple(normalize(text).split()), "out", country)


def print_damage(outcomes: Sequence[tuple[DamagedText, ShippedName | None]]) -> None:
    """Print the share found, and of those the share of right categories, by kind of damage."""
    counts = Counter((one.damage, "n") for one, _ in outcomes)
    counts += Counter((one.damage, "found") for one, found in outcomes if found)
    counts += Counter((one.damage, "right") for one, found in outcomes if found and found.category == one.category)
    for damage in (Damage.CUT, Damage.GLUED, Damage.ABBREVIATED, Damage.MISSPELLED):
        n, n_found, n_right = (counts[damage, name] for name in ("n", "found", "right"))
        print(
            f"  {damage:12} n {n:5} found {100 * n_found / n:5.1f} %, right of those {100 * n_right / n_found:5.1f} %"
        )


def print_strengths(answers: Iterable[tuple[ShippedName, bool]]) -> None:
    """Print right answers by kind of damage and confidence."""
    counts: Counter[tuple[Damage, float, bool]] = Counter()
    for found, is_right in answers:
        counts[found.match.damage, round(found.confidence, 2), is_right] += 1
    for damage in Damage:
        confidences = sorted({confidence for one, confidence, _ in counts if one == damage})
        parts = []
        for confidence in confidences:
            n_right = counts[damage, confidence, True]
            parts.append(f"{confidence:.2f}: {n_right}/{n_right + counts[damage, confidence, False]}")
        if parts:
            print(f"  {damage:12} by confidence  {'  '.join(parts)}")


def labeled_outcomes(paths: Sequence[Path]) -> Iterator[tuple[ShippedName, bool]]:
    """Yield the answers to distinct texts of labeled files, and whether they are right."""
    keys = {category.id: category.key for category in CATEGORIES}
    asked = set()
    for path in paths:
        for row in read_file(path).rows:
            text, country = row.question.description, row.question.country.lower()
            if row.question.direction == "in" or (normalize(text), country) in asked:
                continue
            asked.add((normalize(text), country))
            found = None if is_known_whole(text, "out", country) else ask(text, country)
            if found:
                yield found, found.category in {keys.get(one) for one in row.right}


def print_speed(texts: Sequence[DamagedText]) -> None:
    """Print distinct texts per second of CPU time, with cold caches, of undamaged and of other texts."""
    names = [(one.name, one.country) for one in texts]
    whole = [(f"{name} {number} {country}", country) for number, (name, country) in enumerate(dict.fromkeys(names))]
    unknown = [(one.text, one.country) for one in texts] + list(nonsense(N_NONSENSE, seed=5))
    for title, asked in (("undamaged", whole), ("damaged or unknown", unknown)):
        for cached in (find_in_normalized, find_shipped_name, normalize):
            cached.cache_clear()
        started = time.process_time()
        for text, country in asked:
            if not is_known_whole(text, "out", country):
                ask(text, country)
        print(f"{title}: {len(asked) / (time.process_time() - started):,.0f} texts/s")


def cost_of_index() -> str:
    """Return CPU time and memory of the index in a fresh process, the dictionary not counted."""
    program = (
        "import time, tracemalloc\n"
        "from providers.damaged_names import shipped\n"
        "shipped._ordinary_words(); tracemalloc.start(); shipped.load_shipped_names()\n"
        "memory = tracemalloc.get_traced_memory()[0]; tracemalloc.stop(); shipped.load_shipped_names.cache_clear()\n"
        "t = time.process_time(); shipped.load_shipped_names()\n"
        "print(f'{(time.process_time() - t) * 1000:.0f} ms, {memory / 1e6:.0f} MB')"
    )
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
