"""Adoption of a backtest: a run that sets the thresholds it found, and judges the machines' answers by them again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q

from accounts.models import User
from expenses.categorization.backtest_figures import adopted_thresholds
from expenses.categorization.catalog import Catalog
from expenses.categorization.questions import Categorization, offered_to
from expenses.categorization.trust import load_trust
from expenses.ledger.kinds import derive_kind
from expenses.models import BacktestResult, CategorizationStatus, Plan, Run, Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.querysets import TransactionQuerySet
from expenses.services.backtests import link_settings
from expenses.services.bulk_runs import BulkWork, Obstacle, order_run
from expenses.services.edits import Author, editing
from expenses.services.ledger_lock import Refusal, ledger_write, write_nothing
from expenses.services.row_category import apply_categorization
from expenses.services.runs import advance
from expenses.services.thresholds import latest_result, store_thresholds
from providers.interface import Evidence, Trust
from providers.loading import configured_chain

KIND = "thresholds"
DECIDED = Obstacle("decided", "Its category was chosen or confirmed, or it was split or paired, after the order.")
NOT_OFFERED = Obstacle("not_offered", "Its suggested category is hidden, or does not fit it any more.")
#: Rows of each sort that a preview lists.
N_EXAMPLES = 5

#: Name → the ledger's own threshold before and after; null: none of its own.
OwnChanges = Mapping[str, Mapping[str, float | None]]


@dataclass(frozen=True, slots=True)
class Adoption:
    """The thresholds that a backtest gives a ledger, and why some kinds of evidence get none.

    `evidence` has every kind whose threshold is set or taken away, also where it is so already; `links` has those that
    go back to the settings. `untold` and `too_bad` are sentences: why evidence gets no threshold, or only suggests.
    """

    result: BacktestResult
    evidence: OwnChanges
    links: OwnChanges
    untold: Mapping[str, str]
    too_bad: Mapping[str, str]
    before: Trust
    after: Trust

    @property
    def about(self) -> dict[str, Any]:
        """Return the order as the run keeps it, for its work and its revert."""
        target = self.result.body["target_precision"]
        changes = {"evidence": self.evidence, "links": self.links}
        return {"backtest": self.result.run_id, "target_precision": target, **changes}


@dataclass(frozen=True, slots=True)
class JudgedRows:
    """The machines' answers that thresholds judge otherwise: those to take, and those to suggest only."""

    taken: TransactionQuerySet
    suggested: TransactionQuerySet


@dataclass(frozen=True, slots=True)
class AdoptionPreview:
    """The effect of an adoption: thresholds, numbers of transactions, and the newest of them."""

    backtest: int
    target_precision: float
    evidence: list[dict[str, Any]]
    links: list[dict[str, Any]]
    would_be_automatic: int
    would_be_suggested: int
    automatic: list[Transaction]
    suggested: list[Transaction]


def plan_adoption(*, user: User, result: BacktestResult | None) -> Adoption:
    """Return what adopting the backtest does; without one, of the latest. It writes nothing.

    Raises Refusal if there is no backtest, or if it has no threshold for any kind of evidence.
    """
    chosen = result or latest_result(user=user)
    if chosen is None:
        detail = "There is no finished backtest yet: order one by POST categorization/backtest/."
        raise Refusal(detail, code="no_backtest")
    if "evidence" not in chosen.body:
        detail = "This backtest is of an earlier release, and knows no kinds of evidence: order another."
        raise Refusal(detail, code="too_old")
    # PostgreSQL does not keep the order of a JSON object.
    figures = {str(kind): chosen.body["evidence"][kind] for kind in Evidence if kind in chosen.body["evidence"]}
    target = chosen.body["target_precision"]
    too_bad = {name: _too_bad(name, found["shortfall"]) for name, found in figures.items() if found.get("shortfall")}
    untold = {
        name: _reason(found, target)
        for name, found in figures.items()
        if found["threshold_for_target"] is None and name not in too_bad
    }
    if len(untold) == len(figures):
        each = "".join(f" {name}: {sentence}" for name, sentence in untold.items())
        detail = f"No kind of evidence has enough confirmed rows for {target:g}.{each or ' No link answered.'}"
        raise Refusal(detail, code="cannot_tell")
    before = load_trust(ledger_id_of(user))
    after = adopted_thresholds(before, evidence=figures, links=link_settings(configured_chain().immediate))
    own, then = before.evidence_thresholds, after.evidence_thresholds
    return Adoption(
        chosen,
        {
            name: {"before": own.get(name), "after": then.get(name)}
            for name in figures
            if name not in untold or own.get(name) != then.get(name)
        },
        {
            name: {"before": own_, "after": None}
            for name, own_ in before.thresholds.items()
            if name not in after.thresholds
        },
        untold,
        too_bad,
        before,
        after,
    )


