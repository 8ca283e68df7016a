"""Finds names of persons in a text: those that the owner wants hidden, and those of a list of given and family names.

A person is a given name and a family name, or a title and a name. A known brand, a company's legal form or a kind of
shop beside them claims the words for a merchant.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise

from providers.merchants.dictionary import load_dictionary
from providers.normalization import CHANNEL_WORDS
from providers.redaction.parts import PrivatePart, Word, folded_words, words_with_places
from providers.redaction.vocabulary import (
    COMPANY,
    FAMILY,
    GENERAL,
    GIVEN,
    ORDINARY,
    PARTICLE,
    TITLE,
    TRANSFER,
    is_town,
    load_roles,
    words_of,
)

_MOST_WORDS = 5
_MOST_WORDS_OF_BRAND = 4
_NAMES_OF_TWO_PERSONS = 4
_TRANSFERS, _BETWEEN_PERSONS, _DIRECT_DEBITS = map(words_of, ("transfers", "between_persons", "direct_debits"))
_TITLES, _PROCESSORS = words_of("titles"), frozenset(CHANNEL_WORDS["processors"].split())
_FORM_BEHIND = re.compile(
    r"[ ,]{1,2}(?:a/s|b\.? ?v|n\.? ?v|s\.? ?a\.? ?s?|s\.? ?p\.? ?a|s\.? ?r\.? ?[lo]|s\.? ?l\.? ?u?|e\.? ?[kv]"
    r"|l\.? ?l\.? ?c|d\.? ?o\.? ?o)(?![\w'\u2019])",
    re.IGNORECASE,
)
#: Beside a name, these make it a company's, also where money moves between persons.
_FORMS = words_of("company_forms")
#: Letters from which the beginning of a name at the end of a text is taken for it, since banks cut their fields off.
_SHORTEST_CUT = 3
#: Letters from which a family name of the owner's list is hidden alone.
_SHORTEST_ALONE = 3
_NAME = GIVEN | FAMILY
#: An account stands beside its owner.
_ACCOUNT = re.compile(r"(?:IBAN|ACCOUNT)\d")
_BETWEEN = frozenset((" ", ". ", "-", "  ", ", ", ","))


_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "å": "aa", "ø": "oe"})


@lru_cache(maxsize=256)
def folded_names(names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the folded words of each name of the owner's list, without those that say nothing."""
    spellings = [spelling for name in names for spelling in (name, name.translate(_UMLAUTS))]
    read = (tuple(folded_words(spelling)) for spelling in spellings)
    return tuple(dict.fromkeys(words for words in read if any(len(word) > 1 for word in words)))


def find_own_names(text: str, words: Sequence[Word], names: Sequence[tuple[str, ...]]) -> Iterator[PrivatePart]:
    """Yield the owner's names: in any order, with initials, glued together, cut off at the end, or the family alone."""
    for name in names:
        for place in range(len(words)):
            if end := _end_of_own_name(text, words, place, name):
                start = place
                # Another given name beside the family is a relative's.
                while start and load_roles().get(words[start - 1].folded, 0) & GIVEN and _is_beside(text, words, start):
                    start -= 1
                while (
                    end < len(words) and load_roles().get(words[end].folded, 0) & GIVEN and _is_beside(text, words, end)
                ):
                    end += 1
                yield PrivatePart(words[start].start, words[end - 1].end, "PERSON")


def _is_beside(text: str, words: Sequence[Word], place: int) -> bool:
    """Return True if only a sign that may stand inside a name separates the word from the one before it."""
    before = words[place - 1]
    between = text[before.end : words[place].start]
    is_short = before.end - before.start == 1 or bool(load_roles().get(before.folded, 0) & TITLE)
    return between in _BETWEEN or (between == "." and is_short)


def _end_of_own_name(text: str, words: Sequence[Word], place: int, name: tuple[str, ...]) -> int:
    """Return the place behind the words from `place` on that write the name; 0 if they do not."""
    glued = {"".join(name), "".join(reversed(name))}
    first = words[place].folded
    if first in glued and len(name) > 1:
        return place + 1
    left, end, n_whole = list(name), place, 0
    while left and end < len(words) and (end == place or _is_beside(text, words, end)):
        word = words[end].folded
        part = _part_of(left, word, is_last=words[end].end >= len(text.rstrip()))
        if part is None:
            break
        n_whole += len(word) > 1
        left.remove(part)
        end += 1
    if not n_whole:
        return 0
    if end - place > 1 or len(name) == 1:
        return end
    is_family = first == name[-1] and len(first) >= _SHORTEST_ALONE
    is_word = load_roles().get(first, 0) & (COMPANY | GENERAL) or claims_brand(words, place, end)
    return end if is_family and not is_word else 0


def _part_of(left: Sequence[str], word: str, *, is_last: bool) -> str | None:
    """Return the part of the name that a word writes: whole, as its initial, or cut off at the end of the text."""
    for part in left:
        if word == part or (len(word) == 1 and part.startswith(word)):
            return part
    if is_last and len(word) >= _SHORTEST_CUT:
        return next((part for part in left if part.startswith(word)), None)
    return None


