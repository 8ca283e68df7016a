"""Export of rules to a file, and import of the valid rules of a file, in one transaction."""

import json
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db import transaction
from django.utils import timezone
from drf_standardized_errors.formatter import flatten_errors
from rest_framework.exceptions import ValidationError
from rest_framework.fields import CharField

from accounts.models import User
from expenses.models.ledgers import ledger_id_of
from expenses.services.categories import create_category
from expenses.services.edits import find_or_create_tags
from expenses.services.ledger_lock import Refusal, ledger_write, write_nothing
from rules.exchange.actual import convert_actual
from rules.exchange.actual_documents import is_actual
from rules.exchange.conversion import (
    NAME_LENGTH,
    Body,
    Candidate,
    DocumentError,
    LedgerNames,
    OmittedPart,
    Pack,
    RuleConversion,
    RuleRefusal,
    shorten,
    unique_name,
)
from rules.exchange.firefly import convert_firefly
from rules.exchange.firefly_documents import FireflyTable, is_firefly
from rules.exchange.names import Directory, ResolvedBody, with_ids, with_names
from rules.exchange.packs import (
    FORMAT,
    FORMAT_VERSION,
    USER_FIELDS,
    checksum_of,
    fingerprint_of,
    read_own,
    version_order,
)
from rules.models import Origin, Rule

#: Function that validates a body: (body, the rule that it replaces, serializer context) → the rule's fields.
#: Raises ValidationError.
RuleCheck = Callable[[Body, Rule | None, dict[str, Any]], dict[str, Any]]

REASONS = {
    "identical": "It is here already.",
    "skipped": "A rule of this name differs: on_conflict=update replaces it, on_conflict=rename keeps both.",
    "edited": "You have edited this rule of the pack, so it stays as it is; on_conflict=update replaces it.",
    "not_in_pack": "This version of the pack no longer has it; delete it if you do not want it.",
}
PLURALS = {"category": "categories", "account": "accounts", "tag": "tags"}


def export_rules(*, by: User, rules: Iterable[Rule], pack: Pack | None) -> dict[str, Any]:
    """Return the document of these rules, in their order, with names for ids."""
    directory = Directory.load_for(by)
    document: dict[str, Any] = {"format": FORMAT, "format_version": FORMAT_VERSION}
    document |= {"name": pack.name, "pack_version": pack.version} if pack else {}
    document["exported_at"] = timezone.now().isoformat()
    document["rules"] = [with_names(rule.content, directory) for rule in rules]
    return document | {"checksum": checksum_of(document)}


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Options of an import."""

    on_conflict: Literal["skip", "update", "rename"] = "skip"
    creates_missing: bool = False
    is_dry_run: bool = False


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """A rule after the import. `index` is its place in the document; `code` says why it did not change."""

    index: int | None
    name: str
    is_active: bool
    renamed_from: str | None = None
    code: str = ""

    @property
    def detail(self) -> str:
        """Sentence for the code."""
        return REASONS[self.code]


@dataclass(slots=True)
class ImportReport:
    """Outcome of an import. `missing_names` has the first spelling of each name that the ledger lacks, by kind."""

    format: str
    options: ImportOptions
    left_out: list[OmittedPart]
    refused: list[RuleRefusal]
    created: list[RuleEntry] = field(default_factory=list)
    updated: list[RuleEntry] = field(default_factory=list)
    unchanged: list[RuleEntry] = field(default_factory=list)
    missing_names: dict[str, dict[str, str]] = field(default_factory=lambda: {kind: {} for kind in PLURALS})

    @property
    def missing(self) -> dict[str, list[str]]:
        """Missing names in order, by plural kind."""
        return {plural: sorted(self.missing_names[kind].values()) for kind, plural in PLURALS.items()}

    @property
    def n_written(self) -> int:
        """Number of rules that were created or updated."""
        return len(self.created) + len(self.updated)


def import_rules(*, by: User, document: Any, options: ImportOptions, check: RuleCheck) -> ImportReport:
    """Import the valid rules of a document; a dry run does the same and rolls back.

    Raises DocumentError for an unreadable document, Refusal for a pack older than the installed one.
    """
    directory = Directory.load_for(by)
    transfers = [category.name for category in directory.catalog.categories.values() if category.kind == "transfer"]
    conversion = _convert(document, LedgerNames(tuple(directory.accounts.values()), tuple(transfers)))
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        rules = {rule.name: rule for rule in Rule.objects.filter(ledger_id=ledger_id)}
        work = RuleImport(by, ledger_id, version, conversion, options, check, Directory.load_for(by), rules)
        work.run()
        if options.is_dry_run or not (work.report.n_written or work.is_newer):
            write_nothing()
    return work.report


def _convert(document: Any, names: LedgerNames) -> RuleConversion:
    """Recognize a document by its content, and read its rules. Raises DocumentError."""
    if isinstance(document, FireflyTable):
        return convert_firefly(document, names)
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # no answer could repeat it
        raise DocumentError("file", "It has half of a character (a lone surrogate).") from None
    if isinstance(document, dict) and document.get("format") == FORMAT:
        return read_own(document)
    if is_firefly(document):
        return convert_firefly(document, names)
    if is_actual(document):
        return convert_actual(document)
    detail = (
        f"These are no rules that Outlay knows: its own say “format”: “{FORMAT}”, those of Firefly III are an answer "
        "of its API or its rules.csv, those of Actual are a list as getRules() gives it."
    )
    raise DocumentError("format", detail)


class InvalidRule(Exception):
    """A rule that is refused; one entry for each invalid field."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("The rule is not valid.")
        self.errors = errors


