"""The text of a month without a model: true sentences, composed of figures. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from insights.calendars import later_month
from insights.narrative.figures import INCOME, RECURRING, SAVINGS, SPENDING, Fact, MonthFigure, MonthFigures
from insights.narrative.language import Language

Part = Literal["summary", "behavior", "tips"]
PARTS: tuple[Part, ...] = ("summary", "behavior", "tips")
N_TIPS, N_CHANGES = 3, 3
UNCATEGORIZED = "category:none"
#: A category is far above its usual amount from this factor and share of the spending on.
FAR_ABOVE, LEAST_SHARE = Decimal("1.5"), Decimal(5)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and its figures. `is_needed`: it stays beside a model's sentences, since it says what they lack."""

    text: str
    figures: tuple[MonthFigure, ...] = ()
    is_needed: bool = False


def name_of(month: MonthFigures, subject: str, language: Language) -> str:
    """Return the display name of a category or payee."""
    return language.texts["uncategorized"] if subject == UNCATEGORIZED else month.names.get(subject, "")


def compared_with(month: MonthFigures, language: Language) -> dict[str, str]:
    """Return the names of the month and of the one before it, as sentences take them."""
    previous = language.month(later_month(month.month.start, -1))
    return {"month": language.month(month.month.start), "previous": previous}


