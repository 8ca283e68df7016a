"""Measure redaction: what is found, which merchants are hidden by mistake, speed, time to load, memory.

    python -m benchmarks.redaction [--write-docs]

Invented texts are always measured. Real statements and labeled rows are, if their folders are beside the project.
Truth about account and card numbers comes from the check digits of raw texts, and not from the redaction's patterns.
"""

import argparse
import itertools
import random
import re
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from stdnum import iban, luhn

from benchmarks.docs_tables import DOCS, write_table
from benchmarks.labeled_files import FOLDER, read_file
from benchmarks.statement_rows import load_countries
from providers.merchants.dictionary import load_dictionary
from providers.normalization import normalize
from providers.redaction import Redactor, persons

SAMPLES = Path(__file__).parents[1] / "tests" / "providers" / "redaction_samples.toml"
STATEMENTS = FOLDER.parent / "statements"
_FORMATS = {
    ".ofx": (r"(?is)<STMTTRN>.*?(?=<STMTTRN>|</BANKTRANLIST>|\Z)", r"(?i)<(?:NAME|MEMO)>([^<\r\n]*)"),
    ".qfx": (r"(?is)<STMTTRN>.*?(?=<STMTTRN>|</BANKTRANLIST>|\Z)", r"(?i)<(?:NAME|MEMO)>([^<\r\n]*)"),
    ".sta": (r"(?ms)^:86:.*?(?=^:\d\d|^-|\Z)", r"(?m)^(?::86:)?(.*)$"),
    ".xml": (r"(?s)<(?:\w+:)?Ntry>.*?</(?:\w+:)?Ntry>", r"<(?:\w+:)?(?:Nm|Ustrd|AddtlNtryInf|IBAN)>([^<]*)"),
    ".qif": (r"(?s)[^^]+", r"(?m)^[PM](.*)$"),
}


class Share(NamedTuple):
    """How many of some things were found, or wrongly hidden."""

    name: str
    n: int
    of: int

    def __str__(self) -> str:
        return f"{self.n} of {self.of} ({100 * self.n / self.of:.1f} %)" if self.of else "none there"


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write-docs", action="store_true", help="write the figures into docs/redaction.md")
    options = parser.parse_args()
    found = [*found_in_samples(), *found_persons()]
    hidden = [hidden_in_samples(), hidden_shops(), hidden_brands(is_known=True), hidden_brands(is_known=False)]
    if STATEMENTS.is_dir():
        found += found_in_statements(list(statement_texts()))
    else:
        print(f"No folder {STATEMENTS}: real statements are not measured.")
    if FOLDER.is_dir():
        labeled = [hidden_labeled(path) for path in sorted(FOLDER.glob("*.csv"))]
        all_labeled = Share("labeled purchases", sum(one.n for one in labeled), sum(one.of for one in labeled))
        hidden += [all_labeled, *(one._replace(name=f"of these, {one.name}") for one in labeled)]
    else:
        print(f"No folder {FOLDER}: labeled rows are not measured.")
    print_shares("found", found)
    print_shares("merchants wrongly hidden", hidden)
    speeds = list(measure_speeds())
    for name, value in speeds:
        print(f"  {name:60} {value}")
    if options.write_docs:
        page = DOCS / "redaction.md"
        write_table(page, "found", ["what, and where", "found"], [[share.name, str(share)] for share in found])
        write_table(
            page,
            "hidden",
            ["merchants", "wrongly hidden"],
            [[one.name, str(one)] for one in hidden if not one.name.startswith("of these")],
        )
        write_table(page, "speed", ["measure", "value"], speeds)


def print_shares(title: str, shares: Iterable[Share]) -> None:
    """Print a table."""
    print(title)
    for share in shares:
        print(f"  {share.name:60} {share}")


def load_samples() -> dict[str, Any]:
    """Return the invented texts by country, with what must go and what must stay."""
    return tomllib.loads(SAMPLES.read_text(encoding="utf-8"))