def may_hold_person(folded: Sequence[str], *, is_prose: bool = False) -> bool:
    """Return True if two neighbors are names, or a title stands before a word."""
    roles = [role or 0 for role in map(load_roles().get, folded)]
    for before, role, word in zip(roles, roles[1:], folded, strict=False):
        if before & TITLE or (role & _NAME and (before & (_NAME | PARTICLE) or len(word) == 1)):
            return True
    # Where money moves between persons, and in prose, a given name counts beside a word that nobody knows.
    is_given_alone = any(before & GIVEN and not role for before, role in pairwise(roles))
    return is_given_alone and (is_prose or any(role & TRANSFER for role in roles))


def tells_of_person(text: str, *, iban: str = "") -> bool:
    """Return True if a row of a statement says that its other side is a person.

    Money was transferred to or from the account `iban`, or by a service between persons, and no company is named.
    """
    words = words_with_places(text)
    folded = {word.folded for word in words}
    by_transfer = bool(iban) and not _TRANSFERS.isdisjoint(folded) and _DIRECT_DEBITS.isdisjoint(folded)
    if not by_transfer and _BETWEEN_PERSONS.isdisjoint(folded):
        return False
    roles = load_roles()
    return not any(
        roles.get(word.folded, 0) & COMPANY or _is_brand_at(words, place) for place, word in enumerate(words)
    )


def _is_brand_at(words: Sequence[Word], place: int) -> bool:
    """Return True if a known brand begins at that word; a name of one word only if it is nothing else."""
    role = load_roles().get(words[place].folded, 0)
    if role & TRANSFER:
        return False
    is_word = role or len(words[place].folded) < _SHORTEST_CUT
    phrases = accumulate((word.folded for word in words[place : place + _MOST_WORDS_OF_BRAND]), "{} {}".format)
    return any(phrase in load_dictionary().names for n, phrase in enumerate(phrases) if n or not is_word)


def find_persons(
    text: str, words: Sequence[Word], *, is_person: bool = False, is_prose: bool = False
) -> Iterator[PrivatePart]:
    """Yield names of persons. `is_person`: the statement says that the text names one; `is_prose`: sentences."""
    roles = [load_roles().get(word.folded, 0) for word in words]
    is_transfer = is_person or any(role & TRANSFER for role in roles) or _ACCOUNT.search(text) is not None
    place, n_found = 0, 0
    while place < len(words):
        start, end = _name_at(text, words, roles, place, is_transfer=is_transfer)
        if not end and is_prose and _is_name_in_prose(text, words, roles, place):
            start, end = place, place + 2
        if end and not is_claimed(text, words, roles, start, end, is_transfer=is_transfer, is_prose=is_prose):
            yield PrivatePart(words[start].start, words[end - 1].end, "PERSON")
            n_found += 1
            place = end
        else:
            place += 1
    if is_person and not n_found:
        yield from _unknown_person(text, words, roles)


def _name_at(
    text: str, words: Sequence[Word], roles: Sequence[int], place: int, *, is_transfer: bool
) -> tuple[int, int]:
    """Return the places of the first word of a name and behind its last one; (0, 0) if no name begins there."""
    end = _end_of_run(text, words, roles, place, is_transfer=is_transfer)
    has_title = bool(roles[place] & TITLE) and end - place > 1
    start = place
    if has_title:
        start = place + 1
        while start < end and roles[start] & TITLE:
            start += 1
        if start < end and roles[start] & (_NAME) and not roles[start] & (COMPANY | GENERAL):
            return start, _without_loose_end(roles, start, end)
    names = [place for place in range(start, end) if roles[place] & _NAME and len(words[place].folded) > 1]
    if not names or (names[0] != start and len(words[start].folded) > 1):
        return 0, 0
    given = [place for place in names if roles[place] & GIVEN]
    family = [place for place in names if roles[place] & FAMILY]
    telling = {place for place in names if not roles[place] & (ORDINARY | COMPANY | GENERAL)}
    # A name that is also a word counts beside one that is not, if money moves between persons.
    is_alone = not any(word.folded.isalpha() and len(word.folded) > 1 for word in (*words[:start], *words[end:]))
    is_alone = is_alone and not any(words[place].folded in load_dictionary().names for place in names)
    least = 1 if is_transfer or is_alone else 2
    is_full = given and family and len(names) > 1 and len(telling) >= least
    has_initial = any(len(word.folded) == 1 for word in words[start:end])
    if is_transfer and _is_given_alone(roles, names, end) and _may_be_family(text, words, roles, end):
        return start, end + 1
    if is_full or (
        is_transfer and has_initial and telling and not any(is_town(words[place].folded) for place in names)
    ):
        return start, _without_loose_end(roles, start, end)
    return 0, 0


def _is_given_alone(roles: Sequence[int], names: Sequence[int], end: int) -> bool:
    """Return True if the only name of a run is its last word, and a given name."""
    return names == [end - 1] and bool(roles[end - 1] & GIVEN) and not roles[end - 1] & (COMPANY | GENERAL)