def _too_bad(name: str, shortfall: Mapping[str, int]) -> str:
    return f"`{name}` was right in {shortfall['right']} of {shortfall['answered']}; it is only suggested from now on."


def _reason(figures: Mapping[str, Any], target: float) -> str:
    """Say why there is no threshold for the target."""
    new = figures["new_merchants"] or {"missing": 0}
    if figures["missing"] is None or new["missing"] is None or not max(figures["missing"], new["missing"]):
        return f"It would not reach {target:g}."
    n = max(figures["missing"], new["missing"])
    rows, are = ("row", "is") if n == 1 else ("rows", "are")
    where = " of new merchants" if new["missing"] == n else " with other texts"
    also = f", {new['missing']} of them of new merchants" if 0 < new["missing"] < n else ""
    return f"{n} more confirmed {rows}{where} {are} missing{also}."


def judge_rows(rows: TransactionQuerySet, *, trust: Trust, evidence: OwnChanges, links: OwnChanges) -> JudgedRows:
    """Return those of the rows that the thresholds of `trust` judge otherwise, by this evidence or of these links."""
    answers = rows.answered_by_machines().filter(decision__source=F("category_source"))
    concerned = answers.filter(Q(decision__evidence__in=list(evidence)) | Q(category_source__in=list(links)))
    pairs = concerned.order_by().values_list("category_source", "decision__evidence").distinct()
    defaults = {link.provider.name: link.min_confidence for link in configured_chain().links}
    deferred = {link.provider.name for link in configured_chain().deferred}
    sure = unsure = Q(pk__in=[])
    for source, kind in pairs:
        if source in defaults:
            threshold = trust.threshold(source, kind, default=defaults[source])
            of_pair = Q(category_source=source, decision__evidence=kind)
            if source not in deferred:  # what only a deferred link says is never taken
                sure |= of_pair & Q(category_confidence__gte=threshold)
            unsure |= of_pair & Q(category_confidence__lt=threshold)
    automatic = Q(review_status=CategorizationStatus.AUTOMATIC)
    return JudgedRows(concerned.filter(~automatic, sure), concerned.filter(automatic, unsure))


def preview_adoption(*, user: User, result: BacktestResult | None) -> AdoptionPreview:
    """Return what adopting the backtest would change now. Raises Refusal as `plan_adoption`."""
    adoption = plan_adoption(user=user, result=result)
    judged = _judge_by(adoption, ledger_id=ledger_id_of(user))
    names = [str(kind) for kind in Evidence if kind in adoption.evidence or kind in adoption.untold]
    own = adoption.before.evidence_thresholds
    kept = {name: {"before": own.get(name), "after": own.get(name)} for name in adoption.untold}
    evidence = {**kept, **adoption.evidence}
    reasons = {**adoption.untold, **adoption.too_bad}
    return AdoptionPreview(
        backtest=adoption.result.run_id,
        target_precision=adoption.result.body["target_precision"],
        evidence=[{"evidence": name, **evidence[name], "reason": reasons.get(name)} for name in names],
        links=[{"link": name, **change} for name, change in adoption.links.items()],
        would_be_automatic=judged.taken.count(),
        would_be_suggested=judged.suggested.count(),
        automatic=_examples(judged.taken),
        suggested=_examples(judged.suggested),
    )