def found_in_samples() -> Iterator[Share]:
    """Yield the share of private things of the invented texts that is hidden: numbers, addresses, and persons."""
    outcomes: dict[str, list[bool]] = {"numbers and addresses": [], "persons": []}
    for country in load_samples().values():
        for text, *private in country["hide"]:
            redacted = Redactor().redact(text)
            for one in private:
                kind = (
                    "numbers and addresses"
                    if re.search(r"[\d@]", one) or (one.isupper() and " " not in one and len(one) in (8, 11))
                    else "persons"
                )
                outcomes[kind].append(one not in redacted)
    for kind, hits in outcomes.items():
        yield Share(f"{kind} of invented texts in {len(load_samples())} countries", sum(hits), len(hits))


def hidden_in_samples() -> Share:
    """Return the share of invented texts of merchants that changed."""
    texts = [text for country in load_samples().values() for text in country["keep"]]
    return Share("invented texts of merchants", sum(Redactor().redact(text) != text for text in texts), len(texts))


def found_persons() -> Iterator[Share]:
    """Yield the share of invented persons that is hidden, in texts of banks by country and alone."""
    chance = random.Random(5)
    in_texts, alone = [], []
    for table in load_countries().values():
        for given, family in itertools.product(table["given"], table["family"]):
            person = f"{given} {family}"
            text = chance.choice(table["person"]).format(person=person, town=chance.choice(table["towns"]), n=4711)
            in_texts.append(person not in Redactor().redact(text))
            alone.append(Redactor().redact(person.upper()) == "PERSON1")
    yield Share("persons of 13 countries in texts of their banks", sum(in_texts), len(in_texts))
    yield Share("the same persons, where the text is their name alone", sum(alone), len(alone))


def hidden_shops() -> Share:
    """Return the share of invented rows of shops, chains and families' ones, that lost a word."""
    chance = random.Random(6)
    texts = []
    for table in load_countries().values():
        for shop in itertools.chain.from_iterable(table["shops"].values()):
            for template in table["card"]:
                words = {"family": chance.choice(table["family"]), "town": chance.choice(table["towns"]), "n": "4711"}
                texts.append(template.format(**words, shop=shop.format(**words)))
    return _share_hidden("invented rows of shops in 13 countries", texts)


def hidden_brands(*, is_known: bool) -> Share:
    """Return the share of known brands that are hidden; without the dictionary's knowledge, as an unknown shop is."""
    titles = list(dict.fromkeys(load_dictionary().titles))
    if is_known:
        return _share_hidden("brands of the dictionary", titles)
    with mock.patch.object(persons, "load_dictionary", return_value=mock.Mock(names=frozenset())):
        return _share_hidden("the same brands as if they were unknown", titles)


def hidden_labeled(path: Path) -> Share:
    """Return the share of distinct texts of labeled purchases that lost a word."""
    return _share_hidden(path.stem, list(dict.fromkeys(row.question.description for row in read_file(path).rows)))


def _share_hidden(name: str, texts: Sequence[str]) -> Share:
    return Share(name, sum(_lost_word(text) for text in texts), len(texts))


def _lost_word(text: str) -> bool:
    """Return True if a word of letters is missing of what is left of the merchant."""
    redacted = Redactor().redact(text)
    if redacted == text:
        return False
    left = set(normalize(redacted).split())
    return any(word.isalpha() and word not in left for word in normalize(text).split())


def statement_texts() -> Iterator[str]:
    """Yield the distinct texts of the real statements."""
    seen = set()
    for path in sorted(STATEMENTS.rglob("*")):
        data = path.read_bytes() if path.is_file() and path.parent != STATEMENTS else b""
        for text in _texts_of(path, data):
            if (joined := " ".join(text.split())) and joined not in seen:
                seen.add(joined)
                yield joined


