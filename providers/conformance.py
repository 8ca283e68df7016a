"""The conformance test of a link: checks that its author runs in their own tests.

    import pytest
    from providers.conformance import CHECKS, Exam

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_my_link_keeps_the_interface(check):
        check(Exam(lambda: MyLink(folder="..."), questions=[...]))

or all at once, `check_provider(MyLink)`. Each check raises AssertionError with a sentence that names the link, the
promise and the question. `questions` are some that your link answers; the checks bring their own hostile ones.
A link that asks a server is examined against a stand-in of that server, one that needs the database with a test
database.
"""

import datetime as dt
import json
import math
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connections

from providers.interface import (
    EFFECT_FIELDS,
    VARYING,
    Answer,
    Effects,
    LabeledQuestion,
    OfferedCategory,
    Provider,
    ProviderError,
    Question,
    Suggestion,
)

CATEGORIES = (
    OfferedCategory(1, "Groceries", "expense", "groceries", "Supermarkets and bakeries"),
    OfferedCategory(2, "Dining", "expense", "dining", "Restaurants and cafes"),
    OfferedCategory(3, "Büro & Ölwechsel", "expense"),
    OfferedCategory(4, "Income", "income", "income"),
    OfferedCategory(5, "Transfers", "transfer", "transfers"),
)
HOSTILE_TEXTS = {
    "empty": "",
    "blanks": " \t\n ",
    "digits only": "4711 0815 20261102",
    "10,000 characters": "abc " * 2_500,
    "10,000 characters without a blank": "x" * 10_000,
    "emoji": "🍕👩‍👩‍👧‍👦🇩🇪",
    "right to left": "مقهى القمر \u200fקפה\u202e drow",
    "NUL": "Cafe\x00Luna\x1b[2J",
    "unknown script": "𒀀𒁀𐎠ꦄ𞤀",
    "half a surrogate pair": "Cafe \ud83c Luna",
    "code": "'; DROP TABLE rules; -- {0} %s ${HOME} <script>",
}


def ordinary(categories: tuple[OfferedCategory, ...], owner: int) -> list[Question]:
    """Return ordinary payments with twins: equal rows, and rows that differ in one thing only."""
    cafe = Question("CAFE LUNA 4711", categories, owner, "out", "", Decimal("4.50"), "EUR", dt.date(2026, 11, 2))
    return [
        cafe,
        replace(cafe),
        replace(cafe, amount=Decimal("45.00"), date=dt.date(2026, 11, 3)),
        replace(cafe, description="Cafe Luna  0815"),
        replace(cafe, merchant="Cafe Luna", account=7, country="DE"),
        replace(cafe, direction="in"),
        replace(cafe, trigger="import", examples=(("Cafe Luna", categories[0].id),) if categories else ()),
        replace(cafe, amount=None, currency="", date=None),
        replace(cafe, categories=()),
        replace(cafe, categories=categories[:1]),
        replace(cafe, description="Monthly salary", direction="in", amount=Decimal("2500.0000")),
        replace(cafe, description="Bakery at the corner", amount=Decimal("0.0001"), currency="KWD"),
    ]


def hostile(categories: tuple[OfferedCategory, ...], owner: int) -> dict[str, Question]:
    """Return a transaction for each hostile text, by the name of its trouble, with the text as merchant too."""
    as_text = {name: Question(text, categories, owner) for name, text in HOSTILE_TEXTS.items()}
    as_merchant = {
        f"{name} as merchant": Question("Cafe", categories, owner, "out", text) for name, text in HOSTILE_TEXTS.items()
    }
    return as_text | as_merchant


OUTWARD = ("open", "socket.", "subprocess.", "os.system", "os.listdir", "os.scandir", "sqlite3.connect", "urllib.")
NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.")


class _Watch(threading.local):
    """The audit events that the current thread records. A hook can never be removed, so it only looks here."""

    wanted: tuple[str, ...] = ()
    seen: list[str] | None = None


_watch = _Watch()
_has_hook = threading.Event()


