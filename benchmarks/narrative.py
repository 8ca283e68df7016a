"""Count wrong numbers in texts about invented months whose model writes garbage, and in those of a real model.

    python -m benchmarks.narrative [--months 200] [--live 6]

Garbage is replayed: twenty texts about each month, with true and false numbers, swapped names, invented merchants,
spoiling words, markup, other languages, and no end. A shown sentence is wrong unless it is in a list of all true
statements, which `narrative_months` computes from the rows alone. `--live` has a real model (OLLAMA_HOST,
OUTLAY_OLLAMA_MODEL) write about so many months through the API; each number of a shown sentence must be one of the
names in it. Bound: none is wrong.
"""

import argparse
import os
import random
import sys
from collections.abc import Iterator
from typing import Any

from benchmarks.instance import fresh_instance
from benchmarks.narrative_months import InventedLedger, InventedMonth, has_only_true_numbers

MONTHS_OF_A_LEDGER, TEXTS_OF_A_MONTH = 20, 20
LANGUAGES = ("en", "de")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", type=int, default=200)
    parser.add_argument("--live", type=int, default=0)
    wanted = parser.parse_args()
    environment = {"OUTLAY_RATE_BULK": "1000000/minute"}
    if wanted.live:
        environment |= {
            "OLLAMA_HOST": os.environ.get("OLLAMA_HOST", "http://127.0.0.1:11434"),
            "OUTLAY_OLLAMA_MODEL": os.environ.get("OUTLAY_OLLAMA_MODEL", "smollm2:135m"),
        }
    with fresh_instance(**environment):
        n_wrong = replayed(wanted.months)
        n_wrong += live(wanted.live) if wanted.live else 0
    raise SystemExit(1 if n_wrong else 0)


def replayed(n_months: int) -> int:
    """Print what is shown of garbage, and return the number of wrong sentences."""
    from insights.narrative.checker import Checker

    n_told = n_shown = n_dropped = n_wrong = 0
    chance = random.Random(17)
    for number in range(-(-n_months // MONTHS_OF_A_LEDGER)):
        language = LANGUAGES[number % 2]
        ledger = InventedLedger.invent(number, n_months=min(MONTHS_OF_A_LEDGER, n_months - n_told))
        _, months = recorded(ledger, f"replay{number}", language)
        for month, writer in months:
            true, checker = month.statements(language), Checker(writer.figures, writer.language)
            for _ in range(TEXTS_OF_A_MONTH):
                found, n = checker.read(month.garbage(language, chance), most=1000)
                wrong = [one.text for one in found if " ".join(one.text.split()) not in true]
                n_shown, n_dropped, n_wrong = n_shown + len(found), n_dropped + n, n_wrong + len(wrong)
                for text in wrong:
                    say(f"wrong: {month.name} {text}")
            n_told += 1
    say(f"replayed: {n_told} months, {n_shown} true sentences shown, {n_dropped} dropped, {n_wrong} wrong")
    return n_wrong


def live(n_months: int) -> int:
    """Print what is shown of a real model, and return the number of sentences with a wrong number."""
    from benchmarks.api_client import run_tasks

    n_wrong = 0
    for number, language in enumerate(LANGUAGES):
        ledger = InventedLedger.invent(100 + number, n_months=max(n_months // 2, 1))
        api, months = recorded(ledger, f"live{number}", language)
        of_model = dropped = 0
        for month, _ in months:
            api.get("insights/narrative/", month=month.name)
            run_tasks()
            body = api.get("insights/narrative/", month=month.name)
            shown = [one["text"] for one in body["sentences"] if one["source"] == "model"]
            wrong = [text for text in shown if not has_only_true_numbers(text, month, language)]
            of_model, dropped, n_wrong = of_model + len(shown), dropped + body["n_dropped"], n_wrong + len(wrong)
            for text in shown:
                say(f"{'wrong' if text in wrong else 'shown'}: {month.name} {text}")
            if body["model"] != "written":
                say(f"{month.name}: {body['model']}, {body['reason']}")
        say(f"live, {language}: {len(months)} months, {of_model} sentences shown, {dropped} dropped")
    say(f"live: {n_wrong} wrong")
    return n_wrong


def recorded(ledger: InventedLedger, name: str, language: str) -> tuple[Any, list[tuple[InventedMonth, Any]]]:
    """Record the rows of a new user; return a client, and each month with its writer."""
    from accounts.models import User
    from benchmarks.api_client import register
    from insights.calendars import Calendar
    from insights.reports.periods import period_around
    from insights.services.narratives import MonthWriter

    api = register(name)
    api.patch("users/me/", {"preferences": {"locale": language}})
    known = api.category_ids()
    for category in ledger.categories:
        if category not in known:
            known[category] = api.post("categories/", {"name": category, "kind": "expense"})["id"]
    for rows in _in_parts(list(_bodies(ledger, known))):
        api.post("transactions/bulk/", {"transactions": rows})
    user = User.objects.get(username=name)

    def writer(month: InventedMonth) -> Any:
        return MonthWriter(user, period_around("month", month.first, Calendar(1, 1)), "EUR", user.today())

    return api, [(month, writer(month)) for month in ledger.told()]


def _bodies(ledger: InventedLedger, known: dict[str, int]) -> Iterator[dict[str, Any]]:
    for day, name, amount in ledger.rows:
        category, direction = ("Salary", "in") if name is None else (known[name], "out")
        body = {"date": str(day), "amount": str(amount), "description": "Row", "direction": direction}
        yield body | {"category": category, "currency": "EUR"}


def _in_parts(rows: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(rows), 100):
        yield rows[start : start + 100]


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
