"""The words that the model reads to write about a month. A change of any of them raises PROMPT_VERSION.

Instructions and facts come first and the wanted part last, because the server reuses the common beginning.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from insights.narrative.figures import MonthFigures
from insights.narrative.language import Language
from insights.narrative.template import Part, Sentence, Template, name_of
from providers.redaction import Redactor

PROMPT_VERSION = "narrative-1"
HINT_LENGTH = 200
#: Tokens of one part: three sentences have about half as many.
MAX_TOKENS = 220
NAME_LENGTH = 60
_ALLOWED = re.compile(r"[^\w\s.,:;!?'%&+()/-]")
_SYSTEM = {
    "en": "You write short texts about a month of spending, in English, in plain sentences without lists or markup. "
    "Use only the facts. Copy each amount, percentage, day and name exactly as it is. Round nothing, compute nothing.",
    "de": "Du schreibst kurze Texte über einen Monat voller Ausgaben, auf Deutsch, in einfachen Sätzen ohne Listen. "
    "Nutze nur die Fakten. Übernimm Beträge, Prozente, Tage und Namen genau so. Runde nichts und rechne nichts aus.",
}
_TONE = {"en": "Wish for the tone: {hint}", "de": "Wunsch für den Ton: {hint}"}
_FACTS = {"en": "Facts:", "de": "Fakten:"}
_WANTED: dict[str, dict[Part, str]] = {
    "en": {
        "summary": "Summarize the month in two or three sentences.",
        "behavior": "Say in two or three sentences what changed.",
        "tips": "Give three tips, each in one sentence with a fact. Do not judge.",
    },
    "de": {
        "summary": "Fasse den Monat in zwei oder drei Sätzen zusammen.",
        "behavior": "Sage in zwei oder drei Sätzen, was sich verändert hat.",
        "tips": "Gib drei Tipps, jeden in einem Satz mit einem Fakt. Urteile nicht.",
    },
}


def clean_hint(text: str) -> str:
    """Return a hint for the tone on one line, without characters that could pass for a part of the prompt."""
    plain = unicodedata.normalize("NFKC", text)
    return " ".join(_ALLOWED.sub(" ", plain).split())[:HINT_LENGTH].rstrip()


def sent_names(month: MonthFigures, language: Language, redactor: Redactor) -> dict[str, str]:
    """Return the name by which the model is told of each category and payee, by subject.

    A name that is private, too long, or has marks of a prompt is replaced.
    """
    sent = {}
    for number, subject in enumerate(month.names, 1):
        name = name_of(month, subject, language)
        hidden = redactor.redact(name, is_person=subject in month.persons)
        is_plain = len(hidden) <= NAME_LENGTH and not _ALLOWED.search(hidden) and "\n" not in hidden
        sent[subject] = hidden if is_plain else f"NAME{number}"
    return sent


def messages_for(
    part: Part, month: MonthFigures, language: Language, *, sent: Mapping[str, str], hint: str
) -> list[dict[str, str]]:
    """Return the messages that ask for a part. Facts are the sentences of the template, with the names as sent."""
    facts = _facts(Template(month, language, names=sent).write())
    tone = [_TONE[language.code].format(hint=hint)] if hint else []
    system = "\n".join([_SYSTEM[language.code], *tone, _FACTS[language.code], *facts])
    return [{"role": "system", "content": system}, {"role": "user", "content": _WANTED[language.code][part]}]


def _facts(written: Mapping[Part, Sequence[Sentence]]) -> list[str]:
    return list(dict.fromkeys(one.text for part in written.values() for one in part if one.figures))
