"""Links that each break one promise of the interface, and what the conformance suite says of them."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connection

from providers.interface import Effects, Provider, ProviderUnavailable, Suggestion


def answer(question, **fields: Any):
    """A right answer, with what the test makes wrong about it."""
    if not question.categories:
        return None
    return Suggestion(**{"category": question.categories[0].id, "confidence": 0.5, "explanation": "So."} | fields)


class Good(Provider):
    """Keeps every promise."""

    name = "good"

    def categorize_many(self, questions):
        return [answer(question) for question in questions]


def wrong(**fields: Any) -> Callable[[], Provider]:
    """A link whose answers have these fields."""

    class Wrong(Good):
        def categorize_many(self, questions):
            return [answer(question, **fields) for question in questions]

    return Wrong


def fails(act: Callable[[Any], object]) -> Callable[[], Provider]:
    """A link that does this with every transaction before it answers."""

    class Failing(Good):
        def categorize_many(self, questions):
            return [(act(question), answer(question))[1] for question in questions]

    return Failing


class Short(Good):
    def categorize_many(self, questions):
        return super().categorize_many(questions)[1:]


class NotASuggestion(Good):
    def categorize_many(self, questions):
        return ["Groceries" for _ in questions]


class Foreign(Good):
    def categorize_many(self, questions):
        return [Suggestion(99, 0.5, "So.") for _ in questions]


class Eager(Good):
    """Answers even where nothing is offered."""

    def categorize_many(self, questions):
        return [Suggestion(1, 0.5, "So.") for _ in questions]


class Moody(Good):
    def __init__(self):
        self.moods = itertools.cycle([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])

    def categorize_many(self, questions):
        return [answer(question, confidence=next(self.moods)) for question in questions]


class Sorting(Good):
    """Answers by place in the batch."""

    def categorize_many(self, questions):
        return [answer(question, confidence=1 / (i + 1)) for i, question in enumerate(questions)]


class CoarseKey(Good):
    """Says that all transactions are equal, but looks at the amount."""

    def categorize_many(self, questions):
        return [answer(t, confidence=0.9 if t.amount else 0.1) for t in questions]

    def key(self, question):
        return "all the same"


class UnhashableKey(Good):
    def key(self, question):
        return [question.description]


class RestlessKey(Good):
    def key(self, question):
        return object()


class Emptying(Good):
    def categorize_many(self, questions):
        answers = super().categorize_many(questions)
        if isinstance(questions, list):
            questions.reverse()
        return answers


class ShortRecall(Good):
    def recall(self, questions):
        return []


class ErrorInRecall(Good):
    def recall(self, questions):
        return [ProviderUnavailable("It is away.") for _ in questions]


class Nameless(Good):
    name = ""


class LongName(Good):
    name = "n" * 33


class Versionless(Good):
    version = ""


class ReadingConstructor(Good):
    def __init__(self):
        Path(__file__).read_text(encoding="utf-8")


class AskingConstructor(Good):
    def __init__(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")


class CrashingConstructor(Good):
    def __init__(self):
        raise KeyError("HOME")


class NoProvider:
    name = "good"
    version = "1"


class OneSentence(Good):
    def check(self):
        return "The host is empty."


class ReadingCheck(Good):
    def check(self):
        Path(__file__).read_text(encoding="utf-8")
        return []


class Unavailable(Good):
    def categorize_many(self, questions):
        raise ProviderUnavailable("It is away.")


class Renamed(Good):
    def learn(self, confirmed):
        return Better()


class Better(Good):
    name = "better"


class Unlearned(Good):
    def learn(self, confirmed):
        return None


class Impressionable(Good):
    """Is changed itself by what another is taught."""

    sureness = 0.5

    def categorize_many(self, questions):
        return [answer(question, confidence=self.sureness) for question in questions]

    def learn(self, confirmed):
        self.sureness = 0.6
        return Good()


class Counting(Good):
    """Knows how often it was taught, not what."""

    def __init__(self, sureness=0.5):
        self.sureness = sureness

    def categorize_many(self, questions):
        return [answer(question, confidence=self.sureness) for question in questions]

    def learn(self, confirmed):
        return Counting(self.sureness * 0.9)


class Peeking(Good):
    """Looks into the ledger although it was taught."""

    def learn(self, confirmed):
        return PeekingTaught()


class PeekingTaught(Peeking):
    def categorize_many(self, questions):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return super().categorize_many(questions)


BROKEN: list[tuple[Callable[[], Any], str]] = [
    (Short, "Short gave 0 answers to 1 transactions."),
    (NotASuggestion, "NotASuggestion answers 'Groceries' about 'CAFE LUNA 4711': no Suggestion, error or None."),
    (Foreign, "Foreign answers 'CAFE LUNA 4711' with a category that was not offered."),
    (Eager, "Eager answers 'CAFE LUNA 4711' with a category that was not offered."),
    (wrong(confidence=1.5), "Wrong is 1.5 confident about 'CAFE LUNA 4711', which is not within [0, 1]."),
    (wrong(confidence=float("nan")), "Wrong is nan confident about 'CAFE LUNA 4711', which is not within [0, 1]."),
    (wrong(confidence=True), "Wrong is True confident about 'CAFE LUNA 4711', which is not within [0, 1]."),
    (wrong(alternatives=((1, 2),)), "Wrong is 2 confident about 'CAFE LUNA 4711', which is not within [0, 1]."),
    (wrong(alternatives=((9, 0.1),)), "Wrong has alternatives for 'CAFE LUNA 4711' that were not offered."),
    (wrong(score="high"), "Wrong scores 'CAFE LUNA 4711' with 'high', no number."),
    (wrong(explanation=" "), "Wrong explains 'CAFE LUNA 4711' with ' ', not one sentence."),
    (wrong(explanation="a word"), "Wrong explains 'CAFE LUNA 4711' with 'a word', not one sentence."),
    (wrong(explanation="So.\nThere."), "Wrong explains 'CAFE LUNA 4711' with 'So.\\nThere.', not one sentence."),
    (wrong(details={"by": {1, 2}}), "Wrong has details for 'CAFE LUNA 4711' that are not JSON: {'by': {1, 2}}."),
    (
        wrong(effects=Effects(tags=("t" * 51,))),
        (
            f"Wrong wants effects for 'CAFE LUNA 4711' that cannot be kept: "
            f"Effects(merchant='', tags=({'t' * 51!r},), fields=())."
        ),
    ),
    (
        fails(lambda t: t.amount + 1),
        (
            "Failing raises TypeError(\"unsupported operand type(s) for +: 'NoneType' and 'int'\") "
            "when it is asked about 'CAFE LUNA 4711'."
        ),
    ),
    (
        fails(lambda t: t.description[0]),
        "Failing raises IndexError('string index out of range') when it is asked about ''.",
    ),
    (
        fails(lambda t: json.dumps(t.description, ensure_ascii=False).encode()),
        (
            "Failing raises UnicodeEncodeError('utf-8', '\"Cafe \\ud83c Luna\"', 6, 7, 'surrogates not allowed') "
            "when it is asked about 'Cafe \\ud83c Luna'."
        ),
    ),
    (Moody, "Moody answers differently when asked again about 'CAFE LUNA 4711'."),
    (Sorting, "Sorting answers differently in batches of 1 about 'CAFE LUNA 4711'."),
    (CoarseKey, "CoarseKey answers differently to transactions of one key, such as 'CAFE LUNA 4711'."),
    (
        UnhashableKey,
        "UnhashableKey raises TypeError(\"unhashable type: 'list'\") when it is asked for the key of 'CAFE LUNA 4711'.",
    ),
    (RestlessKey, "RestlessKey has two keys for 'CAFE LUNA 4711'."),
    (Emptying, "Emptying changes the list that it is given."),
    (ShortRecall, "ShortRecall recalls 0 answers to 34 transactions."),
    (ErrorInRecall, "ErrorInRecall gives an error from recall(), which knows or does not."),
    (Nameless, "Nameless has no name: ''."),
    (LongName, "LongName has a name of more than 32 characters."),
    (Versionless, "Versionless has no version: ''."),
    (ReadingConstructor, f"ReadingConstructor reaches out while it is made: open {__file__}."),
    (CrashingConstructor, "CrashingConstructor raises KeyError('HOME') when it is made."),
    (NoProvider, "NoProvider is not a subclass of providers.interface.Provider."),
    (OneSentence, "OneSentence gives 'The host is empty.' from check(), not a list of sentences."),
    (ReadingCheck, f"ReadingCheck reaches out in check(): open {__file__}."),
    (Renamed, "Renamed is called 'better' once it was taught."),
    (Unlearned, "Unlearned gives None from learn(), which is no link."),
    (Impressionable, "Impressionable answers differently once another was taught."),
    (Counting, "Counting answers differently about 'CAFE LUNA 4711' when it was taught nothing before."),
    (
        Unavailable,
        "Unavailable raises ProviderUnavailable('It is away.') when it is asked about nothing.",
    ),
]
