"""Invented months, every true statement about them, and models that write garbage about them. All without Outlay."""

import calendar
import datetime as dt
import random
import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import cached_property

CENT, WHOLE = Decimal("0.01"), Decimal(100)
#: Names that look like words, numbers or each other, beside ordinary ones.
CATEGORIES = ("Groceries", "Dining", "Housing", "Travel", "Health, Beauty", "Food & Drink", "More", "Savings", "May",
              "24", "Market Hall", "Market", "Nothing", "Spending", "The Rest")  # fmt: skip
STRANGERS = ("Amazon", "Netflix", "Café Luna", "Market Hall Berlin", "Grocery", "Crypto")
GERMAN_MONTHS = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
MONTHS: dict[str, Sequence[str]] = {"en": tuple(calendar.month_name), "de": ("", *GERMAN_MONTHS.split())}
#: Statements by what has to be true of them. Slots: c a category, m its amount, d its change, p its share, and so on.
STATEMENTS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "en": {
        "spent": ("You spent {m}.", "In {now}, you spent {m}.", "Spending was {m}.",
                  "Your total spending was {m} in {now}."),
        "spent_before": ("In {before}, you spent {m}.", "Your total spending was {m} in {before}."),
        "earned": ("You earned {m}.", "Your income was {m}.", "In {now}, you received {m}.",
                   "In {now}, you earned {m}."),
        "earned_before": ("In {before}, you earned {m}.", "In {before}, you received {m}."),
        "amount": ("You spent {m} on {c}.", "{c} cost {m}.", "{m} went to {c} in {now}.",
                   "In {now}, you spent {m} on {c}.", "Spending on {c} was {m}!"),
        "previous": (
            "In {before}, you spent {m} on {c}.",
            "You spent {m} on {c} last month.",
            "{m} went to {c} in {before}.",
        ),
        "higher": ("{c} was {m} higher than in {before}.", "You spent {m} more on {c} than last month.",
                   "{c} rose by {m}."),
        "lower": ("{c} was {m} lower than in {before}.", "You spent {m} less on {c} than last month.",
                  "{c} fell by {m}."),
        "percent_up": ("{c} is up {p} from {before}.", "{c} increased by {p}."),
        "percent_down": ("{c} is down {p} from {before}.", "{c} decreased by {p}."),
        "share": ("{p} of the spending went to {c}.", "{c} took {p} of your spending."),
        "largest": ("{c} is the largest category.", "The largest category is {c}.",
                    "The biggest category: {c} with {m}."),
        "total_up": ("Spending is {m} higher than in {before}.", "Spending rose by {m}."),
        "total_down": ("Spending is {m} lower than in {before}.", "Spending fell by {m}."),
        "two": ("{c} cost {m}, and {c2} cost {m2}.", "You spent {m} on {c} and {m2} on {c2}."),
    },
    "de": {
        "spent": ("Du hast {m} ausgegeben.", "Im {now} hast du {m} ausgegeben.", "Die Ausgaben waren {m}."),
        "spent_before": ("Im {before} hast du {m} ausgegeben.",),
        "earned": ("Du hast {m} eingenommen.", "Im {now} hast du {m} eingenommen.", "Deine Einnahmen sind {m}."),
        "earned_before": ("Im {before} hast du {m} eingenommen.",),
        "amount": ("Für {c} hast du {m} ausgegeben.", "{c} kostet {m}.", "Im {now} hast du {m} für {c} ausgegeben."),
        "previous": ("Im {before} hast du {m} für {c} ausgegeben.",),
        "higher": ("Für {c} hast du {m} mehr ausgegeben als im {before}.", "{c} ist um {m} gestiegen."),
        "lower": ("Für {c} hast du {m} weniger ausgegeben als im {before}.", "{c} ist um {m} gesunken."),
        "percent_up": ("{c} ist um {p} gestiegen.",),
        "percent_down": ("{c} ist um {p} gesunken.",),
        "share": ("{p} der Ausgaben sind für {c}.",),
        "largest": ("Die größte Kategorie ist {c}.",),
        "total_up": ("Die Ausgaben sind {m} höher als im {before}.",),
        "total_down": ("Die Ausgaben sind {m} niedriger als im {before}.",),
        "two": ("Für {c} hast du {m} ausgegeben und für {c2} {m2}.",),
    },
}  # fmt: skip
#: Words that make a true statement false, vague or no plain text, and where they are put.
SPOILERS = {
    "en": (
        "about",
        "nearly",
        "not",
        "never",
        "almost",
        "twice",
        "hundred",
        "each",
        "over",
        "dollars",
        "without",
        "half",
    ),
    "de": ("etwa", "fast", "nicht", "nie", "knapp", "doppelt", "hundert", "jeweils", "über", "Dollar", "ohne", "halb"),
}
FOREIGN = ("Vous avez dépensé {m} pour {c}.", "Has gastado {m} en {c}.", "在{c}上花了{m}。")