class Template:
    """Writes the parts of the text of a month. `names` are those of categories and payees, by subject."""

    def __init__(self, month: MonthFigures, language: Language, *, names: Mapping[str, str] | None = None) -> None:
        self.month, self.language = month, language
        self.names = {one: name_of(month, one, language) for one in month.names} if names is None else names
        self.slots = compared_with(month, language)
        prev = "prev_whole" if month.is_whole else "prev_part"
        self.slots["prev"] = language.texts[prev].format_map(self.slots)
        self.slots["so_far"] = "" if month.is_over else language.texts["so_far"]

    def write(self) -> dict[Part, list[Sentence]]:
        """Return the sentences of each part."""
        return {"summary": self.summary(), "behavior": self.behavior(), "tips": self.tips()}

    def summary(self) -> list[Sentence]:
        """Return what was spent, earned and left, the change, the largest category, and what is not counted."""
        month = self.month
        if not month.has_begun and not month.n:
            return [self._plain("future", day=self.language.day(month.month.start))]
        if not month.n:
            return [self._plain("empty")]
        if not month.n_counted:
            key = "no_rate_one" if month.n == 1 else "no_rate"
            return [self._plain(key, n=self._count(month.n), currency=month.currency)]
        return [*self._totals(), *self._change(), *self._largest(), *self._remarks()]

    def behavior(self) -> list[Sentence]:
        """Return the categories that changed most against the month before."""
        month = self.month
        if month.n and not month.n_counted:
            return [self._plain("no_rate_compared", currency=month.currency)]
        is_before_ledger = month.begins_on is not None and month.begins_on > month.month.end
        if not month.n and (month.has_months_before or is_before_ledger):
            return [self._plain("empty_compared")]
        if month.compared_through is None and not month.has_months_before:
            return [self._plain("nothing_compared", is_needed=True)]
        if month.compared_through is None:
            return [self._not_compared()]
        found = [one for subject in month.changed[:N_CHANGES] for one in self._changed(subject)]
        return found or [self._plain("steady")]

    def tips(self) -> list[Sentence]:
        """Return three tips, the most useful first; fewer where there are too few figures.

        A month without counted rows has nothing to advise on but the rows or rates that it lacks.
        """
        if not self.month.n_counted:
            key = "tip_rates" if self.month.n else "tip_record"
            return [self._plain(key, currency=self.month.currency)]
        found: list[Sentence] = []
        for make in (self._bills, self._habits, self._outlook, self._ordinary):
            found += [one for one in make() if one.text not in {known.text for known in found}]
        return found[:N_TIPS]

    def _totals(self) -> Iterator[Sentence]:
        spent, earned = self.month.amount(SPENDING) or Decimal(0), self.month.amount(INCOME) or Decimal(0)
        figures = {"spent": (SPENDING, "amount"), "earned": (INCOME, "amount")}
        if spent < 0:
            yield self._with("refunded", values={"spent": (SPENDING, "amount")})
            if earned:
                yield self._with("earned", values={"earned": (INCOME, "amount")})
            return
        key = "spent_earned" if earned and spent else "earned" if earned else "spent"
        shown = {name: of for name, of in figures.items() if name in key}
        yield self._with(key, values=shown)
        saved = self.month.amount(SAVINGS)
        if not earned or not spent or not saved:
            return
        if saved < 0:
            yield self._with("overspent", values={"saved": (SAVINGS, "amount")})
        else:
            yield self._with("left", values={"saved": (SAVINGS, "amount"), "rate": (SAVINGS, "rate")})

    def _change(self) -> Iterator[Sentence]:
        month = self.month
        if month.compared_through is None:
            yield self._not_compared() if month.has_months_before else self._plain("first", is_needed=True)
            return
        change = month.amount(SPENDING, "change")
        if change is None:
            return
        if change:
            key = "higher" if change > 0 else "lower"
            values = {"change": (SPENDING, "change")}
            if month.fact(SPENDING, "percent"):
                yield self._with(key, values=values | {"percent": (SPENDING, "percent")})
            else:
                yield self._with(f"{key}_amount", values=values)
        else:
            yield self._with("equal", figures=(SPENDING,))
        if not month.is_whole:
            yield self._plain("through", day=self.language.day(month.compared_through), is_needed=True)

    def _not_compared(self) -> Sentence:
        """Return why the month cannot be compared with the one before, which is recorded."""
        month = self.month
        if month.begins_on is None:
            key = "no_previous_rate" if month.lacks_rates else "no_previous"
            return self._plain(key, is_needed=True)
        key = "begins_late" if month.is_over else "begins_later"
        until, first = self.language.day(min(month.today, month.month.end)), self.language.day(month.begins_on)
        return self._plain(key, until=until, first=first, is_needed=True)

    def _largest(self) -> Iterator[Sentence]:
        first = next(iter(self.month.largest), None)
        if first is not None and self.month.fact(first, "share"):
            yield self._with("largest", first, values={"amount": (first, "amount"), "share": (first, "share")})

    def _remarks(self) -> Iterator[Sentence]:
        n = self.month.n_unconverted
        if n:
            yield self._plain("unconverted_one" if n == 1 else "unconverted", n=self._count(n), is_needed=True)
        if self.month.converted:
            listed = ", ".join(self.month.converted)
            yield self._plain("converted", currencies=listed, currency=self.month.currency, is_needed=True)

    def _changed(self, subject: str) -> Iterator[Sentence]:
        change, previous = self.month.amount(subject, "change"), self.month.amount(subject, "previous")
        amount = self.month.amount(subject)
        if not change or previous is None:
            return
        if not previous and amount == change and amount > 0:
            yield self._with("category_new", subject, figures=(subject,), values={"amount": (subject, "amount")})
        elif amount == 0 and change < 0:
            yield self._with("category_gone", subject, values={"change": (subject, "change")})
        else:
            yield self._with(
                "category_more" if change > 0 else "category_less", subject, values={"change": (subject, "change")}
            )

    def _bills(self) -> Iterator[Sentence]:
        for key, measures in (
            ("tip_doubled", ("charge", "charge_on")),
            ("tip_rise", ("price", "since", "price_before")),
            ("tip_missing", ("missed", "missed_on")),
        ):
            for payee in self.month.payees:
                if all(self.month.fact(payee, measure) for measure in measures):
                    yield self._with(key, payee, values={measure: (payee, measure) for measure in measures})

    def _habits(self) -> Iterator[Sentence]:
        for subject in self.month.largest:
            amount, usual = self.month.amount(subject), self.month.amount(subject, "usual")
            share = self.month.amount(subject, "share") or Decimal(0)
            if amount and usual and amount >= usual * FAR_ABOVE and share >= LEAST_SHARE:
                yield self._with(
                    "tip_usual", subject, values={"amount": (subject, "amount"), "usual": (subject, "usual")}
                )
        if (self.month.amount(UNCATEGORIZED) or 0) > 0:
            yield self._with("tip_uncategorized", UNCATEGORIZED, values={"amount": (UNCATEGORIZED, "amount")})

    def _outlook(self) -> Iterator[Sentence]:
        for payee in self.month.payees:
            if self.month.fact(payee, "due_on") and not self.month.fact(payee, "price"):
                yield self._with("tip_due", payee, values={"due": (payee, "due"), "due_on": (payee, "due_on")})
                break
        if self.month.fact(SPENDING, "forecast"):
            yield self._with("tip_forecast", values={"forecast": (SPENDING, "forecast")})
        if self.month.fact(RECURRING, "monthly"):
            yield self._with("tip_recurring", values={"monthly": (RECURRING, "monthly")})

    def _ordinary(self) -> Iterator[Sentence]:
        first = next(iter(self.month.largest), None)
        if first is not None and self.month.fact(first, "share"):
            yield self._with("tip_largest", first, values={"share": (first, "share")})
        if (self.month.amount(SPENDING, "per_day") or 0) > 0:
            yield self._with("tip_per_day", values={"per_day": (SPENDING, "per_day")})
        n = self.month.fact("transactions", "n")
        if n is not None:
            key = "tip_count_one" if n.value == 1 else "tip_count"
            yield Sentence(self._text(key, n=self.language.written(n)), (n.figure,))

    def _with(
        self,
        key: str,
        subject: str = "",
        *,
        values: Mapping[str, tuple[str, str]] = MappingProxyType({}),
        figures: tuple[str, ...] = (),
    ) -> Sentence:
        """Return a sentence. `values` are facts by slot; `figures` are subjects that it tells of without a value."""
        facts = {slot: self._known(*of) for slot, of in values.items()}
        written = {slot: self.language.written(fact) for slot, fact in facts.items()}
        behind = [fact.figure for fact in facts.values()] + [self._known(one, "amount").figure for one in figures]
        text = self._text(key, name=self.names.get(subject, ""), **written)
        return Sentence(text, tuple(dict.fromkeys(behind)))

    def _known(self, subject: str, measure: str) -> Fact:
        return self.month.facts()[subject, measure]

    def _plain(self, key: str, *, is_needed: bool = False, **slots: str) -> Sentence:
        return Sentence(self._text(key, **slots), is_needed=is_needed)

    def _text(self, key: str, **slots: str) -> str:
        text = self.language.texts[key].format_map(self.slots | slots)
        return text[0].upper() + text[1:]

    def _count(self, n: int) -> str:
        return self.language.written(Fact(n, "count", None, MonthFigure("transactions", "n", "", n, "count")))
