"""Imports: receive a file, correct how it is read, and record its rows as a run."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Count

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.garbage_collection import collection_paused
from expenses.ledger.fingerprints import row_key, shared_movements
from expenses.ledger.money import minor_units
from expenses.models import Account, Run, RunStatus, Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.models.transactions import TransactionDraft
from expenses.services.booking import book_pending, forget_bookings
from expenses.services.draft_columns import DraftColumns
from expenses.services.ledger_lock import Refusal, bury, ledger_write, make_room, next_version
from expenses.services.pairs import pair_run
from expenses.services.possible_duplicates import offer_duplicates
from expenses.services.runs import Work, advance
from expenses.services.split_parts import MAX_PARTS
from expenses.services.statement_answers import StatementAnswers
from expenses.services.statement_rows import record_statement_rows
from expenses.services.transfer_suggestions import suggest_transfers
from statements.book_plan import plan_categories, with_planned
from statements.entries import (
    Entry,
    EntryBlock,
    Looks,
    Record,
    StatementSummary,
    draft_columns,
    each_record,
    read_blocks,
    summarize,
    targets_of,
)
from statements.formats import importer_for, importer_named
from statements.importer import UNKNOWN_DECIMAL, UNPROVED, ProfileError, Reading, ReadingQuestion, UnreadableFile
from statements.models import BLOCKING, NO_ROWS, Import, ImportStatus, Profile
from statements.profiles import settle, shipped_profile
from statements.services.books import close_book, join_transfers, note_tags, open_book, sentences
from statements.services.duplicates import FileMatches, find_booked, find_matches, offered_of, surroundings_of
from statements.services.file_accounts import (
    answer_accounts,
    assign_accounts,
    count_rows,
    stored_accounts,
    take_numbers_back,
    write_numbers,
)
from statements.services.profiles import fitting_profile, save_profile

#: What reading a file finds out, and what may be corrected before it.
READ_FIELDS = (
    "account", "profile", "questions", "status", "error", "first_date", "last_date", "n_rows", "n_new",
    "n_duplicates", "n_errors", "n_skipped", "totals", "accounts", "losses", "matches",
    "book", "confirmed_currencies",
)  # fmt: skip
#: Keys of a profile that may differ from one file of a bank to the next.
FILE_KEYS = ("encoding", "delimiter", "quotechar", "header_row", "sheets", "currency_symbol")
#: Keys that say something about one file alone.
ONE_FILE_KEYS = ("is_complete",)
#: Skipped records that say nothing about why a file has no transactions.
IN_ANY_FILE = ("header", "preamble", "blank")
#: Examples that a sentence about a file names.
MAX_NAMED = 3
CORRECTABLE = (ImportStatus.PARSED, ImportStatus.FAILED)


def receive_statement(
    *,
    by: User,
    data: bytes,
    filename: str,
    account: Account | None = None,
    profile: Profile | None = None,
    wants_commit: bool = False,
) -> Import:
    """Store a file with the profile that fits it. Raises UnreadableFile, and then stores nothing.

    The answer's status is `reading` for a file so large that the worker has to read it; queue the task then.
    """
    importer = importer_for(data)
    n_rows = importer.n_rows(data)
    if n_rows > settings.IMPORT_MAX_ROWS:
        detail = (
            f"The file has about {n_rows} rows; at most {settings.IMPORT_MAX_ROWS} are read at once. Split it by year."
        )
        raise UnreadableFile("too_many_rows", detail)
    reading = importer.detect(data)
    if wants_commit and account is None and not reading.accounts:
        raise UnreadableFile("required", "Say into which account the rows go.", attr="account")
    statement = Import(
        ledger_id=ledger_id_of(by),
        user=by,
        account=account,
        filename=filename[:255],
        format=importer.format,
        columns=reading.columns,
        accounts=stored_accounts(reading.accounts),
        warnings=reading.warnings,
        status=ImportStatus.READING,
        wants_commit=wants_commit,
    )
    assign_accounts(statement)  # the file may name the account whose profile fits
    profile = profile or fitting_profile(data, statement=statement, importer=importer, reading=reading)
    shipped = shipped_profile(reading.columns) if profile is None else None
    if profile is not None:
        reading = replace(reading, profile={**reading.profile, **profile.profile}, questions=_of_file(reading))
    elif shipped is not None:
        reading = settle(reading, shipped)
    statement.profile, found = reading.profile, profile or shipped
    statement.profile_name = found.name if found is not None else ""
    statement.questions = [_with_answer(question) for question in reading.questions]
    statement.file.save("statement", ContentFile(data), save=False)
    try:
        if len(data) <= settings.IMPORT_READ_AT_ONCE_BYTES:
            _read(statement)
        with ledger_write(statement.ledger_id) as version:
            statement.version = version
            statement.save()
    except BaseException:
        statement.file.delete(save=False)
        raise
    return statement


def read_statement(*, statement: Import) -> None:
    """Read the whole of a file that was too large for its request. Raises UnreadableFile, Refusal."""
    _read(statement)
    with ledger_write(statement.ledger_id) as version:
        _store(statement, was=(ImportStatus.READING,), version=version)


def correct_statement(
    *,
    statement: Import,
    corrections: Mapping[str, Any],
    account: Account | None,
    accounts: Mapping[str, Account] | None = None,
    save_as: str = "",
) -> Import:
    """Read the file in another way, or for other accounts; save the profile under a name.

    `corrections` are keys of the profile; they answer the questions about them. `accounts` are by the key of an account
    that the file names. An account that is there already answers the question about its currency. Raises
    UnreadableFile, and Refusal if the import was committed meanwhile.
    """
    run = statement.run
    if run is not None and run.status != RunStatus.REVERTED and run.transactions.exists():
        # Its rows, read in another way, would not be recognized again.
        detail = f"Run {run.pk} stopped after it had recorded some of the rows: resume it, or revert it first."
        raise Refusal(detail, code="half_committed")
    if corrections:
        statement.profile = {**statement.profile, **corrections}
        statement.questions = [q for q in statement.questions if q["attr"] not in corrections]
    before = statement.account
    answer_accounts(statement, account, accounts or {})
    if before is not None and statement.account != before and not minor_units(before.currency):
        # The old account had no fractions, which settled what thousands are.
        again = importer_named(statement.format).detect(_content(statement)).questions
        again = [q for q in again if q.code == UNKNOWN_DECIMAL and q.attr not in corrections]
        statement.questions += map(_with_answer, again)
    _read(statement)
    with ledger_write(statement.ledger_id) as version:
        _store(statement, was=CORRECTABLE, version=version)
        if save_as:
            # What belongs to this one file is left out of the saved profile, unless it was corrected.
            reading = importer_named(statement.format).detect(_content(statement))
            own = {k: v for k, v in statement.profile.items() if k not in ONE_FILE_KEYS}
            kept = {k: v for k, v in own.items() if k not in FILE_KEYS or v != reading.profile.get(k)}
            save_profile(statement, save_as, profile=kept, reading=reading, version=version)
    return statement


def forget_statement(*, statement: Import) -> None:
    """Remove an import that was not committed, file and all. Raises Refusal when it was, or is being.

    What a commit created before it stopped goes, too.
    """
    with ledger_write(statement.ledger_id) as version:
        if statement.run is not None and statement.stands in CORRECTABLE:
            close_book(statement, run=statement.run)
        deleted, _ = Import.objects.filter(pk=statement.pk).standing(*CORRECTABLE).delete()
        if not deleted:
            raise _too_late()
        bury(Import, [statement.pk], ledger_id=statement.ledger_id, version=version)
        transaction.on_commit(lambda: statement.file.delete(save=False))


def fail_reading(*, import_id: int, error: str) -> None:
    """Mark an import whose file could not be read, unless it was read or deleted meanwhile."""
    statement = Import.objects.filter(pk=import_id, status=ImportStatus.READING).first()
    if statement is not None:
        with ledger_write(statement.ledger_id) as version:
            still = Import.objects.filter(pk=import_id, status=ImportStatus.READING)
            still.update(status=ImportStatus.FAILED, error=error, version=version)


def profile_faults(*, statement: Import, profile: Mapping[str, Any]) -> list[ProfileError]:
    """Return the faults of an edited profile."""
    return importer_named(statement.format).check_profile(profile, _content(statement))


@collection_paused()
def _read(statement: Import) -> None:
    """Set counts, period and totals of the file. Nothing is written, so that no lock is held meanwhile."""
    open_questions = assign_accounts(statement)
    catalog = Catalog.load(statement.ledger_id)
    importer = importer_named(statement.format)
    if importer.is_book:
        plan = plan_categories(importer.read(_content(statement), statement.profile), catalog)
        # What a commit created and did not finish stays known, for its revert.
        statement.book = {**statement.book, "categories": [asdict(one) for one in plan]}
    planned = with_planned(catalog, statement)
    summary = summarize(read_blocks(statement), catalog=planned)
    statement.first_date, statement.last_date = summary.period
    statement.n_rows = summary.n_rows
    matches = find_matches(statement)
    statement.matches = {"possible": matches.possible, "booked": matches.booked, "shared": _shared_movements(summary)}
    statement.n_duplicates = sum(account.n_known for account in summary.accounts.values()) + matches.renamed.total()
    statement.n_new = statement.n_rows - statement.n_duplicates
    statement.n_errors, statement.n_skipped = summary.n_errors, summary.n_skipped
    statement.totals = summary.totals
    open_questions += count_rows(statement, summary, matches.renamed)
    if importer.is_book and statement.n_rows and not statement.n_new:
        statement.book["categories"] = []
    promises = sentences(statement, planned) if importer.is_book else []
    statement.losses = [*promises, *_sentences(summary)]
    if statement.n_rows:  # it does not matter whose an account without rows is
        idle = {f"accounts.{named['key']}" for named in statement.accounts if not named["n_rows"]}
        open_questions = [q for q in open_questions if q.attr not in idle]
    is_whole = not summary.n_rounded and not any(map(minor_units, summary.totals))
    settled = {*BLOCKING, UNKNOWN_DECIMAL} if is_whole else {*BLOCKING}
    statement.questions = [q for q in statement.questions if q["code"] not in settled]
    if not statement.n_rows:
        statement.questions.append(asdict(ReadingQuestion("file", NO_ROWS, _why_no_rows(statement, summary))))
    statement.questions += map(asdict, open_questions)
    statement.status, statement.error = ImportStatus.PARSED, ""


def _why_no_rows(statement: Import, summary: StatementSummary) -> str:
    """Return why a file has no transaction, and what to do."""
    skipped = {reason: n for reason, n in summary.skipped.items() if reason not in IN_ANY_FILE}
    why = "it has no rows below its header" if summary.skipped["header"] else "it lists none"
    if summary.n_errors:
        why = f"none of its {summary.n_errors} rows can be read; rows/?show=errors says why"
    elif skipped:
        counts = ", ".join(f"{reason}: {n}" for reason, n in skipped.items())
        why = f"its rows are of other kinds ({counts}); rows/?show=skipped lists them"
    detail = f"No transaction was found in this file: {why}. "
    detail += "Correct the profile, or DELETE this import and upload another file."
    return " ".join([detail, *statement.warnings])


def _shared_movements(summary: StatementSummary) -> dict[str, None]:
    """Return the keys of movements that several rows of the file have, by which none of them is recognized."""
    return {
        row_key(account.account.pk, part): None
        for account in summary.accounts.values()
        if account.account is not None
        for part in shared_movements(account.fingerprints)
    }


def _sentences(summary: StatementSummary) -> Iterator[str]:
    """Yield a sentence about each kind of what the ledger cannot record as the file has it."""
    losses = summary.losses
    if n := summary.n_rounded:
        yield f"Amounts with more decimal places than their currency has: {n}. They are rounded; compare them."
    if n := summary.skipped["repeated"]:
        yield (
            f"Rows that an earlier file of the zip has, too: {n}. They are not recorded again; "
            "rows/?show=skipped lists them."
        )
    create = "Create it and PATCH the import with {}; otherwise the chain looks for one."
    for what, says, then in (
        ("category", "Rows with a category that is not here", create),
        ("direction", "Rows whose category is for money that goes the other way", "The chain looks for another one."),
    ):
        if paths := losses.get(what):
            named = ", ".join(f"“{path}”" for path in list(dict.fromkeys(paths))[:MAX_NAMED])
            yield f"{says}: {len(paths)}, such as {named}. {then}"
    if lines := losses.get("parts"):
        yield (
            f"Rows whose parts do not add up, run in both directions or are more than {MAX_PARTS}: {len(lines)}, "
            f"the first in line {lines[0]}. They are recorded whole."
        )


def _of_file(reading: Reading) -> list[ReadingQuestion]:
    """Return the questions that no saved profile answers, because they are about one file."""
    return [question for question in reading.questions if question.code == UNPROVED]


def _with_answer(question: ReadingQuestion) -> dict[str, Any]:
    """Return a question about the profile, whose detail ends with the bodies that answer it."""
    taken, *others = [json.dumps({"profile": {question.attr: value}}) for value in question.alternatives]
    change = f"; to change it, with {' or '.join(others)}" if others else ""
    answer = f"To confirm this, PATCH the import with {taken}{change}."
    return {**asdict(question), "detail": f"{question.detail} {answer}"}


def _store(statement: Import, *, was: tuple[str, ...], version: int) -> None:
    """Write what was read, unless another request committed, deleted or read it first. Call it under the lock."""
    statement.version = version
    fields = {name: getattr(statement, name) for name in (*READ_FIELDS, "version")}
    if not Import.objects.filter(pk=statement.pk).standing(*was).update(**fields):
        raise _too_late()


def _too_late() -> Refusal:
    return Refusal("This import is being committed, or has been; it stays as it is.", code="committed")


def _content(statement: Import) -> bytes:
    with statement.file.open("rb") as file:
        data: bytes = file.read()
    return data


CHUNK = 5000
SUPERSEDED = "Its import is gone, or another run has committed it; look at the import."


def start_commit(*, by: User, statement: Import) -> Run:
    """Create the run that records the rows; it does not start by itself. Raises Refusal if another run was first."""
    for target in targets_of(statement).values():
        if target.account is not None and not target.account.is_active:
            detail = f"“{target.account}” is closed; open it again (is_active: true), or give the import another one."
            raise Refusal(detail, code="closed")
    for question in statement.questions:
        if question["code"] in BLOCKING:
            raise Refusal(question["detail"], code=question["code"])
    with ledger_write(statement.ledger_id) as version:
        run: Run = Run.objects.create(
            ledger_id=statement.ledger_id, user=by, kind="import", subject=statement.pk, total=statement.n_rows
        )
        claimed = Import.objects.filter(pk=statement.pk).standing(ImportStatus.PARSED)
        if not claimed.update(status=ImportStatus.COMMITTING, run=run, version=version):
            raise Refusal("This import is being committed, or has been.", code="committed")
    statement.status, statement.run = ImportStatus.COMMITTING, run
    return run


def _chunks(blocks: Iterable[EntryBlock | Record], size: int) -> Iterator[list[EntryBlock | Record]]:
    """Yield about so many records at a time, blocks cut where they are longer."""
    chunk: list[EntryBlock | Record] = []
    n_records = 0
    for block in blocks:
        n_of_block = len(block) if isinstance(block, EntryBlock) else 1
        for start in range(0, n_of_block, size):
            part = block[start : start + size] if isinstance(block, EntryBlock) else block
            chunk.append(part)
            n_records += min(size, n_of_block - start)
            if n_records >= size:
                yield chunk
                chunk, n_records = [], 0
    if chunk:
        yield chunk


def _new_blocks(run: Run, statement: Import, matches: FileMatches) -> Iterator[EntryBlock | Record]:
    """Return the records of the file without those that it was written from; these are done."""
    blocks = read_blocks(statement)
    if not matches.known:
        return blocks
    with ledger_write(run.ledger_id):
        advance(run, n_rows=len(matches.known))
    return (one for one in each_record(blocks) if not isinstance(one, Entry) or one.key not in matches.known)


class ImportWork(Work):
    """The work of an import; it leaves out rows that an earlier try or another file recorded."""

    starts_over = True

    @collection_paused()
    def perform(self, run: Run) -> None:
        statement = Import.objects.select_related("account").filter(run=run).first()
        if statement is None:
            raise Refusal(SUPERSEDED, code="committed")
        try:
            if importer_named(statement.format).is_book:
                open_book(statement, run=run)
            around = surroundings_of(statement)
            matches = find_booked(statement, around)
            pairs = self._record_rows(run, statement, matches)
            join_transfers(pairs, run=run)
            pair_run(run)
            if around is not None:
                suggest_transfers(run, start=around.start, end=around.end)
                still = {*matches.still_pending, *matches.booked.values()}
                offer_duplicates(run, replace(around, still_pending=still))
        except UnreadableFile as error:
            raise Refusal(str(error), code="unreadable") from None

    def _record_rows(self, run: Run, statement: Import, matches: FileMatches) -> dict[str, list[Entry]]:
        """Record the rows chunk by chunk. Return the halves of the transfers that the file shows, by its id of each."""
        pairs: dict[str, list[Entry]] = defaultdict(list)
        blocks, answers, looks = _new_blocks(run, statement, matches), StatementAnswers(run.ledger_id), Looks()
        for number, chunk in enumerate(_chunks(each_record(blocks) if matches.booked else blocks, CHUNK)):
            if number:
                make_room()
            catalog = answers.renew()
            drafts: dict[Account, list[DraftColumns | TransactionDraft]] = defaultdict(list)
            booked: dict[int, TransactionDraft] = {}
            for record in [record for record in chunk if isinstance(record, Entry | EntryBlock)]:
                if record.account is None:
                    raise Refusal("The account of this import is gone; give it another one.", code="account")
                if isinstance(record, EntryBlock):
                    drafts[record.account].append(draft_columns(record, looks, catalog))
                    continue
                if record.row.transfer_id:
                    pairs[record.row.transfer_id].append(record)
                if matches.booked and record.key in matches.booked:
                    booked[matches.booked[record.key]] = record.draft(catalog)
                else:
                    drafts[record.account].append(record.draft(catalog))
            for draft in book_pending(run, booked, catalog=catalog) if booked else ():
                if draft.account is not None:
                    drafts[draft.account].append(draft)
            for account, of_account in drafts.items():
                columns = DraftColumns.joined(of_account)
                shared = statement.shared_movements(account)
                record_statement_rows(run=run, account=account, drafts=columns, answers=answers, shared=shared)
        return pairs

    def before_resume(self, run: Run) -> None:
        statement = Import.objects.filter(run=run).standing(ImportStatus.PARSED)
        version = next_version(run.ledger_id)
        if not statement.update(status=ImportStatus.COMMITTING, error="", version=version):
            raise Refusal(SUPERSEDED, code="committed")
        run.total = Import.objects.get(run=run).n_rows  # its profile may have been corrected
        run.save(update_fields=["total"])

    def after_end(self, run: Run) -> None:
        rows = Transaction.objects.filter(run=run, parent=None).order_by().values_list("review_status")
        by_status = dict(rows.annotate(n=Count("pk")))
        created = sum(by_status.values())  # by whichever try
        run.counts = {"created": created, "duplicates": max(run.done - created, 0), **by_status}
        run.save(update_fields=["counts"])
        is_done = run.status == RunStatus.SUCCEEDED
        accounts = self._numbers(run, write_numbers) if is_done else {}
        for statement in Import.objects.filter(run=run).exclude(book={}):
            note_tags(statement, run=run)
        self._update(
            run,
            **accounts,
            status=ImportStatus.COMMITTED if is_done else ImportStatus.PARSED,
            error=run.error,
            n_new=run.counts["created"],
            n_duplicates=run.counts["duplicates"],
            matches={"possible": offered_of(run), "shared": self._shared(run)},
        )

    def _shared(self, run: Run) -> dict[str, None]:
        """Return what a try that goes on needs of the file's matches."""
        statement = Import.objects.filter(run=run).only("matches").first()
        return dict(statement.matches.get("shared", {})) if statement is not None else {}

    def after_revert(self, run: Run) -> None:
        forget_bookings(run)
        self._update(run, **self._numbers(run, take_numbers_back))
        for statement in Import.objects.filter(run=run).exclude(book={}):
            close_book(statement, run=run)

    def _numbers(self, run: Run, change: Callable[..., list[dict[str, Any]]]) -> dict[str, Any]:
        """Change the numbers of the accounts that the file names. Return the field of the import that says so."""
        statement = Import.objects.filter(run=run).exclude(accounts=[]).first()
        return {"accounts": change(statement, version=next_version(run.ledger_id))} if statement else {}

    def _update(self, run: Run, **fields: Any) -> None:
        """Write fields of the import, and stamp it. Another run may have taken it up by now."""
        statement = Import.objects.filter(run=run)
        if statement.exists():
            statement.update(version=next_version(run.ledger_id), **fields)
