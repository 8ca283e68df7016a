"""The text of a month: the template's at once, and the model's as soon as a worker has stored its checked sentences."""

import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from accounts.queue import enqueue
from expenses.categorization.catalog import Catalog
from expenses.models.ledgers import Ledger, membership_of
from expenses.services.life_signs import abandoned, hold_claim
from expenses.services.privacy import choices_of
from insights.calendars import Calendar
from insights.models import InsightState, Narrative, NarrativeChoices, NarrativeState
from insights.narrative.checker import Checked, Checker
from insights.narrative.figures import MonthFigure, MonthFigures
from insights.narrative.language import Language, language_of
from insights.narrative.prompt import MAX_TOKENS, PROMPT_VERSION, messages_for, sent_names
from insights.narrative.template import N_TIPS, PARTS, Part, Sentence, Template
from insights.reports.periods import Period, period_around
from insights.reports.summaries import PeriodSummary
from insights.services.month_figures import MonthReader
from providers.interface import ProviderError
from providers.loading import LinkRests, configured_model, counted_call
from providers.ollama import OllamaProvider
from providers.ollama.calls import Purpose
from providers.redaction import Redactor

WRITE_NARRATIVE = "insights.tasks.write_narrative"
#: A task that has not ended by then is taken for lost.
LOST_AFTER = dt.timedelta(minutes=30)
FIRST_RETRY, LONGEST_RETRY = dt.timedelta(seconds=30), dt.timedelta(hours=6)
#: Texts that were not written again for so long are deleted.
KEPT = dt.timedelta(days=180)
#: Sentences of a model in each part.
MOST = {"summary": 3, "behavior": 3, "tips": N_TIPS}
#: Seconds after which a client asks again while the model writes.
ASK_AGAIN_S = 5


@dataclass(frozen=True, slots=True)
class Shown:
    """One shown sentence, who wrote it, and its figures by name."""

    part: Part
    text: str
    source: str
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MonthText:
    """The text of a month as it is shown now."""

    figures: MonthFigures
    summary: PeriodSummary
    language: Language
    sentences: list[Shown]
    #: `written`, `writing`, `off` or `failed`.
    model: str
    reason: str | None = None
    n_dropped: int = 0
    hint: str = ""

    @property
    def source(self) -> str:
        return "model" if any(one.source == "model" for one in self.sentences) else "template"

    def part(self, part: Part) -> list[str]:
        """Return the sentences of a part."""
        return [one.text for one in self.sentences if one.part == part]

    def shown_figures(self) -> list[MonthFigure]:
        """Return the figures of the shown sentences, and the totals of the month."""
        wanted = {name for one in self.sentences for name in one.figures}
        totals = {"spending-amount", "income-amount", "savings-amount"}
        return [one for one in self.figures.figures if one.name in wanted | totals]


