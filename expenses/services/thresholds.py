"""Writes of thresholds: the confidence from which a ledger takes the answers of a link."""

from collections.abc import Mapping, Sequence

from accounts.models import User
from expenses.categorization.trust import LedgerLink, ledger_links
from expenses.models import BacktestResult, Ledger, Run, RunStatus, TrackRecord
from expenses.models.ledgers import ledger_id_of
from expenses.querysets import OwnedQuerySet
from expenses.services.ledger_lock import Refusal, ledger_write, write_nothing
from providers.chain import Link
from providers.loading import configured_chain

#: Where the wanted precision is reached nowhere: only a certainty is taken, and none is.
ONLY_SUGGESTS = 1.0


def adjustable_links() -> Sequence[Link]:
    """The links whose thresholds are the owner's to choose; an answer of a rule is always taken."""
    return [link for link in configured_chain().links if link.provider.is_measured]


def thresholds_of(ledger_id: int) -> list[LedgerLink]:
    """Return the links that have a threshold, each with the ledger's. One query."""
    return [link for link in ledger_links(ledger_id) if link.link.provider.is_measured]


def set_thresholds(*, by: User, thresholds: Mapping[str, float | None]) -> None:
    """Take a link's answers from this confidence on, in [0, 1]; None: from the setting's. Safe to repeat.

    Links that are not named keep theirs. The names must have been checked.
    """
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        record, _ = TrackRecord.objects.get_or_create(ledger_id=ledger_id)
        changed = {**record.thresholds, **thresholds}
        own = {link: value for link, value in changed.items() if value is not None}
        if own == record.thresholds:
            write_nothing()
            return
        record.thresholds = own
        record.save(update_fields=["thresholds"])
        Ledger.objects.filter(pk=ledger_id).update(thresholds_version=version)


def adopt_backtest(*, by: User, result: BacktestResult | None) -> None:
    """Let all links keep to the one threshold that a backtest found for the chain; without one, to the latest's.

    Where no threshold reached the precision, links only suggest. Raises Refusal if there is no backtest.
    """
    chosen = result or latest_result(user=by)
    if chosen is None:
        detail = "There is no finished backtest yet: order one by POST categorization/backtest/."
        raise Refusal(detail, code="no_backtest")
    found = chosen.body["chain"]["threshold_for_target"]
    names = {link.provider.name for link in adjustable_links() if not link.is_deferred}
    set_thresholds(by=by, thresholds=dict.fromkeys(names, ONLY_SUGGESTS if found is None else found))


def finished_backtests(*, user: User) -> OwnedQuerySet:
    """The runs that have found something, with what they found."""
    runs: OwnedQuerySet = Run.objects.for_user(user).filter(status=RunStatus.SUCCEEDED, backtest__isnull=False)
    return runs.select_related("backtest")


def latest_result(*, user: User) -> BacktestResult | None:
    """Return the result of the newest finished backtest."""
    run = finished_backtests(user=user).order_by("-pk").first()
    return run.backtest if run is not None else None