@dataclass(slots=True)
class RuleImport:
    """One import into one ledger. The caller holds the ledger's lock."""

    by: User
    ledger_id: int
    version: int
    conversion: RuleConversion
    options: ImportOptions
    check: RuleCheck
    directory: Directory
    #: Rules of the ledger by name, including the new ones.
    rules: dict[str, Rule]
    new: dict[str, Rule] = field(default_factory=dict)
    new_tags: list[str] = field(default_factory=list)
    #: Rules of the pack by their name in it, and whether the document is a newer version of it.
    pack_rules: dict[str, Rule] = field(default_factory=dict)
    is_newer: bool = False
    #: The pack that the document is.
    pack: Pack | None = field(init=False)
    report: ImportReport = field(init=False)

    def __post_init__(self) -> None:
        conversion, self.pack = self.conversion, self.conversion.pack
        self.report = ImportReport(conversion.format, self.options, conversion.left_out, conversion.refused)

    def run(self) -> None:
        """Write the valid rules. Raises Refusal."""
        pack = self.pack
        if pack is not None:
            self.pack_rules = {rule.pack_rule: rule for rule in self.rules.values() if rule.pack == pack.name}
            installed = max((rule.pack_version for rule in self.pack_rules.values()), key=version_order, default="")
            if version_order(installed) > version_order(pack.version):
                detail = f"You have version {installed} of “{pack.name}”; this is {pack.version}, which is older."
                raise Refusal(detail, code="older_pack")
            self.is_newer = version_order(installed) < version_order(pack.version)
        for candidate in self.conversion.rules:
            self._import(candidate)
        self.report.refused.sort(key=lambda refusal: refusal.index)
        Rule.objects.bulk_create(self.new.values(), batch_size=200)
        if self.options.creates_missing:
            find_or_create_tags(ledger_id=self.ledger_id, names=self.new_tags, version=self.version)
        if pack is not None:
            older = Rule.objects.filter(ledger_id=self.ledger_id, pack=pack.name).exclude(pack_version=pack.version)
            older.update(pack_version=pack.version, version=self.version)
            names = [candidate.body.get("name") for candidate in self.conversion.rules]
            for name, rule in self.pack_rules.items():
                if name not in names:
                    self.report.unchanged.append(RuleEntry(None, rule.name, rule.is_active, code="not_in_pack"))

    def _import(self, candidate: Candidate) -> None:
        """Import one rule. Categories that were created for a rule that is not written are rolled back."""
        categories, creates = self.directory.catalog.categories, self.options.creates_missing
        known, n_before = set(categories), self.report.n_written
        with transaction.atomic() if creates else nullcontext():
            try:
                self._write_or_keep(candidate)
            except InvalidRule as error:
                name = candidate.body.get("name")
                name = shorten(name, NAME_LENGTH) if isinstance(name, str) else ""
                self.report.refused.append(RuleRefusal(candidate.index, name, error.errors))
            if creates and self.report.n_written == n_before:
                transaction.set_rollback(True)
                for pk in categories.keys() - known:
                    del categories[pk]

    def _write_or_keep(self, candidate: Candidate) -> None:
        """Create or update the rule, or report that it stays as it is. Raises InvalidRule."""
        name, on_conflict = candidate.body.get("name"), self.options.on_conflict
        there = None
        if isinstance(name, str):
            there = self.pack_rules.get(name.strip()) or self.rules.get(name.strip())
        if there is None:
            self._create(candidate, *self._check(candidate.body, None))
            return
        if there.name in self.new and on_conflict != "rename":
            detail = "Another rule of this file has this name; on_conflict=rename takes both."
            raise InvalidRule([{"attr": "name", "code": "repeated", "detail": detail}])
        is_from_pack = self.pack is not None and there.pack == self.pack.name
        fields, tags = self._check(candidate.body | ({"name": there.name} if is_from_pack else {}), there)
        changes = {key: value for key, value in fields.items() if not is_from_pack or key not in USER_FIELDS}
        was_edited = is_from_pack and fingerprint_of(there) != there.pack_checksum
        if all(getattr(there, key) == value for key, value in changes.items()):
            code = "identical"
        elif on_conflict == "update" or (is_from_pack and self.is_newer and not was_edited):
            for key, value in changes.items():
                setattr(there, key, value)
            there.version = self.version
            self._stamp(there, (there.pack_rule if is_from_pack else "") or there.name)
            there.save()
            self.new_tags += tags
            self.report.updated.append(RuleEntry(candidate.index, there.name, there.is_active))
            return
        elif on_conflict == "rename" and (not is_from_pack or there.name in self.new):
            self._create(candidate, fields, tags, name=unique_name(fields["name"], self.rules))
            return
        else:
            code = "edited" if was_edited else "skipped"
        self.report.unchanged.append(RuleEntry(candidate.index, there.name, there.is_active, code=code))

    def _create(self, candidate: Candidate, fields: dict[str, Any], tags: list[str], *, name: str = "") -> None:
        rule = Rule(ledger_id=self.ledger_id, version=self.version, **fields)
        original, rule.name = rule.name, name or rule.name
        self._stamp(rule, original)
        self.new[rule.name] = self.rules[rule.name] = rule
        self.new_tags += tags
        renamed_from = original if name else None
        self.report.created.append(RuleEntry(candidate.index, rule.name, rule.is_active, renamed_from))

    def _stamp(self, rule: Rule, pack_rule: str) -> None:
        """Note the origin of the rule: its pack, its name there, and its content as imported."""
        pack = self.pack
        rule.origin = Origin.PACK if pack else Origin.IMPORTED
        rule.pack, rule.pack_version = (pack.name, pack.version) if pack else ("", "")
        rule.pack_rule = pack_rule if pack else ""
        rule.pack_checksum = fingerprint_of(rule) if pack else ""

    def _check(self, body: Body, replaces: Rule | None) -> tuple[dict[str, Any], list[str]]:
        """Return the rule's fields and the tags that the ledger lacks. Creates categories. Raises InvalidRule."""
        resolved = with_ids(body, self.directory)
        for kind, name in resolved.missing:
            self.report.missing_names[kind].setdefault(name.casefold(), shorten(name, NAME_LENGTH))
        tags = [name for kind, name in resolved.missing if kind == "tag"]
        lacks_categories_only = all(error["code"] == "does_not_exist" for error in resolved.errors) and not any(
            kind == "account" for kind, _ in resolved.missing
        )
        if self.options.creates_missing and lacks_categories_only:
            self._create_categories(resolved)
            resolved = with_ids(body, self.directory)
        if resolved.errors:
            raise InvalidRule(resolved.errors)
        try:
            fields = self.check(resolved.body, replaces, {"catalog": self.directory.catalog, "names_taken": self.rules})
        except ValidationError as error:
            raise InvalidRule(_errors_of(error.detail)) from None
        return fields, tags

    def _create_categories(self, resolved: ResolvedBody) -> None:
        """Create the missing categories: income if the rule requires incoming money, else expense."""
        conditions = resolved.body.get("conditions")
        required = conditions if isinstance(conditions, list) and resolved.body.get("match", "all") == "all" else []
        comes_in = {"field": "direction", "op": "equals", "value": "in"}
        is_income = any(isinstance(c, dict) and comes_in.items() <= c.items() and not c.get("negate") for c in required)
        wanted = {name.casefold(): name for kind, name in resolved.missing if kind == "category"}
        for name in wanted.values():
            try:
                checked = CharField(max_length=NAME_LENGTH).run_validation(name)
            except ValidationError as error:
                raise InvalidRule(_errors_of({"actions": error.detail})) from None
            fields = {"name": checked, "kind": "income" if is_income else "expense"}
            category = create_category(by=self.by, fields=fields)
            self.directory.catalog.categories[category.pk] = category


def _errors_of(detail: Any) -> list[dict[str, str]]:
    """Return one entry for each invalid field, with its path."""
    return [{"attr": error.attr or "", "code": error.code, "detail": error.detail} for error in flatten_errors(detail)]