def _texts_of(path: Path, data: bytes) -> Iterator[str]:
    try:
        content = data.decode("utf-8")
    except UnicodeDecodeError:
        content = data.decode("cp1252", errors="replace")
    if path.suffix.lower() in (".csv", ".tsv", ".txt") and "csv" in path.parts:
        yield from (" ".join(re.split(r'[;,\t|"]+', line)) for line in content.splitlines())
    elif form := _FORMATS.get(path.suffix.lower(), _FORMATS[".sta"] if "mt940" in path.parts else None):
        for entry in re.findall(form[0], content):
            yield " ".join(re.findall(form[1], entry))


def found_in_statements(texts: Sequence[str]) -> Iterator[Share]:
    """Yield the share of account numbers, cards, e-mail addresses and long numbers that real statements lose."""
    counts: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for text in texts:
        redacted = Redactor().redact(text)
        for kind, value in _private_things(text):
            counts[kind] += 1
            hits[kind] += value not in redacted
    for kind in counts:
        yield Share(f"{kind} of real statements", hits[kind], counts[kind])


def _private_things(text: str) -> Iterator[tuple[str, str]]:
    words = text.split(" ")
    for start in range(len(words)):
        for end in range(start + 1, min(len(words), start + 9) + 1):
            part = " ".join(words[start:end]).strip(".,:;/()")
            if (
                15 <= len(part.replace(" ", "")) <= 34
                and re.fullmatch(r"[A-Za-z]{2}\d\d[A-Za-z0-9 ]+", part)
                and iban.is_valid(part)
            ):
                yield "IBANs", part
    for number in re.findall(r"(?<!\d)\d{13,19}(?!\d)", text):
        if number[0] in "3456" and luhn.is_valid(number):
            yield "card numbers", number
    for number in re.findall(r"(?<!\d)\d{9,}(?!\d)", text):
        yield "numbers of nine digits or more", number
    for mail in re.findall(r"[^\s<>,;:/]+@[^\s<>,;:/]+\.[a-z]+", text):
        yield "e-mail addresses", mail


def measure_speeds() -> Iterator[tuple[str, str]]:
    """Yield the texts a second of one core's CPU time, the time to load and the memory."""
    samples = load_samples().values()
    groups = {
        "invented texts of merchants": [text for country in samples for text in country["keep"]],
        "invented texts with something to hide": [one[0] for country in samples for one in country["hide"]],
    }
    if STATEMENTS.is_dir():
        groups["texts of real statements, 20 to 80 characters"] = [t for t in statement_texts() if 20 <= len(t) <= 80]
    if FOLDER.is_dir():
        rows = itertools.chain.from_iterable(read_file(path).rows for path in sorted(FOLDER.glob("*.csv")))
        groups["labeled purchases"] = list(dict.fromkeys(row.question.description for row in rows))
    for name, texts in groups.items():
        yield f"texts a second: {name}", f"{_texts_a_second(texts):,.0f}"
    script = (
        "import time; from providers.merchants.dictionary import *; from providers.normalization import load_towns\n"
        "load_dictionary(), load_words(), load_towns()\n"
        "def memory(): return int(open('/proc/self/statm').read().split()[1]) * 4096 / 1e6\n"
        "before, start = memory(), time.perf_counter()\n"
        "from providers.redaction import Redactor; Redactor().redact('Transfer Anna Schmidt 123456 Hauptstr. 1')\n"
        "print(f'{(time.perf_counter() - start) * 1000:.0f} ms, {memory() - before:.0f} MB')"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    yield "time and memory of the first text, with the dictionary of merchants loaded", loaded.stdout.strip()


def _texts_a_second(texts: Sequence[str], *, n_rounds: int = 7) -> float:
    best = 0.0
    for _ in range(n_rounds):
        start = time.process_time()
        redactor = Redactor()
        for text in texts:
            redactor.redact(text)
        best = max(best, len(texts) / (time.process_time() - start))
    return best


if __name__ == "__main__":
    main()
