"""Actions of Firefly III, which does them one after the other, as the set of actions that a rule has here."""

from collections.abc import Iterable

from rules.exchange.conversion import Action, NotCarried
from rules.exchange.firefly.documents import Part
from rules.exchange.firefly.words import why_undone

SETTERS = {"set_category", "set_description", "set_notes"}
TAGS = {"add_tag": "add_tags", "remove_tag": "remove_tags"}


def actions_of(parts: Iterable[Part]) -> tuple[list[Action], list[tuple[Part, str]]]:
    """The actions, and those that stay behind with the reason. Of two that write the same, the last counts."""
    done: dict[str, Action] = {}
    left_out: list[tuple[Part, str]] = []
    ends = False
    for part in parts:
        try:
            _add(part, done, ends=ends)
        except NotCarried as fault:
            left_out.append((part, str(fault)))
        ends = ends or part.stops
    return [action for action in done.values() if action["value"]], left_out


def _add(part: Part, done: dict[str, Action], *, ends: bool) -> None:
    if ends:
        raise NotCarried("An action above ends the rule when it changes something; here all actions are done.")
    if part.type not in SETTERS | TAGS.keys():
        raise NotCarried(why_undone(part.type))
    if not part.value:
        raise NotCarried("It has no value.")
    if part.type in TAGS:
        _add_tag(part, done)
    elif part.value.startswith("="):
        raise NotCarried("A rule here cannot reckon with expressions.")
    else:
        done[part.type] = {"type": part.type, "value": part.value}


def _add_tag(part: Part, done: dict[str, Action]) -> None:
    """A tag that is added is no longer taken away by an action above, and the other way round."""
    for word, kind in TAGS.items():
        tags = done.setdefault(kind, {"type": kind, "value": []})["value"]
        tags[:] = [tag for tag in tags if tag.casefold() != part.value.casefold()]
        if word == part.type:
            tags.append(part.value)
