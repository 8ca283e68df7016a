"""Answers to questions in English and German: what was understood, a sentence with the figures, and refusals."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from insights.ask.meanings import MOST_WORDS, NotUnderstood, question_language
from insights.ask.names import Name
from insights.ask.reading import QuestionReading
from insights.ask.tokens import tokens_of
from insights.locales import locale_of
from insights.reports.periods import Period
from insights.tools.base import Asker, Figure, ToolAnswer

if TYPE_CHECKING:
    from insights.ask.agent import ToolReading

#: Kind of question → what it is about.
SUBJECTS: dict[str, dict[str, str]] = {
    "en": {
        "spending": "Spending", "income": "Income", "savings": "Savings", "per_month": "{focus} per month",
        "per_day": "{focus} per day", "largest": "Largest payments", "smallest": "Smallest payments",
        "largest_income": "Largest income", "top_merchants": "Merchants where most was spent",
        "top_categories": "Categories where most was spent", "by_category": "Spending by category",
        "how_often": "Number of payments", "last_time": "Last payment", "recurring": "Recurring payments",
        "to_come": "Bills still to come", "forecast": "Likely spending", "balance": "Balance",
        "compare": "{focus} compared",
        "refunds": "Refunds", "uncategorized": "Transactions without a category",
    },
    "de": {
        "spending": "Ausgaben", "income": "Einnahmen", "savings": "Ersparnis", "per_month": "{focus} pro Monat",
        "per_day": "{focus} pro Tag", "largest": "Größte Zahlungen", "smallest": "Kleinste Zahlungen",
        "largest_income": "Größte Einnahmen", "top_merchants": "Händler mit den höchsten Ausgaben",
        "top_categories": "Kategorien mit den höchsten Ausgaben", "by_category": "Ausgaben nach Kategorien",
        "how_often": "Anzahl der Zahlungen", "last_time": "Letzte Zahlung", "recurring": "Wiederkehrende Zahlungen",
        "to_come": "Noch offene Rechnungen", "forecast": "Voraussichtliche Ausgaben", "balance": "Kontostand",
        "compare": "{focus} im Vergleich", "refunds": "Erstattungen", "uncategorized": "Buchungen ohne Kategorie",
    },
}  # fmt: skip
FOCUSES = {
    "en": {"expense": "Spending", "income": "Income", "savings": "Savings"},
    "de": {"expense": "Ausgaben", "income": "Einnahmen", "savings": "Ersparnis"},
}
#: How a name is put into a sentence.
NAMED = {
    "en": {"category": "in {}", "merchant": "at {}", "tag": "with the tag {}", "account": "from the account {}"},
    "de": {"category": "in {}", "merchant": "bei {}", "tag": "mit dem Tag {}", "account": "vom Konto {}"},
}
#: Labels of figures in German, by their key.
GERMAN_LABELS = {
    "income": "Einnahmen", "expense": "Ausgaben", "savings": "Ersparnis", "per_month": "Ausgaben pro Monat",
    "per_day": "Ausgaben pro Tag", "income_per_month": "Einnahmen pro Monat",
    "savings_per_month": "Ersparnis pro Monat",
    "n": "Anzahl", "last_on": "Zuletzt", "per_year": "Im Jahr", "spent": "Bisher ausgegeben",
    "predicted": "Voraussichtliche Ausgaben", "low": "Mindestens, in 8 von 10 Monaten",
    "high": "Höchstens, in 8 von 10 Monaten", "still_to_come": "Noch offene Rechnungen", "total": "Alle Konten",
    "income_change": "Änderung der Einnahmen", "expense_change": "Änderung der Ausgaben",
    "income_percent": "Änderung der Einnahmen in Prozent", "expense_percent": "Änderung der Ausgaben in Prozent",
    "refund": "Erstattungen", "net_refund": "Erstattungen abzüglich Ausgaben",
    "not_recorded": "Fällige Rechnungen, die nicht erfasst sind",
    "n_subscriptions": "Davon Abonnements", "subscriptions_per_month": "Abonnements im Monat",
    "subscriptions_per_year": "Abonnements im Jahr",
}  # fmt: skip
GERMAN_RHYTHMS = {
    "weekly": "wöchentlich", "biweekly": "alle zwei Wochen", "four_weekly": "alle vier Wochen",
    "monthly": "monatlich", "bimonthly": "alle zwei Monate", "quarterly": "vierteljährlich",
    "half_yearly": "halbjährlich", "yearly": "jährlich",
}  # fmt: skip
#: How a day is put behind the name of a figure, by the key of the figure.
DAYS_OF_FIGURES = {
    "en": {"payment": "{}", "due": "due on {}", "overdue": "was due on {}", "recurring": "next on {}",
           "late": "overdue since {}"},
    "de": {"payment": "{}", "due": "fällig am {}", "overdue": "war fällig am {}", "recurring": "nächste Zahlung am {}",
           "late": "überfällig seit dem {}"},
}  # fmt: skip
ISO_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")
#: Remarks on what the figures lack, and the same in German.
LACKS = (
    (re.compile(r"(\d+) transactions? ha.+? left out\."), "Ohne Wechselkurs und nicht gezählt: {}."),
    (re.compile(r"There is no exchange rate for (.+)\."), "Ohne Wechselkurs und nicht gezählt: {}."),
    (re.compile(r"Nothing is recorded after (\d{4}-\d\d-\d\d)(?:, [^.]+)?\."), "Nach dem {} ist nichts erfasst."),
    (re.compile(r"(\d+) known bills? (?:is|are) left out, .+?\."), "Rechnungen ohne Wechselkurs, die fehlen: {}."),
)
EXAMPLES = {
    "en": (
        "How much did I spend on groceries in May?", "What was my biggest expense last week?",
        "Compare this month with last month.",
    ),
    "de": ("Was habe ich im Mai für Lebensmittel ausgegeben?", "Was war meine größte Ausgabe letzte Woche?",
           "Vergleiche diesen Monat mit dem letzten Monat."),
}  # fmt: skip
REFUSALS = {
    "en": {
        "reads_only": "Questions only read; nothing was changed. The other addresses of the API change your ledger.",
        "other_person": "Only your own ledger is read, so nothing is known about “{words}”. Ask what you spent.",
        "ambiguous": "“{words}” can mean {choices}. Ask again with one of these.",
        "no_such_day": "There is no day “{words}”.",
        "no_word": "There is no word in this question.",
        "too_many_words": "Ask in at most {most} words.",
        "several": "Ask about one at a time: {words}.",
        "unknown_words": "These words are not understood: {words}. They are no names in your ledger.",
        "not_understood": "This question is not understood.",
        "examples": "Ask for example: {examples}",
    },
    "de": {
        "reads_only": "Fragen lesen nur; nichts wurde geändert. Zum Ändern dienen die Adressen der API.",
        "other_person": "Nur deine eigenen Daten werden gelesen, über „{words}“ ist nichts bekannt.",
        "ambiguous": "„{words}“ kann {choices} bedeuten. Frage noch einmal mit einem davon.",
        "no_such_day": "Den Tag „{words}“ gibt es nicht.",
        "no_word": "In dieser Frage steht kein Wort.",
        "too_many_words": "Frage mit höchstens {most} Wörtern.",
        "several": "Frage einzeln nach: {words}.",
        "unknown_words": "Diese Wörter sind unbekannt: {words}. So heißt nichts in deinen Daten.",
        "not_understood": "Diese Frage wurde nicht verstanden.",
        "examples": "Frage zum Beispiel: {examples}",
    },
}
#: Why the model has not answered. What its server says is English.
FAILURES = {
    "en": {
        "nothing": "The local model found nothing to read for it.",
        "broken": "The answer has failed. The server's log says why.",
        "stopped": "Its worker was stopped three times, perhaps for want of memory.",
        "model": "{error}",
    },
    "de": {
        "nothing": "Das lokale Modell fand nichts, was es dafür lesen kann.",
        "broken": "Die Antwort ist fehlgeschlagen. Der Grund steht im Protokoll des Servers.",
        "stopped": "Der Prozess wurde dreimal beendet, vielleicht aus Mangel an Speicher.",
        "model": "Das lokale Modell hat nicht geantwortet und meldet auf Englisch: „{error}“",
    },
}
MOST_WORDS_NAMED, WORD_LENGTH = 5, 30
#: Figures of a reading that a sentence has.
MOST_SHOWN = 8


def explain_refusal(error: NotUnderstood) -> str:
    """Return what was not understood, and questions that are."""
    texts = REFUSALS[error.language]
    joined = {"en": " or ", "de": " oder "}[error.language]
    words = ", ".join(word[:WORD_LENGTH] for word in error.words[:MOST_WORDS_NAMED])
    detail = texts[error.why].format(words=words, most=MOST_WORDS, choices=joined.join(error.choices))
    if error.code in {"not_understood", "other_person"}:
        detail += " " + texts["examples"].format(examples=" ".join(EXAMPLES[error.language]))
    return detail


def explain_failure(why: str, *, question: str, locale: str, error: object = "") -> str:
    """Return why the model has not answered, in the language of the question. `why` is a key of FAILURES."""
    return FAILURES[question_language(tokens_of(question), locale=locale)][why].format(error=error)


class Wording:
    """Writes the answer to one question in its language, with amounts as the asker's locale writes them."""

    def __init__(self, reading: QuestionReading, answer: ToolAnswer, asker: Asker) -> None:
        self.reading, self.found, self.asker = reading, answer, asker
        self.is_german = reading.language == "de"
        self.locale = locale_of(asker.user.locale, language=reading.language)
        self.values = {figure.key: figure for figure in reversed(answer.figures)}

    @property
    def understood(self) -> str:
        """The meaning that the question was given: the subject, the names and the days."""
        reading, language = self.reading, self.reading.language
        kind = reading.kind
        if kind == "largest":
            kind = "smallest" if reading.arguments.get("order") else "largest"
            kind = "largest_income" if reading.arguments.get("kind") and kind == "largest" else kind
        elif kind == "spending" and reading.focus == "income":
            kind = "income"
        parts = [SUBJECTS[language][kind].format(focus=FOCUSES[language][reading.focus])]
        parts += [NAMED[language][name.kind].format(self._named(name)) for name in reading.names]
        parts += self._amounts()
        if reading.period is not None:
            parts.append(self._days(reading.period))
        if reading.other is not None:
            days = self._days(reading.other)
            parts.append(f"und {days}" if self.is_german else f"and {days}")
        for raw, right in reading.corrections:
            parts.append(f"(„{raw}“ als „{right}“ gelesen)" if self.is_german else f"(“{raw}” read as “{right}”)")
        return " ".join(parts)

    def _named(self, name: Name) -> str:
        """Return the name; a category with others below it says so."""
        if name.category is None or len(self.asker.catalog.with_children(name.category)) == 1:
            return name.name
        return f"{name.name} {'und darunter' if self.is_german else 'and below it'}"

    def _amounts(self) -> list[str]:
        bounds = {"min_amount": ("of at least", "ab"), "max_amount": ("of at most", "bis")}
        return [
            f"{words[self.is_german]} {self.reading.arguments[name]}"
            for name, words in bounds.items()
            if name in self.reading.arguments
        ]

    def _days(self, period: Period) -> str:
        if self.is_german:
            return f"vom {self._day(period.start)} bis {self._day(period.end)}"
        return f"from {period.start} to {period.end}"

    @property
    def figures(self) -> list[Figure]:
        """The figures that the answer uses, with labels in the language of the question."""
        used = self._used_keys()
        figures = [one for one in self.found.figures if used is None or one.key in used]
        return [replace(one, label=label_figure(one, self.locale, today=self.asker.today)) for one in figures]

    def _used_keys(self) -> set[str] | None:
        """Return the keys of the figures that the answer uses; None for all."""
        focus = self.reading.focus
        match self.reading.kind:
            case "spending" | "income":
                return {focus}
            case "savings":
                return {"income", "expense", "savings"}
            case "per_month" | "per_day" as kind:
                return {focus, kind if focus == "expense" else f"{focus}_{kind}"}
            case "by_category":
                return {"expense", "category"}
            case "compare":
                return {focus, f"{focus}_before", f"{focus}_change", f"{focus}_percent", "category_change"}
            case "refunds":
                return {"n", "refund", "last_on"}
            case _:
                return None

    @property
    def answer(self) -> str:
        """The answer in one or two sentences."""
        sentence: str = getattr(self, f"_answer_{self.reading.kind}")()
        return " ".join([sentence, *self._doubts()])

    def _doubts(self) -> list[str]:
        """Return sentences on what the figures lack."""
        texts = []
        if names := self.reading.not_counted:
            listed = ", ".join(names[:3])
            other = (
                "Nicht gezählt sind andere Schreibweisen: {}."
                if self.is_german
                else "Other spellings are not counted: {}."
            )
            texts.append(other.format(listed))
        if self.reading.kind == "compare" and not self.found.body["is_over"]:
            texts.append(
                "Der erste Zeitraum ist noch nicht vorbei." if self.is_german else "The first period is not over."
            )
        return [*texts, *_lacks(self.found.remarks, self.locale)]

    def _say(self, english: str, german: str, /, **words: Any) -> str:
        text = german if self.is_german else english
        said = text.format(scope=self._scope(), when=self._when(self.reading.period), **words)
        return re.sub(r" +(?=[ .,:])", "", said).strip(" ")

    def _scope(self) -> str:
        return " ".join(NAMED[self.reading.language][name.kind].format(name.name) for name in self.reading.names)

    def _when(self, period: Period | None) -> str:
        """Return the days in words: “in May 2026”, “on May 3, 2026”, “from … to …”."""
        if period is None:
            return ""
        start, end = period.start, period.end
        if start == end:
            return f"{'am' if self.is_german else 'on'} {self._day(start)}"
        following = end + dt.timedelta(1)
        if start.day == following.day == 1 and (following.year, following.month) == _month_after(start):
            return f"im {self._date(start, 'MMMM y')}" if self.is_german else f"in {self._date(start, 'MMMM y')}"
        if (start.month, start.day, end.month, end.day) == (1, 1, 12, 31) and start.year == end.year:
            return f"im Jahr {start.year}" if self.is_german else f"in {start.year}"
        first, last = ("vom", "bis") if self.is_german else ("from", "to")
        return f"{first} {self._day(start)} {last} {self._day(end)}"

    def _day(self, day: dt.date) -> str:
        return format_date(day, "long", locale=self.locale)

    def _date(self, day: dt.date, pattern: str) -> str:
        return format_date(day, pattern, locale=self.locale)

    def _money(self, figure: Figure) -> str:
        return format_currency(Decimal(figure.value), figure.currency or self.asker.currency, locale=self.locale)

    def _listed(self, key: str) -> str:
        """Return figures of a kind as “Rewe (€5.00), Amazon (€3.00)”."""
        return ", ".join(f"{one.label} ({self._money(one)})" for one in self.figures if one.key == key)

    def _answer_spending(self) -> str:
        if self.reading.focus == "income":
            return self._answer_income()
        return self._say(
            "You spent {x} {scope} {when}.",
            "Du hast {when} {scope} {x} ausgegeben.",
            x=self._money(self.values["expense"]),
        )

    def _answer_income(self) -> str:
        return self._say(
            "You earned {x} {scope} {when}.",
            "Du hast {when} {scope} {x} eingenommen.",
            x=self._money(self.values["income"]),
        )

    def _answer_savings(self) -> str:
        return self._say("You saved {x} {when}.", "Du hast {when} {x} gespart.", x=self._money(self.values["savings"]))

    def _answer_per_month(self) -> str:
        focus = self.reading.focus
        key = "per_month" if focus == "expense" else f"{focus}_per_month"
        verb = {
            "expense": ("spent", "ausgegeben"),
            "income": ("earned", "eingenommen"),
            "savings": ("saved", "gespart"),
        }
        english, german = verb[self.reading.focus]
        return self._say(
            "You {english} {x} per month {scope} {when}.", "Du hast {when} {scope} im Monat {x} {german}.",
            x=self._money(self.values[key]), english=english, german=german,
        )  # fmt: skip

    def _answer_per_day(self) -> str:
        if self.reading.focus != "expense":
            x = self._money(self.values[f"{self.reading.focus}_per_day"])
            what = FOCUSES[self.reading.language][self.reading.focus]
            return self._say("{what} per day {when}: {x}.", "{what} pro Tag {when}: {x}.", what=what, x=x)
        return self._say(
            "You spent {x} per day {when}.",
            "Du hast {when} am Tag {x} ausgegeben.",
            x=self._money(self.values["per_day"]),
        )

    def _answer_largest(self) -> str:
        if not self.found.figures:
            return self._say("There is no such payment {scope} {when}.", "Es gibt {when} {scope} keine solche Zahlung.")
        n = len(self.found.figures)
        english, german = ("smallest", "kleinste") if "order" in self.reading.arguments else ("largest", "größte")
        text = (
            ("The {english} payment", "Die {german} Zahlung")
            if n == 1
            else ("The {english} payments", "Die {german}n Zahlungen")
        )
        what, wieviel = f"{text[0]} {{scope}} {{when}}: {{x}}.", f"{text[1]} {{scope}} {{when}}: {{x}}."
        return self._say(what, wieviel, x=self._listed("payment"), english=english, german=german)

    def _answer_top_merchants(self) -> str:
        return self._ranked("merchant")

    def _answer_top_categories(self) -> str:
        return self._ranked("category")

    def _ranked(self, key: str) -> str:
        if not (listed := self._listed(key)):
            return self._say("You spent nothing {when}.", "Du hast {when} nichts ausgegeben.")
        return self._say(
            "You spent most {when} here: {x}.", "Am meisten hast du {when} hier ausgegeben: {x}.", x=listed
        )

    def _answer_by_category(self) -> str:
        if not self._listed("category"):
            return self._answer_spending()
        return self._say(
            "You spent {total} {when}: {x}.", "Du hast {when} {total} ausgegeben: {x}.",
            total=self._money(self.values["expense"]), x=self._listed("category"),
        )  # fmt: skip

    def _answer_how_often(self) -> str:
        n = self.values["n"].value
        return self._say(
            "You paid {n} {scope} {when}, {x} in total.", "Du hast {when} {scope} {n} bezahlt, zusammen {x}.",
            n=("1-mal" if self.is_german else "once") if n == "1" else f"{n}-mal" if self.is_german else f"{n} times",
            x=self._money(self.values["expense"]),
        )  # fmt: skip

    def _answer_last_time(self) -> str:
        if not self.found.transactions:
            return self._say("There is no payment {scope}.", "Es gibt keine Zahlung {scope}.")
        [row] = self.found.transactions
        amount = format_currency(Decimal(row["amount"]), row["currency"], locale=self.locale)
        day = self._day(dt.date.fromisoformat(row["date"]))
        return self._say(
            "You last paid {scope} on {day}: {x}.",
            "Du hast zuletzt am {day} {scope} bezahlt: {x}.",
            day=day,
            x=amount,
        )

    def _answer_recurring(self) -> str:
        n, names = self.values["n"].value, self._listed("recurring")
        if not names:
            return self._say("No recurring payment is known.", "Es ist keine wiederkehrende Zahlung bekannt.")
        what = ("1 recurring payment costs", "1 wiederkehrende Zahlung kostet")
        if n != "1":
            what = (f"{n} recurring payments cost", f"{n} wiederkehrende Zahlungen kosten")
        text = self._say(
            "{english} {month} a month, {year} a year: {names}.",
            "{german} {month} im Monat, {year} im Jahr: {names}.",
            english=what[0], german=what[1], names=names,
            month=self._money(self.values["per_month"]), year=self._money(self.values["per_year"]),
        )  # fmt: skip
        among = self.values.get("n_subscriptions")
        if among is None:
            return f"{text} " + self._say(
                "None of them is in the category {category}.", "Davon ist nichts in der Kategorie {category}.",
                category=self.asker.catalog.system("subscriptions").display_name,
            )  # fmt: skip
        if among.value == n:
            return text
        return f"{text} " + self._say(
            "Subscriptions among them: {n}, at {month} a month, {year} a year.",
            "Davon Abonnements: {n}, für {month} im Monat, {year} im Jahr.",
            n=among.value, month=self._money(self.values["subscriptions_per_month"]),
            year=self._money(self.values["subscriptions_per_year"]),
        )  # fmt: skip

    def _answer_to_come(self) -> str:
        coming, overdue = self._listed("due"), self._listed("overdue")
        text = self._say(
            "{x} of bills are still to come {when}: {names}.", "{x} an Rechnungen stehen {when} noch aus: {names}.",
            x=self._money(self.values["still_to_come"]), names=coming,
        )  # fmt: skip
        if not coming:
            text = self._say(
                "No known bill is still to come {when}.", "Es steht {when} keine bekannte Rechnung mehr aus."
            )
        if not overdue:
            return text
        return f"{text} " + self._say(
            "{x} of bills were due and are not recorded: {names}.",
            "{x} an Rechnungen waren fällig und sind nicht erfasst: {names}.",
            x=self._money(self.values["not_recorded"]), names=overdue,
        )  # fmt: skip

    def _answer_forecast(self) -> str:
        text = self._say(
            "You will probably spend {x} {when}; {spent} are spent so far.",
            "Du wirst {when} voraussichtlich {x} ausgeben; bisher sind es {spent}.",
            x=self._money(self.values["predicted"]), spent=self._money(self.values["spent"]),
        )  # fmt: skip
        if "low" not in self.values:
            return text
        low, high = self._money(self.values["low"]), self._money(self.values["high"])
        return f"{text} " + self._say(
            "In 8 of 10 months it is {low} to {high}.",
            "In 8 von 10 Monaten sind es {low} bis {high}.",
            low=low,
            high=high,
        )

    def _answer_balance(self) -> str:
        if not any(one.key == "balance" for one in self.found.figures):
            return self._say("You have no account yet.", "Es gibt noch kein Konto.")
        total = self.values.get("total")
        if total is None:
            return self._say("The balance: {x}.", "Der Kontostand: {x}.", x=self._listed("balance"))
        return self._say(
            "All accounts together have {total}: {x}.", "Alle Konten zusammen haben {total}: {x}.",
            total=self._money(total), x=self._listed("balance"),
        )  # fmt: skip

    def _answer_compare(self) -> str:
        focus, other = self.reading.focus, self.reading.other
        now, then = self.values[focus], self.values[f"{focus}_before"]
        verb = {"expense": ("spent", "ausgegeben"), "income": ("earned", "eingenommen")}[focus]
        text = self._say(
            "You {english} {now} {scope} {when}, and {then} {before}.",
            "Du hast {when} {scope} {now} {german}, und {before} {then}.",
            english=verb[0], german=verb[1], now=self._money(now), then=self._money(then), before=self._when(other),
        )  # fmt: skip
        change = self.values.get(f"{focus}_change")
        if change is None:
            return text
        amount = Decimal(change.value)
        words = (("more", "mehr") if amount > 0 else ("less", "weniger")) if amount else ("", "")
        difference = format_currency(abs(amount), self.asker.currency, locale=self.locale)
        percent = self.values.get(f"{focus}_percent")
        share = "" if percent is None else f" ({format_decimal(abs(Decimal(percent.value)), locale=self.locale)} %)"
        if not amount:
            return f"{text} " + self._say("That is the same.", "Das ist gleich viel.")
        return f"{text} " + self._say(
            "That is {x} {en}{share}.", "Das sind {x} {de}{share}.", x=difference, en=words[0], de=words[1], share=share
        )

    def _answer_refunds(self) -> str:
        n = self.values["n"].value
        english, german = ("1 refund", "1 Erstattung") if n == "1" else (f"{n} refunds", f"{n} Erstattungen")
        return self._say(
            "You got {x} back {scope} {when}, in {english}.",
            "Du hast {when} {scope} {x} zurückbekommen, in {german}.",
            x=self._money(self.values["refund"]), english=english, german=german,
        )  # fmt: skip

    def _answer_uncategorized(self) -> str:
        n = self.values["n"].value
        if n == "1":
            return self._say("1 transaction {when} has no category.", "1 Buchung {when} hat keine Kategorie.")
        return self._say(
            "{n} transactions {when} have no category.", "{n} Buchungen {when} haben keine Kategorie.", n=n
        )


