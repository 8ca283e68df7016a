"""Rules with the trigger `update` are asked again about what people edit."""

from collections.abc import Sequence

from expenses.models import Run
from expenses.reactions import Reaction
from rules.services.applying import apply_at_once


class RulesAgain(Reaction):
    """What a person wrote stays: rules leave alone what is held."""

    name = "rules"

    def after_edit(self, *, ledger_id: int, ids: Sequence[int], version: int, run: Run | None) -> bool:
        return bool(apply_at_once(ledger_id=ledger_id, ids=ids, trigger="update", run=run, version=version))
