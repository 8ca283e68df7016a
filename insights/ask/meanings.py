"""The words of a question as a ledger understands them: periods, names, numbers and phrases, or why not."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA

from insights.ask.names import Name, NameBook
from insights.ask.periods import PeriodReader, PeriodSpan
from insights.ask.tokens import QuestionWord, tokens_of
from insights.ask.vocabulary import vocabulary
from insights.locales import locale_of
from insights.tools.base import Asker

#: More words are no question.
MOST_WORDS = 60
#: Shorter words are not corrected. One letter may lack, be too many or be swapped; in a longer word it may be wrong.
CORRECTED_LENGTH, WRONG_LETTER_LENGTH = 4, 7
#: Words of a name.
LONGEST_NAME = 5
MARKERS = {"category_marker": "category", "tag_marker": "tag", "account_marker": "account"}
KIND_WORDS = {
    "en": {"category": "the category", "tag": "the tag", "account": "the account", "merchant": "the merchant"},
    "de": {"category": "Kategorie", "tag": "Tag", "account": "Konto", "merchant": "Händler"},
}
ALL_KINDS = ("category", "tag", "account", "merchant")


class NotUnderstood(Exception):
    """A question that is not answered. `code` is that of the API; `why` names the sentence about `words`.

    `is_for_model`: it asks something, and has a word that is not understood.
    """

    def __init__(
        self, code: str, *, words: Sequence[str] = (), choices: Sequence[str] = (), language: str = "en", why: str = "",
        is_for_model: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(code)
        self.is_for_model = is_for_model
        self.code, self.words, self.choices, self.language = code, list(words), list(choices), language
        self.why = why or ("unknown_words" if code == "not_understood" and words else code)


@dataclass(slots=True)
class WordMeanings:
    """The words of a question, with what each was understood as."""

    tokens: list[QuestionWord]
    language: str
    spans: list[PeriodSpan] = field(default_factory=list)
    names: list[Name] = field(default_factory=list)
    #: Meanings of each phrase, by the place of its first word.
    phrases: list[tuple[int, frozenset[str]]] = field(default_factory=list)
    numbers: list[tuple[int, str]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    corrections: list[tuple[str, str]] = field(default_factory=list)

    @property
    def meanings(self) -> set[str]:
        return {meaning for _, found in self.phrases for meaning in found}

    @property
    def asks_something(self) -> bool:
        """Return True if a phrase, a period or a name is understood beside words that change nothing."""
        return bool(self.spans or self.names or self.meanings - {"filler"})

    def has(self, *meanings: str) -> bool:
        return not self.meanings.isdisjoint(meanings)

    def only(self, *meanings: str) -> bool:
        """Return True if each phrase has one of these meanings, or none that counts."""
        allowed = {*meanings, "filler", "merchant_marker", "still", "euros"}
        return all(found & allowed for _, found in self.phrases)


def question_language(tokens: Sequence[QuestionWord], *, locale: str) -> str:
    """Return de or en: the language of the words, or of the locale if they tell nothing."""
    n_german = sum(token.text in vocabulary().german for token in tokens)
    n_english = sum(token.text in vocabulary().english for token in tokens)
    if n_german != n_english:
        return "de" if n_german > n_english else "en"
    return locale_of(locale).language


def understand(tokens: Sequence[QuestionWord], asker: Asker, language: str) -> WordMeanings:
    """Find periods, names and phrases, each in the words that are left. Raises NotUnderstood, UnclearDay."""
    known, names = vocabulary(), NameBook(asker)
    if not tokens or len(tokens) > MOST_WORDS:
        raise NotUnderstood("not_understood", language=language, why="too_many_words" if tokens else "no_word")
    opening = next((token.text for token in tokens if token.text not in known.before_order), "")
    if opening in known.write_first or any(token.text in known.write for token in tokens):
        raise NotUnderstood("reads_only", language=language)
    words = WordMeanings([], language)
    for token in tokens:
        right = _corrected(token, names)
        words.tokens.append(right)
        if right.text != token.text:
            words.corrections.append((token.raw, right.text))
    texts = [token.text for token in words.tokens]
    _refuse_other_persons(texts, names, language)
    taken = [False] * len(texts)
    compares = any({"compare"} & known.meanings.get((text,), frozenset()) for text in texts)
    reader = PeriodReader(words.tokens, calendar=asker.calendar, today=asker.today, splits_ranges=compares)
    words.spans = reader.find_all()
    for span in words.spans:
        taken[span.start : span.end] = [True] * (span.end - span.start)
    _find_names(words, texts, taken, names)
    _find_phrases(words, texts, taken)
    return words


def _corrected(token: QuestionWord, names: NameBook) -> QuestionWord:
    """Return the token, or the only word that it can be a misspelling of."""
    text, known = token.text, vocabulary()
    if len(text) < CORRECTED_LENGTH or not text.isalpha() or text in known.known or text in names.words:
        return token
    near = {word for word in known.telling | names.words if _is_misspelling(text, word)}
    return QuestionWord(near.pop(), token.raw) if len(near) == 1 else token


def _is_misspelling(text: str, word: str) -> bool:
    if text[0] != word[0] or abs(len(text) - len(word)) > 1 or len(word) < CORRECTED_LENGTH:
        return False
    if OSA.distance(text, word, score_cutoff=1) > 1:
        return False
    is_wrong_letter = len(text) == len(word) and sorted(text) != sorted(word)
    return not is_wrong_letter or len(word) >= WRONG_LETTER_LENGTH


def _refuse_other_persons(texts: Sequence[str], names: NameBook, language: str) -> None:
    """Raises NotUnderstood for “did ben spend” and “my boss's income”: only the asker's own ledger is read."""
    known = vocabulary()
    is_about_asker = not known.first_person.isdisjoint(texts)
    for place, text in enumerate(texts):
        owner, _, ending = text.partition("'")
        following = known.meanings.get((texts[place + 1],), frozenset()) if place + 1 < len(texts) else frozenset()
        if ending == "s" and following & {"income", "savings", "spend", "balance"}:
            who, is_meant = owner, not is_about_asker and owner not in known.known | names.words
        elif text in known.persons and place and texts[place - 1] in known.possessive and text not in names.words:
            who, is_meant = text, not is_about_asker
        elif text in known.person_before | known.verbs_before_person and place + 1 < len(texts):
            who = texts[place + 1]
            is_verb_later = any(word in known.person_after for word in texts[place + 2 :])
            is_meant = who not in known.known and who.isalpha()
            if text in known.person_before:
                is_meant = is_meant and is_verb_later
            else:
                is_meant = is_meant and not is_about_asker and who not in names.words
        else:
            continue
        if is_meant:
            raise NotUnderstood("other_person", words=[who], language=language)


def _find_names(words: WordMeanings, texts: Sequence[str], taken: list[bool], names: NameBook) -> None:
    """Take the longest names first. Raises NotUnderstood if a name can mean two things."""
    for length in range(min(LONGEST_NAME, len(texts)), 0, -1):
        for place in range(len(texts) - length + 1):
            part = tuple(text.lstrip("#") for text in texts[place : place + length])
            if any(taken[place : place + length]):
                continue
            kinds = _kinds_at(place, texts)
            is_plain = all(text in vocabulary().known for text in part)
            if is_plain and not _is_name_here(part, place, texts, words):
                continue
            found = names.find(part, kinds=kinds)
            exact = [one for one in found if one.kind != "merchant"]
            if len(found) > 1 and len(exact) == 1 and texts[max(place - 1, 0)] not in {"at", "bei", "beim"}:
                merchant = next(one for one in found if one.kind == "merchant")
                found = exact if len(part) != len(tokens_of(merchant.name)) or exact[0].kind == "category" else found
            if len(found) > 1:
                choices = [f"{KIND_WORDS[words.language][one.kind]} {one.name}" for one in found]
                raise NotUnderstood("ambiguous", words=[" ".join(part)], choices=choices, language=words.language)
            if not found:
                continue
            [name] = found
            if name.kind == "merchant" and (others := names.others_with(name.name)):
                raise NotUnderstood("ambiguous", words=[name.name], choices=others[:3], language=words.language)
            words.names.append(name)
            first = place - 1 if _marks(place - 1, name, texts) else place
            last = place + length + _marks(place + length, name, texts)
            taken[first:last] = [True] * (last - first)


def _marks(place: int, name: Name, texts: Sequence[str]) -> bool:
    """Return True if the word at the place says what the name beside it is, as in “tag trip” and “Giro account”."""
    if not 0 <= place < len(texts):
        return False
    meanings = vocabulary().meanings.get((texts[place],), frozenset())
    return any(MARKERS.get(meaning) == name.kind for meaning in meanings)


def _kinds_at(place: int, texts: Sequence[str]) -> Sequence[str]:
    """Return the kinds of names that the words around the place allow."""
    if texts[place].startswith("#"):
        return ("tag",)
    before = texts[place - 1] if place else ""
    meanings = vocabulary().meanings.get((before,), frozenset())
    for meaning, kind in MARKERS.items():
        if meaning in meanings:
            return (kind,)
    return ALL_KINDS


def _is_name_here(part: Sequence[str], place: int, texts: Sequence[str], words: WordMeanings) -> bool:
    """Return True if common words are meant as a name: after a marker, or subscriptions of a period."""
    if len(_kinds_at(place, texts)) == 1:
        return True
    meanings = vocabulary().meanings.get(tuple(part), frozenset())
    return "recurring" in meanings and bool(words.spans)


def _find_phrases(words: WordMeanings, texts: Sequence[str], taken: list[bool]) -> None:
    known, place = vocabulary(), 0
    while place < len(texts):
        if taken[place]:
            place += 1
            continue
        for length in range(min(known.longest, len(texts) - place), 0, -1):
            part = tuple(texts[place : place + length])
            if part in known.meanings and not any(taken[place : place + length]):
                words.phrases.append((place, known.meanings[part]))
                place += length
                break
        else:
            if re.fullmatch(r"\d+(?:[.,]\d+)?", texts[place]):
                words.numbers.append((place, texts[place]))
            else:
                words.unknown.append(words.tokens[place].raw)
            place += 1
