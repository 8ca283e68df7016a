"""Rules of a ledger as a file that another ledger can read."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.utils import timezone

from accounts.models import User
from rules.exchange.conversion import Body
from rules.exchange.naming import Directory, with_names
from rules.exchange.packs import Pack, make_document
from rules.models import Rule
from rules.serializers.rules import RuleSerializer


def export_rules(*, by: User, rules: Iterable[Rule], pack: Pack | None) -> dict[str, Any]:
    """The document of these rules, in the order in which they are asked."""
    directory = Directory.load_for(by)
    bodies = [with_names(stored_fields(rule), directory) for rule in rules]
    return make_document(bodies, pack=pack, exported_at=timezone.now().isoformat())


@cache
def writable_fields() -> tuple[str, ...]:
    """The names of what a client can write of a rule."""
    return tuple(name for name, field in RuleSerializer().fields.items() if not field.read_only)


def stored_fields(rule: Rule) -> Body:
    """What a client can write of a rule, as it is stored."""
    return {name: getattr(rule, name) for name in writable_fields()}