def write_readings(readings: "Sequence[ToolReading]", *, asker: Asker) -> tuple[str, str]:
    """Return what the model chose to read, and a sentence with the figures of each reading."""
    locale = locale_of(asker.user.locale)
    language = locale.language
    understood, sentences = [], []
    for reading in readings:
        arguments = ", ".join(f"{name}: {value}" for name, value in reading.arguments.items())
        understood.append(f"{reading.tool} ({arguments})" if arguments else reading.tool)
        figures = [
            f"{label_figure(one, locale, today=asker.today)}: {_shown(one, locale)}"
            for one in reading.answer.figures[:MOST_SHOWN]
        ]
        sentences += [f"{'; '.join(figures)}."] if figures else []
        remarks = reading.answer.remarks
        sentences += _lacks(remarks, locale) if language == "de" else remarks
    nothing = {"en": "Nothing was found.", "de": "Es wurde nichts gefunden."}[language]
    return "; ".join(understood), " ".join(sentences) or nothing


def label_figure(figure: Figure, locale: Locale, *, today: dt.date) -> str:
    """Return the label of a figure in the language of the locale: “Rent, monthly, next on December 1, 2026”."""
    is_german = locale.language == "de"
    if not figure.name:
        return GERMAN_LABELS.get(figure.key, figure.label) if is_german else figure.label
    parts = [figure.name]
    if figure.rhythm:
        parts.append(GERMAN_RHYTHMS[figure.rhythm] if is_german else figure.rhythm.replace("_", "-"))
    if figure.day is not None:
        key = "late" if figure.key == "recurring" and figure.day < today else figure.key
        day = format_date(figure.day, "long", locale=locale)
        parts.append(DAYS_OF_FIGURES[locale.language][key].format(day))
    return ", ".join(parts)


def _lacks(remarks: Sequence[str], locale: Locale) -> list[str]:
    """Return what remarks say that figures lack, in the language of the answer."""
    found = [(lack.search(remark), german) for remark in remarks for lack, german in LACKS]
    texts = [german.format(match[1]) if locale.language == "de" else match[0] for match, german in found if match]
    return [
        ISO_DAY.sub(lambda day: format_date(dt.date.fromisoformat(day[0]), "long", locale=locale), text)
        for text in texts
    ]


def _shown(figure: Figure, locale: Locale) -> str:
    """Return a value as the locale writes amounts; other values are written as they are."""
    return format_currency(Decimal(figure.value), figure.currency, locale=locale) if figure.currency else figure.value


def links_of(figures: Sequence[Figure]) -> list[Mapping[str, str]]:
    """Return the addresses behind the figures, each once."""
    found: dict[str, str] = {}
    for figure in figures:
        if figure.filter:
            found.setdefault(figure.filter, figure.label)
    return [{"label": label, "url": url} for url, label in found.items()]


def _month_after(day: dt.date) -> tuple[int, int]:
    return (day.year + day.month // 12, day.month % 12 + 1)
