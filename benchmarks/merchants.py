"""Measure the merchants link: coverage, precision by way and file, speed, time to load, memory.

    python -m benchmarks.merchants [folder ...]

Precision needs folders (`shared/categorization` beside the project's root if none is named) of files that
`benchmarks.labeled_files` reads. Without them, only speed is measured, on generated texts.
"""

import itertools
import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.labeled_files import CATEGORIES, FOLDER, LabeledRow, read_file
from providers.interface import Question, Suggestion
from providers.merchants import MerchantProvider
from providers.merchants.provider import find_in_normalized
from providers.normalization import normalize


def main() -> None:
    """Print everything."""
    print_cost_of_loading()
    folders = [Path(name) for name in sys.argv[1:]] or [FOLDER]
    files = sorted(path for folder in folders for path in folder.glob("*.csv"))
    if not files:
        print("No CSV files found: precision is not measured.")
    rows = {path.name: read_file(path).rows for path in files}
    for with_country in (True, False):
        print_precision(rows, with_country=with_country)
    print_speed("rows of the files", [row.question for part in rows.values() for row in part])
    print_speed("generated texts, half of them unknown", list(generate_transactions(50_000)))


def print_precision(rows: Mapping[str, Sequence[LabeledRow]], *, with_country: bool) -> None:
    """Print coverage and precision of all rows and of distinct normalized texts, then precision by way."""
    print(f"\n{'country known' if with_country else 'country unknown'}: rows / distinct normalized texts")
    ways: dict[str, Counter[tuple[str, bool]]] = {}
    for name, part in rows.items():
        given = part
        if not with_country:
            given = [row._replace(question=replace(row.question, country="")) for row in part]
        distinct = list({MerchantProvider().key(row.question): row for row in given}.values())
        for scope, chosen in (("rows", given), ("distinct", distinct)):
            answers = MerchantProvider().categorize_many([row.question for row in chosen])
            outcomes = [_is_right(answer, row) for answer, row in zip(answers, chosen, strict=True) if answer]
            covered = _percent(len(outcomes), len(chosen))
            print(f"  {name:32} {scope:9} n {len(chosen):6} {covered} covered,", end=" ")
            print(f"{_percent(sum(outcomes), len(outcomes))} right of those")
            if scope == "distinct":
                ways[name] = Counter(
                    (f"{row.question.direction} {answer.details['way']}", _is_right(answer, row))
                    for answer, row in zip(answers, chosen, strict=True)
                    if answer
                )
    _print_ways(ways)


def _print_ways(ways: dict[str, Counter[tuple[str, bool]]]) -> None:
    for way in sorted({way for counts in ways.values() for way, _ in counts}):
        parts = [f"{counts[way, True]:4}/{counts[way, True] + counts[way, False]:<4}" for counts in ways.values()]
        right = sum(counts[way, True] for counts in ways.values())
        wrong = sum(counts[way, False] for counts in ways.values())
        print(f"  {way:22} {'  '.join(parts)}  all {_percent(right, right + wrong)}")


def _is_right(answer: Suggestion, row: LabeledRow) -> bool:
    return answer.category in row.right


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:5.1f} %" if whole else "    -  "


def generate_transactions(n: int) -> Iterator[Question]:
    """Return invented texts: half known names with a branch and a place, half unknown words."""
    chance = random.Random(1)
    known = ("REWE", "Tesco Stores", "Starbucks", "Shell", "H&M", "Card payment to Lidl", "Apotheke", "Netflix.com")
    letters = "abcdefghijklmnoprstuvwz"
    for number in range(n):
        place = "".join(chance.choices(letters, k=7)).title()
        unknown = " ".join("".join(chance.choices(letters, k=chance.randint(4, 9))) for _ in range(3))
        name = chance.choice(known) if number % 2 else unknown
        yield Question(f"{name} {number} {place}", CATEGORIES, 1, country="")


def print_speed(title: str, transactions: list[Question]) -> None:
    """Print distinct descriptions per second of CPU time: in the chain, with normalized texts, and on its own."""
    distinct = list({row.description: row for row in transactions}.values())
    if not distinct:
        return
    answers = MerchantProvider().categorize_many(distinct[:1000])
    seconds, alone = _median_s(distinct), _median_s(distinct, with_normalization=True)
    n_answered = sum(answer is not None for answer in answers)
    print(f"\n{title}: {len(distinct) / seconds:,.0f}/s, with normalization {len(distinct) / alone:,.0f}/s", end=" ")
    print(f"({len(distinct)} distinct; of the first {len(answers)}, {n_answered} answered)")


def _median_s(transactions: list[Question], *, with_normalization: bool = False) -> float:
    """Return median CPU seconds for all transactions with cold caches, a thousand at once."""
    provider, taken = MerchantProvider(), []
    for _ in range(5):
        total = 0.0
        for first in range(0, len(transactions), 1000):
            part = transactions[first : first + 1000]
            find_in_normalized.cache_clear()
            normalize.cache_clear()
            if not with_normalization:
                for one in part:
                    normalize(one.description)
            started = time.process_time()
            provider.categorize_many(part)
            total += time.process_time() - started
        taken.append(total)
    return statistics.median(taken)


def print_cost_of_loading() -> None:
    """Print CPU time and memory of the first use, each part in a fresh process."""
    loads = {
        "dictionary": "from providers.merchants.dictionary import load_dictionary as load",
        "words": "from providers.merchants.dictionary import load_words as load",
        "towns": "from providers.normalization import load_towns as load",
    }
    for (title, code), measure in itertools.product(loads.items(), ("time", "memory")):
        print(f"{title}: {_measure(code, measure)}")


def _measure(code: str, measure: str) -> str:
    timing = "import time; t = time.process_time(); load(); print(f'{(time.process_time() - t) * 1000:.0f} ms')"
    memory = "import tracemalloc as m; m.start(); load(); print(f'{m.get_traced_memory()[1] / 1e6:.1f} MB at most')"
    program = f"{code}\n{timing if measure == 'time' else memory}"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
