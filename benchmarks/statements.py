"""Read every statement of a folder without a hint, and print one line a file: right, or wrong and why.

    python -m benchmarks.statements [folder] [--wrong]

The folder has a file EXPECTED.json with the number, sum, first and last date of each statement. Without one, the folder
`shared/statements` beside the project is read. `--wrong` prints wrong files alone. The command fails if one is wrong.
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "statements"
#: Kinds of files in which a transaction would be a mistake.
WITHOUT_ROWS = ("empty", "investment_only")


class Found(NamedTuple):
    """What reading a file without a hint came to. `refusal` is the sentence of a file that cannot be read."""

    format: str
    n: int
    sum: Decimal
    first: str | None
    last: str | None
    n_pending: int
    errors: tuple[str, ...]
    questions: tuple[str, ...]
    refusal: str = ""


def main() -> None:
    """Print the table, and the share of right files by format."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--wrong", action="store_true", help="print wrong files alone")
    options = parser.parse_args()
    if not (options.folder / "EXPECTED.json").is_file():
        sys.exit(f"There is no EXPECTED.json in {options.folder}. Name a folder of statements.")
    right, scored = Counter[str](), Counter[str]()
    for name, expected in expectations(options.folder).items():
        found = read_file((options.folder / name).read_bytes())
        fault = fault_of(found, expected)
        is_scored = expected["status"] != "ambiguous"
        scored[expected["format"]] += is_scored
        right[expected["format"]] += is_scored and not fault
        if fault or not options.wrong:
            word = "WRONG" if fault and is_scored else "other" if fault else "right"
            print(f"{word:6} {name:68} {fault or _shown(found)}")
    print()
    for kind in scored:
        print(f"{kind:6} {right[kind]:3} of {scored[kind]:3} right")
    print(f"all    {right.total():3} of {scored.total():3} right")
    sys.exit(right.total() < scored.total())


def expectations(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what each file of a folder holds, by its path in the folder."""
    files: dict[str, dict[str, Any]] = json.loads((folder / "EXPECTED.json").read_text(encoding="utf-8"))["files"]
    return files


def read_file(data: bytes) -> Found:
    """Read a file as an upload without a profile is read."""
    from statements.entries import Entry, Target, read_entries
    from statements.formats import importer_for
    from statements.importer import RowError, Skipped, UnreadableFile

    try:
        importer = importer_for(data)
        reading = importer.detect(data)
        records = list(read_entries(importer.read(data, reading.profile), targets={"": Target(None, "EUR")}))
    except UnreadableFile as error:
        return Found("", 0, Decimal(0), None, None, 0, (), (), f"{error.code}: {error.detail}")
    entries = [record for record in records if isinstance(record, Entry)]
    zeros = [record.date for record in records if isinstance(record, Skipped) and record.date]  # the bank counts them
    days = sorted(day.isoformat() for day in [*zeros, *(entry.row.date for entry in entries)])
    return Found(
        importer.format,
        len(days),
        sum((entry.amount if entry.direction == "in" else -entry.amount for entry in entries), Decimal(0)),
        days[0] if days else None,
        days[-1] if days else None,
        sum(entry.row.pending for entry in entries),
        tuple(record.detail for record in records if isinstance(record, RowError)),
        tuple(question.code for question in reading.questions),
    )


def fault_of(found: Found, expected: Mapping[str, Any]) -> str:
    """Return why what was found is wrong; "" if it is right, or equally right."""
    if expected["status"] == "malformed":
        return "" if found.refusal or found.errors else f"read without an error: {_shown(found)}"
    if expected["status"] in WITHOUT_ROWS:
        return f"{found.n} rows where there are none" if found.n or found.errors else ""
    if found.refusal:
        return f"refused: {found.refusal}"
    if found.errors and not expected.get("unreadable_rows"):
        return f"{len(found.errors)} unreadable rows, first: {found.errors[0]}"
    numbers = [expected["n_transactions"], expected.get("n_if_batches_expanded")]
    sums = [expected["sum"], expected.get("sum_if_each_rounded_to_cents")]
    days = [(expected["first_date"], expected["last_date"]), tuple(expected.get("value_dates") or ())]
    for other in ("if_pending_left_out", "alternative"):
        if isinstance(also := expected.get(other), dict):
            numbers.append(also.get("n_transactions", expected["n_transactions"]))
            sums.append(also.get("sum", expected["sum"]))
            days.append((also.get("first_date", days[0][0]), also.get("last_date", days[0][1])))
    amounts = [Decimal(amount) for amount in sums if amount is not None]
    if expected.get("sign_ambiguous"):
        amounts += [-amount for amount in amounts]
    if found.n not in numbers:
        return f"{found.n} rows, not {expected['n_transactions']}"
    if found.sum not in amounts:
        return f"sum {found.sum}, not {expected['sum']}"
    is_unknown = expected.get("date_order_ambiguous") and "unknown_date_order" in found.questions
    if (found.first, found.last) not in days and not is_unknown:
        return f"days {found.first} to {found.last}, not {expected['first_date']} to {expected['last_date']}"
    return ""


def _shown(found: Found) -> str:
    if found.refusal:
        return found.refusal
    asked = f", asks {', '.join(found.questions)}" if found.questions else ""
    errors = f", {len(found.errors)} errors" if found.errors else ""
    return f"{found.format}: {found.n} rows, {found.sum}, {found.first} to {found.last}{errors}{asked}"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    main()
