"""Compare what a client of the API gets with the same history replayed in the process.

    python -m benchmarks.over_api [FOLDER_OR_FILES…] [--lives N] [--confirmed N …] [--show]

A new user records the first N rows of a file with their categories by `transactions/bulk/`. A worker learns, and the
next 500 rows are asked about by `categorization/suggest/`. Beside these answers are those of a chain that is trained on
the same N rows as in `benchmarks.categorization`. `--lives N` adds invented people, `--show` prints the rows of which
the two answers differ.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from benchmarks.api_client import NO_LIMITS, ApiClient, register, run_tasks
from benchmarks.instance import fresh_instance
from benchmarks.labeled_files import CATEGORIES, LabeledFile, LabeledRow, find_files, read_file
from benchmarks.long_lives import invent_lives
from benchmarks.predicting import LEAST_ASKED, MOST_ASKED, train, trusting
from benchmarks.scores import Figure, percent
from providers.calibration import JudgedAnswer, measure_reliability
from providers.chain import Verdict, confidence_of
from providers.interface import Question

CONFIRMED = (0, 10, 30, 100, 300, 1000)
MOST_IN_A_REQUEST = 1000


class Answer(NamedTuple):
    """What one of the two says about a row; without an answer, the category is ""."""

    category: str = ""
    source: str = ""
    confidence: float = 0.0
    is_decided: bool = False
    is_right: bool = False


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table for each file."""
    options = _read_options(arguments)
    with fresh_instance(**NO_LIMITS):
        files = [read_file(path) for path in find_files(options.files)]
        files += [life.file for life in invent_lives(options.lives)]
        for number, file in enumerate(files):
            compare(file, register(f"person{number}"), options.confirmed, is_shown=options.show)


def _read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FOLDER_OR_FILE")
    parser.add_argument("--lives", type=int, default=0, metavar="N", help="number of invented people")
    parser.add_argument("--confirmed", type=int, nargs="+", default=CONFIRMED, metavar="N")
    parser.add_argument("--show", action="store_true", help="print the rows with different answers")
    return parser.parse_args(arguments)


def compare(file: LabeledFile, api: ApiClient, confirmed: Sequence[int], *, is_shown: bool) -> None:
    """Print the figures of both for each number of confirmed rows."""
    print(f"\n{file.name}: percent, over HTTP / in the process\n{'N':>6}", end="")
    print("            right          decided    right of those             ECE  different answers")
    ledger = _Ledger(api, file)
    for n, n_before in zip(confirmed, (0, *confirmed), strict=False):
        asked = file.rows[n : n + MOST_ASKED]
        if len(asked) < LEAST_ASKED:
            break
        ledger.record(file.rows[n_before:n])
        run_tasks()
        over_http, in_process = ledger.ask(asked), list(_replayed(file, file.rows[:n], asked))
        differing = [i for i, pair in enumerate(zip(over_http, in_process, strict=True)) if pair[0][:2] != pair[1][:2]]
        cells = (
            f"{_cell(one):>9} /{_cell(other):>5}"
            for one, other in zip(_figures(over_http), _figures(in_process), strict=True)
        )
        print(f"{n:6} {' '.join(cells)} {len(differing):18}")
        if is_shown:
            _print_corrections(api)
            rows = Counter(_line(file, asked[i], over_http[i], in_process[i]) for i in differing)
            print("".join(f"       {line}, {count} rows\n" for line, count in rows.items()), end="")


class _Ledger:
    """The ledger of a user who has the categories of a file."""

    def __init__(self, api: ApiClient, file: LabeledFile) -> None:
        self.api, self.file = api, file
        self.accounts: dict[tuple[str, str], int] = {}
        for own in file.categories.keys() - {category.id for category in CATEGORIES}:
            category = file.categories[own]
            api.post("categories/", {"name": category.name, "kind": category.kind})

    def record(self, rows: Sequence[LabeledRow]) -> None:
        """Record rows with their categories."""
        bodies = [{**self._body(row.question), "category": self.file.categories[row.category].name} for row in rows]
        for start in range(0, len(bodies), MOST_IN_A_REQUEST):
            answer = self.api.post("transactions/bulk/", {"transactions": bodies[start : start + MOST_IN_A_REQUEST]})
            if answer["errors"]:
                codes = Counter(str(error)[:200] for error in answer["errors"])
                print(f"       {len(answer['errors'])} rows refused: {codes.most_common(3)}")

    def ask(self, rows: Sequence[LabeledRow]) -> list[Answer]:
        """Return the answers about new rows."""
        found = self.api.suggest([self._body(row.question) for row in rows])
        return [_suggested(self.file, row, body) for row, body in zip(rows, found, strict=True)]

    def _body(self, question: Question) -> dict[str, Any]:
        body = {
            "description": question.description, "direction": question.direction, "currency": question.currency,
            "amount": str(question.amount) if question.amount else None, "account": self._account(question),
        }  # fmt: skip
        return body | ({"date": question.date.isoformat()} if question.date else {})

    def _account(self, question: Question) -> int:
        key = (question.currency, question.country)
        if key not in self.accounts:
            body = {"name": " ".join(key), "currency": question.currency, "country": question.country}
            self.accounts[key] = self.api.post("accounts/", body)["id"]
        return self.accounts[key]


def _suggested(file: LabeledFile, row: LabeledRow, body: dict[str, Any]) -> Answer:
    if body["category"] is None:
        return Answer()
    names = {file.categories[right].name for right in row.right}
    name = body["category_name"]
    return Answer(name, body["source"], body["confidence"], body["status"] == "automatic", name in names)


def _replayed(file: LabeledFile, confirmed: Sequence[LabeledRow], asked: Sequence[LabeledRow]) -> Iterator[Answer]:
    trained = train(confirmed)
    verdicts = trained.chain.decide(trusting([row.question for row in asked], trained.trust))
    for row, verdict in zip(asked, verdicts, strict=True):
        yield _decided(file, row, verdict)


def _decided(file: LabeledFile, row: LabeledRow, verdict: Verdict) -> Answer:
    best = verdict.best
    if best is None or best.suggestion is None or best.suggestion.category is None:
        return Answer()
    category, is_decided = best.suggestion.category, verdict.decided is not None
    return Answer(file.categories[category].name, best.provider, confidence_of(best), is_decided, category in row.right)


def _figures(answers: Sequence[Answer]) -> list[Figure]:
    reliability = measure_reliability([JudgedAnswer(one.confidence, one.is_right) for one in answers if one.category])
    return [
        percent(one.is_right for one in answers),
        percent(one.is_decided for one in answers),
        percent(one.is_right for one in answers if one.is_decided),
        100 * reliability.ece if reliability else None,
    ]


def _cell(figure: Figure) -> str:
    return "-" if figure is None else f"{figure:.1f}"


def _print_corrections(api: ApiClient) -> None:
    calibration = api.get("categorization/calibration/")
    links = ((name, link["correction"]) for name, link in calibration["links"].items() if link)
    corrections = ", ".join(f"{name} {c['intercept']:+.2f} {c['slope']:.2f}" for name, c in links if c)
    print(f"       corrections, measured at {calibration['n_confirmed']}: {corrections or 'none'}")
    if calibration["classifier"]:
        print(f"       classifier: {calibration['classifier']['verdict']}")


def _line(file: LabeledFile, row: LabeledRow, one: Answer, other: Answer) -> str:
    said = " / ".join(f"{a.category or 'nothing'} ({a.source} {a.confidence:.2f})" for a in (one, other))
    return f"{said}, is {file.categories[row.category].name}: {' '.join(row.question.description.split())}"


if __name__ == "__main__":
    main()