@contextmanager
def recorded(events: tuple[str, ...], *, queries: bool) -> Iterator[list[str]]:
    """Fill a list with this thread's audit events that begin so, and with its database queries."""

    def note_event(event: str, args: tuple[Any, ...]) -> None:
        if _watch.seen is not None and event.startswith(_watch.wanted):
            _watch.seen.append(f"{event} {args[0] if args else ''}".strip())

    if not _has_hook.is_set():
        _has_hook.set()
        sys.addaudithook(note_event)
    seen: list[str] = []

    def note_query(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        seen.append(f"query {sql[:60]}")
        return execute(sql, params, many, context)

    with ExitStack() as stack:
        if queries and settings.configured:
            for connection in connections.all():
                stack.enter_context(connection.execute_wrapper(note_query))
        _watch.wanted, _watch.seen = events, seen
        try:
            yield seen
        finally:
            _watch.seen = None


MAX_NAME = 32
MAX_EXPLANATION = 500
MAX_TAG = 50
MAX_MERCHANT = 200
SENTENCE_ENDS = (".", "!", "?", "…", "。", "؟", "।")


@dataclass(frozen=True)
class Exam:
    """A link under examination. `make` makes it, and `questions` are asked besides ours."""

    make: Callable[[], Provider]
    questions: Sequence[Question] = ()
    _made: list[Provider] = field(default_factory=list, init=False, repr=False)

    @property
    def provider(self) -> Provider:
        """The link, made once."""
        if not self._made:
            self._made.append(self.make())
        return self._made[0]

    def batch(self) -> list[Question]:
        """Return the author's transactions, then ordinary ones of the same owner and categories."""
        return [*self.questions, *ordinary(*self._offer)]

    def hostile(self) -> dict[str, Question]:
        """Return hostile texts with the author's owner and categories."""
        return hostile(*self._offer)

    @property
    def _offer(self) -> tuple[tuple[OfferedCategory, ...], int]:
        first = self.questions[0] if self.questions else None
        return (first.categories, first.owner) if first else (CATEGORIES, 1)

    def confirmed(self) -> list[LabeledQuestion]:
        """Return all transactions with an offer, labeled with the offered categories by turns."""
        asked = [question for question in [*self.batch(), *self.hostile().values()] if question.categories]
        return [LabeledQuestion(t, t.categories[i % len(t.categories)].id) for i, t in enumerate(asked)]

    def ask(self, asked: Sequence[Question], provider: Provider | None = None) -> list[Answer]:
        """Return one answer for each transaction."""
        with _blaming(self, f"asked about {_about(asked[0]) if asked else 'nothing'}"):
            answers = list((provider or self.provider).categorize_many(asked))
        n_answers = len(answers)
        self.require(n_answers == len(asked), f"gave {n_answers} answers to {len(asked)} transactions")
        return answers

    def require(self, kept: bool, fault: str) -> None:
        """Raise AssertionError, which names the link, if a promise is not kept."""
        if not kept:
            raise AssertionError(f"{_title(self)} {fault}.")


Check = Callable[[Exam], None]


def check_provider(make_provider: Callable[[], Provider], *, questions: Sequence[Question] | None = None) -> None:
    """Run every check. Raise AssertionError at the first promise that the link breaks."""
    exam = Exam(make_provider, tuple(questions or ()))
    for check in CHECKS:
        check(exam)


def check_constructor_does_no_io(exam: Exam) -> None:
    """Check that start-up, which reads the setting, waits for no disk, network or database."""
    with _blaming(exam, "made"):
        exam.make()  # what is imported late is read now
    with _blaming(exam, "made"), recorded(OUTWARD, queries=True) as seen:
        made: object = exam.make()
    exam.require(isinstance(made, Provider), "is not a subclass of providers.interface.Provider")
    exam.require(not seen, f"reaches out while it is made: {', '.join(dict.fromkeys(seen))}")


def check_name_and_version(exam: Exam) -> None:
    """Check the name, which is the source of an answer, and the version, which every attempt keeps."""
    for what, value in (("name", exam.provider.name), ("version", exam.provider.version)):
        exam.require(isinstance(value, str) and bool(value.strip()), f"has no {what}: {value!r}")
    exam.require(len(exam.provider.name) <= MAX_NAME, f"has a name of more than {MAX_NAME} characters")


def check_check_gives_sentences(exam: Exam) -> None:
    """Check that `check()`, a system check, gives a list of sentences without network and database."""
    provider = exam.provider
    with _blaming(exam, "checked"), recorded(OUTWARD, queries=True) as seen:
        faults: object = provider.check()
    exam.require(not seen, f"reaches out in check(): {', '.join(dict.fromkeys(seen))}")
    is_list = isinstance(faults, list) and all(isinstance(fault, str) and fault.strip() for fault in faults)
    exam.require(is_list, f"gives {faults!r} from check(), not a list of sentences")


def check_one_answer_each_in_order(exam: Exam) -> None:
    """Check that a batch of any size, none included, gets one answer each."""
    for batch in ([], exam.batch()[:1], exam.batch(), tuple(exam.batch())):
        exam.ask(batch)


def check_answers_are_well_formed(exam: Exam) -> None:
    """Check for offered categories only, probabilities, one sentence, JSON."""
    batch = exam.batch()
    for question, answer in zip(batch, exam.ask(batch), strict=True):
        _check_answer(exam, question, answer)


def check_hostile_texts_are_survived(exam: Exam) -> None:
    """Check that the link answers or declines any text."""
    for name, question in exam.hostile().items():
        with _blaming(exam, f"asked about text that is {name}"):
            _check_answer(exam, question, exam.ask([question])[0])
    exam.ask(list(exam.hostile().values()))


def check_same_question_same_answer(exam: Exam) -> None:
    """Check the answers when asked twice, and of a second link with the same options."""
    batch = exam.batch()
    first, again, other = exam.ask(batch), exam.ask(batch), exam.ask(batch, exam.make())
    for question, *answers in zip(batch, first, again, other, strict=True):
        told = {_comparable(answer) for answer in answers}
        exam.require(len(told) == 1, f"answers differently when asked again about {_about(question)}")


def check_batches_do_not_matter(exam: Exam) -> None:
    """Check that an answer depends on its transaction alone, not on the rest of the batch."""
    batch = exam.batch()
    expected = [_comparable(answer) for answer in exam.ask(batch)]

    def in_pieces(size: int) -> list[Hashable]:
        pieces = [batch[start : start + size] for start in range(0, len(batch), size)]
        return [_comparable(answer) for piece in pieces for answer in exam.ask(piece)]

    backwards = [_comparable(answer) for answer in exam.ask(batch[::-1])][::-1]
    for size, got in ((1, in_pieces(1)), (3, in_pieces(3)), (0, backwards)):
        how = f"in batches of {size}" if size else "in the opposite order"
        for question, here, there in zip(batch, expected, got, strict=True):
            exam.require(here == there, f"answers differently {how} about {_about(question)}")


def check_equal_keys_get_equal_answers(exam: Exam) -> None:
    """Check equal keys: the chain asks for one of their transactions, and gives its answer to all."""
    groups: dict[Hashable, list[Question]] = defaultdict(list)
    for question in [*exam.batch(), *exam.hostile().values()]:
        key = _key(exam, question)
        exam.require(key == _key(exam, replace(question)), f"has two keys for {_about(question)}")
        if key is not None:
            groups[key].append(question)
    for members in groups.values():
        told = {_comparable(exam.ask([member])[0]) for member in members}
        exam.require(len(told) == 1, f"answers differently to transactions of one key, such as {_about(members[0])}")


def check_what_is_not_looked_at_does_not_matter(exam: Exam) -> None:
    """Check `looks_at`: an answer stays the same when an amount, a currency or a day that it leaves out changes."""
    other: dict[str, Any] = {"amount": Decimal("4321.09"), "currency": "JPY", "date": dt.date(2024, 2, 29)}
    for question in exam.batch():
        looked_at = exam.provider.looks_at(question)
        exam.require(looked_at <= VARYING, f"looks at {sorted(looked_at - VARYING)}, which are not among VARYING")
        ignored = {name: value for name, value in other.items() if name not in looked_at}
        if "size" in looked_at:
            ignored.pop("amount", None)
        changed = replace(question, **ignored)
        here, there = (_comparable(exam.ask([one])[0]) for one in (question, changed))
        exam.require(here == there, f"answers differently for another {' or '.join(ignored)} of {_about(question)}")


def check_input_is_left_alone(exam: Exam) -> None:
    """Check that a link does not sort, empty or extend the batch, which is the chain's."""
    batch = exam.batch()
    given, ids = list(batch), [id(question) for question in batch]
    exam.ask(given)
    exam.require([id(question) for question in given] == ids, "changes the list that it is given")
    exam.require(given == exam.batch(), "changes the transactions that it is given")


def check_recall_is_quick_and_complete(exam: Exam) -> None:
    """Check that `recall()` gives one Suggestion or None each, without the network."""
    batch = [*exam.batch(), *exam.hostile().values()]
    exam.ask(batch)
    with _blaming(exam, "asked to recall"), recorded(NETWORK, queries=False) as seen:
        recalled = list(exam.provider.recall(batch))
    exam.require(not seen, f"asks the network in recall(): {', '.join(dict.fromkeys(seen))}")
    exam.require(len(recalled) == len(batch), f"recalls {len(recalled)} answers to {len(batch)} transactions")
    for question, answer in zip(batch, recalled, strict=True):
        exam.require(not isinstance(answer, ProviderError), "gives an error from recall(), which knows or does not")
        _check_answer(exam, question, answer)


def check_learning_makes_another(exam: Exam) -> None:
    """Check that `learn()` gives a link of the same name that answers as well, and leaves the first unchanged."""
    batch, lessons = exam.batch(), exam.confirmed()
    before = [_comparable(answer) for answer in exam.ask(batch)]
    taught = _teach(exam, exam.provider, lessons)
    for question in [*batch, *exam.hostile().values()]:
        _check_answer(exam, question, exam.ask([question], taught)[0])
    exam.require(lessons == exam.confirmed(), "changes the list that it is taught")
    exam.require([_comparable(a) for a in exam.ask(batch)] == before, "answers differently once another was taught")


def check_what_is_taught_is_all_that_is_known(exam: Exam) -> None:
    """Check that a taught link knows nothing else of the ledger, and that no lessons change nothing."""
    lessons = exam.confirmed()
    made = exam.make()
    untaught = _teach(exam, made, [])
    if untaught is made:
        return  # it does not learn
    with _blaming(exam, "asked what it was taught"), recorded(NETWORK, queries=True) as seen:
        exam.ask(exam.batch(), untaught)
        later = exam.ask(exam.batch(), _teach(exam, untaught, lessons))
    exam.require(not seen, f"looks further than what it was taught: {', '.join(dict.fromkeys(seen))}")
    at_once = exam.ask(exam.batch(), _teach(exam, exam.make(), lessons))
    for question, here, there in zip(exam.batch(), later, at_once, strict=True):
        is_equal = _comparable(here) == _comparable(there)
        exam.require(is_equal, f"answers differently about {_about(question)} when it was taught nothing before")


CHECKS: tuple[Check, ...] = (
    check_constructor_does_no_io,
    check_name_and_version,
    check_check_gives_sentences,
    check_one_answer_each_in_order,
    check_input_is_left_alone,
    check_answers_are_well_formed,
    check_hostile_texts_are_survived,
    check_same_question_same_answer,
    check_batches_do_not_matter,
    check_equal_keys_get_equal_answers,
    check_what_is_not_looked_at_does_not_matter,
    check_recall_is_quick_and_complete,
    check_learning_makes_another,
    check_what_is_taught_is_all_that_is_known,
)


def _teach(exam: Exam, provider: Provider, confirmed: Sequence[LabeledQuestion]) -> Provider:
    with _blaming(exam, f"taught {len(confirmed)} transactions"):
        taught: object = provider.learn(confirmed)
    exam.require(isinstance(taught, Provider), f"gives {taught!r} from learn(), which is no link")
    assert isinstance(taught, Provider)  # noqa: S101 - said to the type checker; it has just been required
    exam.require(taught.name == provider.name, f"is called {taught.name!r} once it was taught")
    return taught


def _check_answer(exam: Exam, question: Question, answer: object) -> None:
    if answer is None or (isinstance(answer, ProviderError) and str(answer).strip()):
        return
    about = _about(question)
    exam.require(isinstance(answer, Suggestion), f"answers {answer!r} about {about}: no Suggestion, error or None")
    assert isinstance(answer, Suggestion)  # noqa: S101 - said to the type checker; it has just been required
    offered = {category.id for category in question.categories} | {None}
    exam.require(answer.category in offered, f"answers {about} with a category that was not offered")
    others = [category for category, _ in answer.alternatives]
    exam.require(set(others) <= offered - {None}, f"has alternatives for {about} that were not offered")
    for number in (answer.confidence, *(probability for _, probability in answer.alternatives)):
        is_probability = _is_finite(number) and 0 <= number <= 1
        exam.require(is_probability, f"is {number!r} confident about {about}, which is not within [0, 1]")
    exam.require(answer.score is None or _is_finite(answer.score), f"scores {about} with {answer.score!r}, no number")
    text: object = answer.explanation
    is_sentence = isinstance(text, str) and bool(text.strip()) and len(text) <= MAX_EXPLANATION and "\n" not in text
    ends_well = is_sentence and answer.explanation.rstrip("”\"'»)").endswith(SENTENCE_ENDS)
    exam.require(ends_well, f"explains {about} with {text!r}, not one sentence")
    exam.require(_are_effects(answer.effects), f"wants effects for {about} that cannot be kept: {answer.effects!r}")
    exam.require(_is_json(answer.details), f"has details for {about} that are not JSON: {answer.details!r}")


@contextmanager
def _blaming(exam: Exam, when: str) -> Iterator[None]:
    """Turn an error into a fault of the link; a ProviderError too, since nothing was examined then."""
    try:
        yield
    except AssertionError:
        raise
    except Exception as error:
        raise AssertionError(f"{_title(exam)} raises {error!r} when it is {when}.") from error


def _key(exam: Exam, question: Question) -> Hashable:
    with _blaming(exam, f"asked for the key of {_about(question)}"):
        key = exam.provider.key(question)
        hash(key)
        return key


def _comparable(answer: Answer) -> Hashable:
    """Return all that a user sees of an answer, except details, which may hold durations."""
    if isinstance(answer, Suggestion):
        seen = replace(answer, details={})
        return tuple(getattr(seen, name) for name in Suggestion.__slots__ if name != "details")
    return None if answer is None else (type(answer).__name__, str(answer))


def _is_finite(number: object) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number)


def _are_effects(effects: object) -> bool:
    if not isinstance(effects, Effects) or not isinstance(effects.merchant, str):
        return False
    tags = effects.tags
    fit = isinstance(tags, tuple) and all(isinstance(tag, str) and 0 < len(tag) <= MAX_TAG for tag in tags)
    is_short = len(effects.merchant) <= MAX_MERCHANT
    are_fields = isinstance(effects.fields, tuple) and {name for name, _ in effects.fields} <= set(EFFECT_FIELDS)
    return is_short and fit and are_fields


def _is_json(details: Any) -> bool:
    try:
        json.dumps(dict(details), allow_nan=False)
    except (TypeError, ValueError):
        return False
    return all(isinstance(name, str) for name in details)


def _title(exam: Exam) -> str:
    made = exam._made  # noqa: SLF001 - a link that cannot be made has no name
    return type(made[0]).__name__ if made else getattr(exam.make, "__name__", "The link")


def _about(question: Question) -> str:
    text = question.description
    return repr(text if len(text) <= 30 else f"{text[:30]}…")