@dataclass(slots=True)
class MonthWriter:
    """The text of one month of a ledger for one reader."""

    user: User
    month: Period
    currency: str
    today: dt.date
    ledger: Ledger = field(init=False)
    language: Language = field(init=False)
    figures: MonthFigures = field(init=False)
    summary: PeriodSummary = field(init=False)
    hint: str = field(init=False)
    model: OllamaProvider | None = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = membership_of(self.user).ledger
        self.language = language_of(self.user.locale)
        state = InsightState.objects.filter(pk=self.ledger.pk).first()
        reader = MonthReader(
            ledger=self.ledger,
            user=self.user,
            month=self.month,
            currency=self.currency,
            catalog=Catalog.load(self.ledger.pk),
            language=self.language,
            state=state,
            today=self.today,
        )
        self.figures, self.summary = reader.read()
        self.hint = hint_of(self.ledger.pk)
        self.model = configured_model()

    @property
    def digest(self) -> str:
        """A text that is equal as long as the model is told the same, and may say the same."""
        month, model = self.figures, self.model
        facts = sorted((*key, str(fact.value), fact.currency or "") for key, fact in month.facts().items())
        told = (
            PROMPT_VERSION, model and (model.model, model.host), self.hint, self.month, self.figures.is_over,
            month.compared_through, sorted(month.names.items()), list(month.largest), list(month.changed), facts,
        )  # fmt: skip
        return hashlib.sha256(repr(told).encode()).hexdigest()

    def stored(self) -> Narrative | None:
        """Return the model's text of this month, whatever its figures were."""
        found: Narrative | None = self._rows().first()
        return found

    def show(self, *, may_ask: bool) -> MonthText:
        """Return the text as it can be shown now, and queue the model's if it is not there and `may_ask` is true."""
        model, reason, stored = "off", None, None
        if self.model is not None and self.figures.has_begun and self.figures.n_counted:
            stored = self.stored()
            is_current = stored is not None and stored.digest == self.digest
            if may_ask and (stored is None or not is_current or stored.state != NarrativeState.WRITTEN):
                self._queue(stored, is_current=is_current)
            if stored is not None and is_current:
                model, reason = stored.state, stored.reason or None
            else:
                model, stored = "writing" if may_ask else "off", None
        elif self.model is None:
            reason = self.language.texts["reason_off"]
        else:
            reason = self.language.texts["reason_empty"]
        is_written = stored is not None and stored.state == NarrativeState.WRITTEN
        return MonthText(
            figures=self.figures,
            summary=self.summary,
            language=self.language,
            sentences=self.sentences(stored.sentences if stored is not None and is_written else ()),
            model=model,
            reason=reason,
            n_dropped=stored.n_dropped if stored is not None else 0,
            hint=self.hint,
        )

    def sentences(self, of_model: Any) -> list[Shown]:
        """Return all sentences to show: those of the model where a part has any, else the template's."""
        written, found = Template(self.figures, self.language).write(), list[Shown]()
        for part in PARTS:
            own = [Shown(part, one["text"], "model", tuple(one["figures"])) for one in of_model if one["part"] == part]
            used = {name for one in own for name in one.figures}
            rest = [_of_template(part, one) for one in written[part] if not own or one.is_needed]
            if own and part == "tips":
                others = [_of_template(part, one) for one in written[part]]
                rest = [one for one in others if used.isdisjoint(one.figures)][: N_TIPS - len(own)]
            found += own + rest
        return found

    def write(self, narrative: Narrative) -> None:
        """Ask the model for each part, and store its true sentences. Raise ProviderError."""
        assert self.model is not None  # noqa: S101 - the task has checked it
        redactor = Redactor(names=choices_of(self.ledger.pk).names)
        sent, hint = sent_names(self.figures, self.language, redactor), redactor.redact(self.hint, is_prose=True)
        checker = Checker(self.figures, self.language, sent=sent)
        sentences: list[dict[str, Any]] = []
        n_dropped = 0
        with self.model.connect(purpose=Purpose.NARRATE, timeout_s=self.model.load_timeout_s) as client:
            digest = ""
            for part in PARTS:
                with counted_call(self.model.name):
                    digest = digest or client.digest(self.model.model)
                    written = client.write(
                        messages_for(part, self.figures, self.language, sent=sent, hint=hint),
                        **self.model.request(owner=self.ledger.pk, digest=digest),
                        max_tokens=MAX_TOKENS,
                        prompt_version=PROMPT_VERSION,
                    )
                known = {one["text"] for one in sentences}
                found, n_wrong = checker.read(written.text, most=MOST[part])
                shown = [self._named(one, sent) for one in found]
                sentences += [{"part": part, **one} for one in shown if one["text"] not in known]
                n_dropped += n_wrong
                Narrative.objects.filter(pk=narrative.pk, digest=narrative.digest).update(
                    sentences=sentences, n_dropped=n_dropped, updated_at=timezone.now()
                )

    def _named(self, one: Checked, sent: Mapping[str, str]) -> dict[str, Any]:
        """Return a sentence as it is stored, with the names that the model was not told."""
        text = one.text
        for subject in {figure.subject for figure in one.figures} & sent.keys():
            name = self.figures.names[subject]
            if sent[subject] != name:
                text = re.sub(
                    rf"(?<!\w){re.escape(sent[subject])}(?!\w)", name.replace("\\", r"\\"), text, flags=re.IGNORECASE
                )
        return {"text": text, "figures": [figure.name for figure in one.figures]}

    def _rows(self) -> Any:
        return Narrative.objects.filter(
            ledger_id=self.ledger.pk, month=self.month.start, currency=self.currency, locale=self.user.locale
        )

    def _queue(self, stored: Narrative | None, *, is_current: bool) -> None:
        """Claim the text and queue its task, unless a task is queued already or the last one has just failed."""
        now, digest = timezone.now(), self.digest
        claim = {"digest": digest, "state": NarrativeState.WRITING, "claimed_until": now + LOST_AFTER, "claim": ""}
        with transaction.atomic():
            if stored is None:
                key = {"ledger_id": self.ledger.pk, "month": self.month.start, "currency": self.currency}
                row, is_new = Narrative.objects.get_or_create(**key, locale=self.user.locale, defaults=claim)
            else:
                free = Q(claimed_until=None) | Q(claimed_until__lt=now)
                if not is_current:
                    free |= ~Q(digest=digest)
                    claim |= {"sentences": [], "n_dropped": 0, "n_tries": 0, "reason": ""}
                row, is_new = stored, bool(self._rows().filter(free).update(**claim))
            if is_new:
                enqueue(WRITE_NARRATIVE, self.ledger.pk, row.pk, self.user.pk)