@dataclass(frozen=True)
class InventedLedger:
    """Rows of months from the first to the last day, by category; none is in two currencies."""

    categories: tuple[str, ...]
    months: tuple[dt.date, ...]
    #: (day, category or None for income, amount)
    rows: tuple[tuple[dt.date, str | None, Decimal], ...]

    @classmethod
    def invent(cls, seed: int, *, n_months: int) -> "InventedLedger":
        """Return `n_months` months, and one before them to compare with."""
        chance = random.Random(seed)
        names = tuple(chance.sample(CATEGORIES, 5))
        months = tuple(dt.date(2023 + n // 12, n % 12 + 1, 1) for n in range(n_months + 1))
        rows: list[tuple[dt.date, str | None, Decimal]] = []
        for first in months:
            last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
            rows.append((first, names[0], _amount(chance)))
            rows.append((last, names[0], _amount(chance)))
            for name in names[1:]:
                rows += [
                    (first.replace(day=chance.randint(1, 28)), name, _amount(chance))
                    for _ in range(chance.choice((0, 1, 1, 2)))
                ]
            if chance.random() < 0.8:
                rows.append((first.replace(day=25), None, Decimal(chance.randint(50_000, 400_000)) / 100))
        return cls(names, months, tuple(rows))

    def told(self) -> Iterator["InventedMonth"]:
        """Yield each month but the first, which has nothing to compare with."""
        for before, first in zip(self.months, self.months[1:], strict=False):
            yield InventedMonth(self, first, before)


@dataclass(frozen=True)
class InventedMonth:
    """A month of an invented ledger, beside the one before it."""

    ledger: InventedLedger
    first: dt.date
    before: dt.date

    @property
    def name(self) -> str:
        return f"{self.first:%Y-%m}"

    def spent(self, category: str | None, month: dt.date) -> Decimal:
        """Return the sum of a category, or of all spending."""
        rows = self._of(month)
        return sum(
            (amount for name, amount in rows if name and (category is None or name == category)), Decimal("0.00")
        )

    def usual(self, category: str) -> Decimal | None:
        """Return the median of a category in the three months before, None if the ledger does not reach back so far."""
        place = self.ledger.months.index(self.first)
        if place < 3:
            return None
        return statistics.median(self.spent(category, month) for month in self.ledger.months[place - 3 : place])

    def earned(self, month: dt.date) -> Decimal:
        return sum((amount for name, amount in self._of(month) if name is None), Decimal("0.00"))

    def statements(self, language: str) -> set[str]:
        """Return every true statement that a garbage model may hit."""
        return {text for texts in self._true(language).values() for text in texts}

    def numbers(self) -> dict[str, set[Decimal]]:
        """Return the true numbers of each category, and under an empty name those of the whole month."""
        found: dict[str, set[Decimal]] = {}
        for name in ("", *self.ledger.categories):
            now, before = (self.spent(name or None, month) for month in (self.first, self.before))
            found[name] = {now, before, abs(now - before), *self._percents(now, before), *self._shares(now)}
            if name and (usual := self.usual(name)) is not None:
                found[name].add(usual)
        earned, spent = self.earned(self.first), self.spent(None, self.first)
        days = Decimal(calendar.monthrange(self.first.year, self.first.month)[1])
        rows = sum(1 for day, _, _ in self.ledger.rows if (day.year, day.month) == (self.first.year, self.first.month))
        found[""] |= {earned, abs(earned - spent), Decimal(self.first.year), Decimal(self.before.year), Decimal(rows)}
        found[""] |= {(spent / days).quantize(CENT, ROUND_HALF_UP)}
        if earned:
            found[""].add(((earned - spent) * WHOLE / earned).quantize(CENT, ROUND_HALF_UP))
        return found

    def garbage(self, language: str, chance: random.Random) -> str:
        """Return what a model without sense writes: fluent, and mostly wrong."""
        kind = chance.choice(("shapes", "shapes", "shapes", "spoiled", "swapped", "foreign", "markdown", "endless"))
        true = sorted(self.statements(language))
        if kind == "endless":
            return " ".join([chance.choice(true)[:-1]] * 400)
        return " ".join(self._sentence(kind, language, chance, true) for _ in range(12))

    def _sentence(self, kind: str, language: str, chance: random.Random, true: Sequence[str]) -> str:
        if kind == "shapes":
            shapes: list[Sequence[str]] = list(STATEMENTS[language].values())
            shape = chance.choice(chance.choice(shapes))
            return shape.format_map(self._slots(language, chance))
        if kind == "foreign":
            return chance.choice(FOREIGN).format_map(self._slots(language, chance))
        text = chance.choice(true)
        if kind == "markdown":
            return chance.choice(("**{}**", "- {}", "# {}", "1. {}", "`{}`", "[{}](http://x)", "“{}”")).format(text)
        if kind == "swapped":
            digits = [place for place, letter in enumerate(text) if letter.isdigit()]
            for place in chance.sample(digits, min(len(digits), chance.choice((1, 2)))):
                text = text[:place] + chance.choice("0123456789.,-") + text[place + 1 :]
            return text
        words = text.split(" ")
        words.insert(chance.randrange(len(words)), chance.choice(SPOILERS[language]))
        return " ".join(words)

    def _slots(self, language: str, chance: random.Random) -> dict[str, str]:
        amounts = [amount for numbers in self.numbers().values() for amount in numbers]
        names = [*self.ledger.categories, *self.ledger.categories, *STRANGERS]

        def number() -> Decimal:
            return chance.choice(amounts) if chance.random() < 0.8 else _amount(chance)

        months = {"now": self._month(self.first, language), "before": self._month(self.before, language)}
        if chance.random() < 0.1:
            months = {"now": months["before"], "before": months["now"]}
        values = {"m": money(number(), language), "m2": money(number(), language), "p": percent(number(), language)}
        return months | values | {"c": chance.choice(names), "c2": chance.choice(names)}

    def _true(self, language: str) -> dict[str, list[str]]:
        shapes, found = STATEMENTS[language], dict[str, list[str]]()
        months = {"now": self._month(self.first, language), "before": self._month(self.before, language)}

        def state(kind: str, **slots: str) -> None:
            found.setdefault(kind, []).extend(shape.format_map(months | slots) for shape in shapes[kind])

        spent, before = self.spent(None, self.first), self.spent(None, self.before)
        state("spent", m=money(spent, language))
        state("spent_before", m=money(before, language))
        state("earned", m=money(self.earned(self.first), language))
        state("earned_before", m=money(self.earned(self.before), language))
        if spent != before:
            state("total_up" if spent > before else "total_down", m=money(abs(spent - before), language))
        by_category = {name: self.spent(name, self.first) for name in self.ledger.categories}
        for name, amount in by_category.items():
            earlier = self.spent(name, self.before)
            state("amount", c=name, m=money(amount, language))
            state("previous", c=name, m=money(earlier, language))
            if amount != earlier:
                direction = "higher" if amount > earlier else "lower"
                state(direction, c=name, m=money(abs(amount - earlier), language))
                for share in self._percents(amount, earlier):
                    state("percent_up" if amount > earlier else "percent_down", c=name, p=percent(share, language))
            for share in self._shares(amount):
                state("share", c=name, p=percent(share, language))
            if amount == max(by_category.values()):
                state("largest", c=name, m=money(amount, language))
            for other, its in by_category.items():
                if other != name:
                    state("two", c=name, m=money(amount, language), c2=other, m2=money(its, language))
        return found

    def _percents(self, now: Decimal, before: Decimal) -> list[Decimal]:
        return [abs((now - before) * WHOLE / before).quantize(CENT, ROUND_HALF_UP)] if before > 0 else []

    def _shares(self, amount: Decimal) -> list[Decimal]:
        """Return the share rounded down, and one hundredth more: shares of a list add up to 100."""
        spent = self.spent(None, self.first)
        down = (amount * WHOLE / spent).quantize(CENT, ROUND_DOWN) if spent else None
        return [] if down is None or not amount else [down, down + CENT]

    def _month(self, first: dt.date, language: str) -> str:
        return f"{MONTHS[language][first.month]} {first.year}"

    def _of(self, month: dt.date) -> list[tuple[str | None, Decimal]]:
        return self._by_month.get((month.year, month.month), [])

    @cached_property
    def _by_month(self) -> dict[tuple[int, int], list[tuple[str | None, Decimal]]]:
        found: dict[tuple[int, int], list[tuple[str | None, Decimal]]] = {}
        for day, name, amount in self.ledger.rows:
            found.setdefault((day.year, day.month), []).append((name, amount))
        return found


def money(amount: Decimal, language: str) -> str:
    """Return an amount in euros as the language writes it."""
    text = f"{abs(amount):,.2f}"
    return f"€{text}" if language == "en" else f"{text.translate(str.maketrans(',.', '.,'))} €"


def percent(share: Decimal, language: str) -> str:
    """Return a percentage as the language writes it."""
    text = f"{abs(share):,.2f}".rstrip("0").rstrip(".")
    return f"{text}%" if language == "en" else f"{text.translate(str.maketrans(',.', '.,'))} %"


def has_only_true_numbers(text: str, month: InventedMonth, language: str) -> bool:
    """Return True if each number in any sentence is one of the names in it, or one of the month where it has none."""
    known = month.numbers()
    names = [name for name in month.ledger.categories if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)]
    allowed = known[""].union(*(known[name] for name in names))
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, " ")
    plain = text.translate(str.maketrans(".,", ",.")) if language == "de" else text
    numbers = [Decimal(one.replace(",", "")) for one in re.findall(r"\d[\d,]*(?:\.\d+)?", plain)]
    return all(number in allowed for number in numbers)


def _amount(chance: random.Random) -> Decimal:
    return Decimal(chance.choice((chance.randint(1, 200_000), chance.randrange(100, 100_000, 100)))) / 100
