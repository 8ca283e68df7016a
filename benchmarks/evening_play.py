"""One evening of a young ledger over HTTP: imports, answers to the review queue, and what is sure meanwhile."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from benchmarks.api_client import ApiClient, Refused
from benchmarks.statement_rows import StatementRow
from benchmarks.young_ledgers import BankFile, YoungLedger

#: Numbers of confirmations at which texts that nobody knows are asked about.
ASKED_AT = (0, 10, 30, 60)
#: Confirmations after which the ledger is looked at each time, and the step from there on.
EACH_TO, STEP = 10, 5
PRECISION = 0.95
#: Texts of each sort that are recorded as rows, beside those that are asked about.
N_RECORDED = 10


class Silence(NamedTuple):
    """Texts that nobody can know: their number, and how many got a category or a suggestion."""

    n: int = 0
    n_automatic: int = 0
    n_suggested: int = 0

    def plus(self, other: "Silence") -> "Silence":
        return Silence(*(one + two for one, two in zip(self, other, strict=True)))


class Outcome(NamedTuple):
    """An answer about an open row: its text, its truth, and what the chain says."""

    text: str
    category: str
    answer: str
    source: str
    confidence: float
    is_automatic: bool
    is_right: bool


class Point(NamedTuple):
    """The ledger after `n` confirmations. `outcomes` are the answers about rows that nobody confirmed."""

    n: int
    n_rows: int
    n_confirmed: int
    outcomes: tuple[Outcome, ...]
    nonsense: Silence
    private: Silence

    @property
    def automatic(self) -> list[Outcome]:
        return [one for one in self.outcomes if one.is_automatic]

    @property
    def n_automatic_right(self) -> int:
        return sum(one.is_right for one in self.automatic)

    @property
    def n_right(self) -> int:
        """Number of rows with the right category: confirmed, or taken without asking."""
        return self.n_confirmed + self.n_automatic_right


class Evening(NamedTuple):
    """All points of a ledger, the thresholds that it adopted, and the rows of the next month at the end."""

    ledger: str
    points: list[Point]
    adopted: list[str]
    next_month: Point


def play(ledger: YoungLedger, *, api: ApiClient, run_tasks: Callable[[], None]) -> Evening:
    """Play one ledger as a new user; `run_tasks` runs what is queued as a worker does."""
    person = _Person(ledger, api, run_tasks)
    person.settle_in()
    points, adopted = [person.look(0)], []
    for n in range(1, ledger.n_confirmations + 1):
        is_last = not person.answer()
        if n == ledger.n_confirmations // 2:
            adopted.append(person.adopt())
        if is_last or n <= EACH_TO or n % STEP == 0:
            run_tasks()
            points.append(person.look(n))
        if is_last:
            break
    adopted.append(person.adopt())
    return Evening(ledger.name, points, adopted, person.look_ahead())


class _Person:
    """The owner of a young ledger, who knows every truth."""

    def __init__(self, ledger: YoungLedger, api: ApiClient, run_tasks: Callable[[], None]) -> None:
        self.ledger, self.api, self.run_tasks = ledger, api, run_tasks
        self.n_rules = ledger.n_rules
        self.truths: dict[int, StatementRow] = {}
        self.categories: dict[str, int] = {}

    def settle_in(self) -> None:
        """Import the first files, and record texts that nobody can know."""
        self.categories = self.api.category_ids()
        for file in self.ledger.files:
            body = {"name": file.account, "currency": self.ledger.currency, "country": self.ledger.country}
            self.api.post("accounts/", body)
        self._import_all(self.ledger.files)
        unknown = [*self.ledger.nonsense[:: len(self.ledger.nonsense) // N_RECORDED], *self.ledger.private[:N_RECORDED]]
        self.api.post("transactions/bulk/", {"transactions": [self._question(text) for text in unknown]})
        self.run_tasks()

    def look_ahead(self) -> Point:
        """Import the next month, and return what the ledger shows of it."""
        self.truths = {}
        self._import_all(self.ledger.next_month)
        return self.look(self.ledger.n_confirmations)

    def _import_all(self, files: Sequence[BankFile]) -> None:
        """Import files, and remember the truth of each row by its id."""
        truths = {(file.account, row.date.isoformat(), row.amount): row for file in files for row in file.rows}
        for file in files:
            self._import(file)
        for row in self._rows():
            amount = Decimal(row["amount"]) * (1 if row["direction"] == "in" else -1)
            if truth := truths.get((row["account_name"], row["date"], amount)):
                self.truths[row["id"]] = truth
        if len(self.truths) != len(truths):
            raise SystemExit(f"{self.ledger.name}: {len(self.truths)} of {len(truths)} rows were found again.")

    def _import(self, file: BankFile) -> None:
        """Import a file, and answer the only question that its bank leaves open."""
        from django.core.files.uploadedfile import SimpleUploadedFile

        upload = {"file": SimpleUploadedFile("statement.csv", file.content), "account": file.account}
        statement = self.api.post("imports/", upload, form=True)
        codes = {question["code"] for question in statement["questions"]}
        if codes == {"unknown_date_order"}:
            statement = self.api.patch(f"imports/{statement['id']}/", {"profile": {"date_format": file.date_format}})
            codes = {question["code"] for question in statement["questions"]}
        if codes or statement["n_new"] != len(file.rows):
            raise SystemExit(f"{self.ledger.name} {file.account}: {statement}")
        self.api.post(f"imports/{statement['id']}/commit/")
        self.run_tasks()

    def _question(self, text: str) -> dict[str, Any]:
        return {
            "description": text, "direction": "out", "amount": "17.30", "currency": self.ledger.currency,
            "date": "2025-06-20", "account": self.ledger.files[0].account,
        }  # fmt: skip

    def _rows(self) -> Iterator[Any]:
        return self.api.pages("transactions/")

    def answer(self) -> bool:
        """Answer the first group of the queue, or its first row. Return False if nothing was left to answer."""
        found = next(iter(self._groups()), None)
        if found is None:
            return False
        by_category: dict[str, list[int]] = {}
        for row_id in found if self.ledger.answers_groups else found[:1]:
            by_category.setdefault(self.truths[row_id].category, []).append(row_id)
        for category, ids in by_category.items():
            if category not in self.categories:
                created = self.api.post("categories/", {"name": category, "kind": "expense"})
                self.categories[category] = created["id"]
            run = self.api.post("review/resolve/", {"ids": ids, "category": self.categories[category]})
            if run["counts"]["resolved"] != len(ids):
                raise SystemExit(f"{self.ledger.name}: {run}")
            if self.n_rules and run["rule"]:
                self.api.post("rules/", _sent(run["rule"]))
                self.n_rules -= 1
        return True

    def _groups(self) -> Iterator[list[int]]:
        """Yield the ids of each group in the queue's order, without texts that nobody can know."""
        for group in self.api.pages("review/"):
            if ids := [row_id for row_id in group["ids"] if row_id in self.truths]:
                yield ids

    def adopt(self) -> str:
        """Order a backtest and adopt its thresholds. Return them by evidence, or "refused"."""
        self.run_tasks()
        self.api.post("categorization/backtest/", {"target_precision": PRECISION})
        self.run_tasks()
        try:
            adopted = self.api.post("categorization/thresholds/adopt/")["about"]["evidence"]
        except Refused as refused:
            if refused.status != 409:
                raise
            return "refused"
        self.run_tasks()
        return " ".join(f"{evidence} {one['after']}" for evidence, one in adopted.items()) or "unchanged"

    def look(self, n: int) -> Point:
        """Return what the ledger shows now."""
        outcomes, n_confirmed, unknown = [], 0, {}
        for row in self._rows():
            truth, said = self.truths.get(row["id"]), row["categorization"]
            if truth is None:
                unknown[row["description"]] = said
            elif said["status"] == "confirmed":
                n_confirmed += 1
            elif found := _outcome(truth, row):
                outcomes.append(found)
        silences = []
        for texts in (self.ledger.nonsense, self.ledger.private):
            silence = _silence([said for text, said in unknown.items() if text in texts])
            if n in ASKED_AT:
                silence = silence.plus(_silence(self.api.suggest([self._question(text) for text in texts])))
            silences.append(silence)
        return Point(n, len(self.truths), n_confirmed, tuple(outcomes), *silences)


def _outcome(truth: StatementRow, row: Mapping[str, Any]) -> Outcome | None:
    said = row["categorization"]
    is_automatic = said["status"] == "automatic"
    shown = {"category_name": row["category_name"], **said} if is_automatic else said["suggestion"]
    if shown is None:
        return None
    return Outcome(
        truth.text, truth.category, shown["category_name"], shown["source"], shown["confidence"] or 1.0, is_automatic,
        shown["category_name"] in truth.right,
    )  # fmt: skip


def _silence(said: Sequence[Mapping[str, Any]]) -> Silence:
    statuses = Counter(one["status"] for one in said)
    return Silence(len(said), statuses["automatic"], statuses["suggested"])


def _sent(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return an offered rule as it is sent back."""
    actions = [{name: value for name, value in one.items() if name != "value_name"} for one in rule["actions"]]
    return {**rule, "actions": actions}