def write_narrative(*, ledger_id: int, narrative_id: int, user_id: int) -> None:
    """Write the model's text of a month as its figures are now. A failure is kept with its reason, and tried again.

    One worker at a time writes a text.
    """
    with hold_claim() as claim:
        rows = Narrative.objects.filter(pk=narrative_id, ledger_id=ledger_id, state=NarrativeState.WRITING)
        try:
            if rows.filter(claim="").update(claim=claim) and (row := rows.filter(claim=claim).first()):
                _write_claimed(row, user_id=user_id)
        finally:
            Narrative.objects.filter(pk=narrative_id, claim=claim).update(claim="")


def _write_claimed(row: Narrative, *, user_id: int) -> None:
    """Write the text of a claimed row, unless its digest has changed by then."""
    user = User.objects.filter(pk=user_id).first()
    if user is None or membership_of(user).ledger_id != row.ledger_id:
        return
    today = user.today()
    month = period_around("month", row.month, Calendar(user.week_start, user.month_start))
    writer = MonthWriter(user, month, row.currency, today)
    row.digest = writer.digest
    if writer.model is None or month.start != row.month:
        row.delete()
        return
    Narrative.objects.filter(pk=row.pk).update(digest=row.digest, sentences=[], n_dropped=0, reason="")
    rows = Narrative.objects.filter(pk=row.pk, digest=row.digest)
    try:
        writer.write(row)
    except ProviderError as error:
        failed = {"state": NarrativeState.FAILED, "reason": str(error)[:400], "claimed_until": _next_try_at(row)}
        n_tries = row.n_tries if isinstance(error, LinkRests) else F("n_tries") + 1
        rows.update(**failed, sentences=[], n_tries=n_tries, updated_at=timezone.now())
    else:
        rows.update(state=NarrativeState.WRITTEN, claimed_until=None, n_tries=0, updated_at=timezone.now())


def release_abandoned_narratives() -> int:
    """Let texts whose workers were stopped be asked for again, each time after a longer wait. Return how many."""
    n_released = 0
    for row in abandoned(Narrative.objects.exclude(claim="")):
        own = Narrative.objects.filter(pk=row.pk, claim=row.claim)
        n_released += own.update(claim="", claimed_until=_next_try_at(row), n_tries=F("n_tries") + 1)
    return n_released


def _next_try_at(row: Narrative) -> dt.datetime:
    wait: dt.timedelta = min(FIRST_RETRY * 2 ** min(row.n_tries, 12), LONGEST_RETRY)
    return timezone.now() + wait


def hint_of(ledger_id: int) -> str:
    """Return the ledger's wish for the tone, empty if it has none."""
    found = NarrativeChoices.objects.filter(pk=ledger_id).values_list("hint", flat=True).first()
    return found or ""


def set_hint(*, ledger_id: int, hint: str) -> None:
    """Keep a wish for the tone in place of an earlier one. Texts are written again when they are next read."""
    NarrativeChoices.objects.update_or_create(pk=ledger_id, defaults={"hint": hint})


def delete_old_narratives(*, is_dry_run: bool = False) -> int:
    """Delete texts that were written long ago; a client that asks has them written again. Return how many."""
    old = Narrative.objects.filter(updated_at__lt=timezone.now() - KEPT)
    return int(old.count() if is_dry_run else old.delete()[0])


def _of_template(part: Part, one: Sentence) -> Shown:
    return Shown(part, one.text, "template", tuple(figure.name for figure in one.figures))


def numbered(sentences: list[Shown]) -> Iterator[tuple[str, Shown]]:
    """Yield sentences with an id that says the part and the place in it, such as `tips-2`."""
    places: dict[str, int] = {}
    for one in sentences:
        places[one.part] = places.get(one.part, 0) + 1
        yield f"{one.part}-{places[one.part]}", one