def _examples(rows: TransactionQuerySet) -> list[Transaction]:
    return list(rows.select_related("category", "suggested_category", "decision").order_by("-date", "-id")[:N_EXAMPLES])


def _judge_by(adoption: Adoption, *, ledger_id: int) -> JudgedRows:
    rows = Transaction.objects.filter(ledger_id=ledger_id)
    return judge_rows(rows, trust=adoption.after, evidence=adoption.evidence, links=adoption.links)


def order_adoption(*, by: User, result: BacktestResult | None) -> Run:
    """Create the run that adopts a backtest; it does not start by itself. Raises Refusal as `plan_adoption`."""
    adoption = plan_adoption(user=by, result=result)
    judged = _judge_by(adoption, ledger_id=ledger_id_of(by))
    ids = sorted({*judged.taken.values_list("pk", flat=True), *judged.suggested.values_list("pk", flat=True)})
    return order_run(KIND, by=by, rows=ids, subject=adoption.result.run_id, about=adoption.about)


class AdoptionWork(BulkWork):
    """Sets the thresholds, then takes and takes back answers row by row."""

    def perform(self, run: Run) -> None:
        with ledger_write(run.ledger_id) as version:
            advance(run, n_rows=0)
            links, evidence = (
                {name: own["after"] for name, own in run.about[of].items()} for of in ("links", "evidence")
            )
            if not store_thresholds(ledger_id=run.ledger_id, version=version, links=links, evidence=evidence):
                write_nothing()
        super().perform(run)

    def obstacles(self, run: Run, plan: Plan, rows: list[Transaction]) -> dict[int, Obstacle]:
        catalog = Catalog.load(run.ledger_id)
        ids = [row.pk for row in rows]
        answered = Transaction.objects.filter(pk__in=ids).answered_by_machines()
        untouched = set(answered.order_by().values_list("pk", flat=True))
        found = {
            row.pk: NOT_OFFERED
            for row in rows
            if row.suggested_category_id is not None
            and row.suggested_category_id not in {offered.id for offered in offered_to(row, catalog)}
        }
        return found | {pk: DECIDED for pk in ids if pk not in untouched}

    def change(self, run: Run, plan: Plan, rows: list[Transaction], version: int) -> dict[str, int]:
        catalog, evidence, links = Catalog.load(run.ledger_id), run.about["evidence"], run.about["links"]
        among = Transaction.objects.filter(pk__in=[row.pk for row in rows])
        judged = judge_rows(among, trust=catalog.trust, evidence=evidence, links=links)
        taken = set(judged.taken.values_list("pk", flat=True))
        suggested = set(judged.suggested.values_list("pk", flat=True))
        with editing(rows, version=version, author=Author(KIND, run.user, run)):
            for row in rows:
                if row.pk in taken:
                    self._answer(row, CategorizationStatus.AUTOMATIC, row.suggested_category_id, None, catalog)
                elif row.pk in suggested:
                    self._answer(row, CategorizationStatus.SUGGESTED, None, row.category_id, catalog)
                    if not row.is_kind_stated:
                        row.kind = derive_kind(row.direction, None) or row.kind
        return {"automatic": len(taken), "suggested": len(suggested)}

    def _answer(
        self, row: Transaction, status: str, category: int | None, suggested: int | None, catalog: Catalog
    ) -> None:
        source, confidence = row.category_source, row.category_confidence
        answer = Categorization(status, category, suggested, source, confidence, awaits_model=row.awaits_model)
        apply_categorization(row, answer, catalog=catalog)

    def after_revert(self, run: Run) -> None:
        """Give back each threshold that still is what the run set."""
        with ledger_write(run.ledger_id) as version:
            trust = load_trust(run.ledger_id)
            links, evidence = (
                {name: change["before"] for name, change in run.about[of].items() if own.get(name) == change["after"]}
                for of, own in (("links", trust.thresholds), ("evidence", trust.evidence_thresholds))
            )
            if not store_thresholds(ledger_id=run.ledger_id, version=version, links=links, evidence=evidence):
                write_nothing()