def _is_name_in_prose(text: str, words: Sequence[Word], roles: Sequence[int], place: int) -> bool:
    """Return True if a given name and an unknown word begin with capital letters, among words in small ones."""
    if text.isupper() or not _is_given_alone(roles, [place], place + 1):
        return False
    # The first word of a sentence has a capital letter anyway: "Will", "Mark".
    is_first = text[: words[place].start].rstrip()[-1:] in ("", ".", "!", "?", ":")
    if (is_first and roles[place] & ORDINARY) or not _may_be_family(text, words, roles, place + 1):
        return False
    return text[words[place].start].isupper() and text[words[place + 1].start].isupper()


def _may_be_family(text: str, words: Sequence[Word], roles: Sequence[int], place: int) -> bool:
    """Return True if an unknown word follows a given name. A word before a colon or a plus sign is a label."""
    if place >= len(words) or roles[place] or text[words[place - 1].end : words[place].start] != " ":
        return False
    word = words[place].folded
    if len(words[place - 1].folded) < _SHORTEST_CUT or text[words[place].end : words[place].end + 1] in (":", "+", "="):
        return False
    return len(word) >= _SHORTEST_CUT and word.isalpha() and word not in load_dictionary().names and not is_town(word)


def _end_of_run(text: str, words: Sequence[Word], roles: Sequence[int], place: int, *, is_transfer: bool) -> int:
    """Return the place behind the last of the neighbors that are names, initials, particles or titles."""
    end = place
    while end < len(words) and end - place < _MOST_WORDS + 2:
        word = words[end]
        is_part = roles[end] & (_NAME | TITLE | PARTICLE) or (len(word.folded) == 1 and word.folded.isalpha())
        if not is_part or (end > place and not _is_beside(text, words, end)):
            break
        stops = TRANSFER if is_transfer and end > place else TRANSFER | COMPANY
        if roles[end] & stops and not roles[end] & GIVEN:
            break
        end += 1
    return end


def _without_loose_end(roles: Sequence[int], start: int, end: int) -> int:
    """Return the end without particles and titles behind the last name."""
    while end > start + 1 and not roles[end - 1] & _NAME:
        end -= 1
    return end


def is_claimed(
    text: str,
    words: Sequence[Word],
    roles: Sequence[int],
    start: int,
    end: int,
    *,
    is_transfer: bool,
    is_prose: bool = False,
) -> bool:
    """Return True if a brand, a company's form or a kind of shop claims the words for a merchant.

    In prose, only a word right beside them does: sentences speak of shops and persons.
    """
    has_title = start > 0 and bool(roles[start - 1] & TITLE)
    if claims_brand(words, start, end, is_alone=not has_title):
        return True
    others = [*range(start), *range(end, len(words))]
    near = [place for place in others if start - 2 <= place < end + 3]
    if any(words[place].folded in _FORMS for place in near) or _FORM_BEHIND.match(text, words[end - 1].end):
        return True
    if "&" in text[max(0, words[start].start - 3) : words[end - 1].end + 3]:
        return True
    n_telling = sum(bool(roles[place] & _NAME) and len(words[place].folded) > 1 for place in range(start, end))
    is_addressed = start > 0 and words[start - 1].folded in _TITLES
    if is_transfer or is_addressed or n_telling >= _NAMES_OF_TWO_PERSONS:
        return False
    if is_prose:
        others = [place for place in others if place in (start - 1, end)]
    names = load_dictionary().names
    is_brand_before = any(
        words[place].folded in names and not roles[place] & (GENERAL | _NAME) and words[place].folded not in _PROCESSORS
        for place in others
        if place < start
    )
    return is_brand_before or any(roles[place] & COMPANY for place in others)


def claims_brand(words: Sequence[Word], start: int, end: int, *, is_alone: bool = True) -> bool:
    """Return True if a known brand has one of the words: of several words, or alone at the front of the text."""
    names = load_dictionary().names
    for first in range(max(0, start - _MOST_WORDS_OF_BRAND + 1), end):
        phrase = words[first].folded
        for last in range(first + 1, min(len(words), first + _MOST_WORDS_OF_BRAND)):
            phrase = f"{phrase} {words[last].folded}"
            if last >= start and phrase in names:
                return True
    return is_alone and end - start == 1 and words[start].folded in names


def _unknown_person(text: str, words: Sequence[Word], roles: Sequence[int]) -> Iterator[PrivatePart]:
    """Yield the longest run of words that are nothing else, for a person whose names are in no list."""
    runs: list[tuple[int, int]] = []
    for place, (word, role) in enumerate(zip(words, roles, strict=True)):
        if not word.folded.isalpha() or role & (GENERAL | TRANSFER | COMPANY | TITLE):
            continue
        if runs and runs[-1][1] == place and _is_beside(text, words, place):
            runs[-1] = (runs[-1][0], place + 1)
        else:
            runs.append((place, place + 1))
    if runs:
        start, end = max(runs, key=lambda run: run[1] - run[0])
        is_name = words[end - 1].end - words[start].start >= _SHORTEST_CUT
        if is_name and not claims_brand(words, start, end):
            yield PrivatePart(words[start].start, words[end - 1].end, "PERSON")
