"""Writes the rules of a document: those that are right, each whole, in one transaction; the others are named.

Nothing enters by another door than the rules' own serializer.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from django.db import transaction

from accounts.models import User
from expenses.models.ledgers import ledger_id_of
from expenses.services.ledger_lock import Refusal, ledger_write
from expenses.services.tags import find_or_create_tags
from rules.exchange.checking import Checked, Checker, NotRight, refusal_of
from rules.exchange.conversion import Candidate, Names, unique_name
from rules.exchange.exporting import stored_fields
from rules.exchange.naming import Directory
from rules.exchange.outcome import Outcome
from rules.exchange.packs import OWN_TO_TASTE, Pack, fingerprint_of, version_order
from rules.exchange.reading import Source, read_source
from rules.models import Origin, Rule

OnConflict = Literal["skip", "update", "rename"]
REASONS = {
    "identical": "It is here already.",
    "skipped": "A rule of this name differs: on_conflict=update replaces it, on_conflict=rename keeps both.",
    "edited": "You have edited this rule of the pack, so it stays as it is; on_conflict=update replaces it.",
    "not_in_pack": "This version of the pack no longer has it; delete it if you do not want it.",
}
REPEATED = "Another rule of this file has this name; on_conflict=rename takes both."


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a document is to be imported."""

    on_conflict: OnConflict = "skip"
    creates_missing: bool = False
    is_dry_run: bool = False


def import_rules(*, by: User, document: Any, wishes: Wishes, context: dict[str, Any]) -> dict[str, Any]:
    """Import what is right; a dry run does the same and takes it back. The body of the answer.

    Raises Misshapen for a document that cannot be read, Refusal for a pack older than what is here.
    """
    source = read_source(document, _names(Directory.load_for(by)))
    ledger_id = ledger_id_of(by)
    with transaction.atomic():
        with ledger_write(ledger_id) as version:
            directory = Directory.load_for(by)
            here = {rule.name: rule for rule in Rule.objects.filter(ledger_id=ledger_id)}
            known = {**context, "catalog": directory.catalog, "names_taken": here}
            checker = Checker(by, directory, known, wishes.creates_missing)
            work = RuleImport(ledger_id, version, source.pack, wishes, checker, here)
            work.take(source)
        transaction.set_rollback(wishes.is_dry_run)
    answer = {"format": source.format, "dry_run": wishes.is_dry_run, "on_conflict": wishes.on_conflict}
    return answer | work.outcome.body()


def _names(directory: Directory) -> Names:
    transfers = [c.name for c in directory.catalog.categories.values() if c.kind == "transfer"]
    return Names(accounts=tuple(directory.accounts.values()), transfers=tuple(transfers))


@dataclass(slots=True)
class RuleImport:
    """One import into one ledger, under its lock."""

    ledger_id: int
    version: int
    pack: Pack | None
    wishes: Wishes
    checker: Checker
    #: The rules of the ledger by name, those to be created included.
    here: dict[str, Rule]
    outcome: Outcome = field(default_factory=Outcome)
    #: Those that came from the pack, by their name in it.
    of_pack: dict[str, Rule] = field(default_factory=dict)
    is_newer: bool = False
    new: dict[str, Rule] = field(default_factory=dict)
    new_tags: list[str] = field(default_factory=list)

    def take(self, source: Source) -> None:
        """Write what is right of the document. Raises Refusal."""
        self.outcome.left_out = source.conversion.left_out
        self.outcome.refused = source.conversion.refused
        self._look_round()
        for candidate in source.conversion.rules:
            self._try(candidate)
        Rule.objects.bulk_create(self.new.values(), batch_size=200)
        self._create_tags()
        self._bring_pack_up_to_date([candidate.body.get("name") for candidate in source.conversion.rules])

    def _look_round(self) -> None:
        if self.pack is None:
            return
        self.of_pack = {rule.pack_rule: rule for rule in self.here.values() if rule.pack == self.pack.name}
        have = max((rule.pack_version for rule in self.of_pack.values()), key=version_order, default="")
        if version_order(have) > self.pack.order:
            detail = f"You have version {have} of “{self.pack.name}”; this is {self.pack.version}, which is older."
            raise Refusal(detail, code="older_pack")
        self.is_newer = version_order(have) < self.pack.order

    def _try(self, candidate: Candidate) -> None:
        before = self._n_written()
        try:
            with self.checker.keeping_if(lambda: self._n_written() > before):
                self._take_one(candidate)
        except NotRight as fault:
            self.outcome.refused.append(refusal_of(candidate, fault.errors))

    def _n_written(self) -> int:
        return len(self.outcome.created) + len(self.outcome.updated)

    def _take_one(self, candidate: Candidate) -> None:
        """Raises NotRight."""
        name = candidate.body.get("name")
        there = self._there(name) if isinstance(name, str) else None
        is_repeated = there is not None and there.name in self.new
        if is_repeated and self.wishes.on_conflict != "rename":
            raise NotRight([{"attr": "name", "code": "repeated", "detail": REPEATED}])
        named = {"name": there.name} if there is not None and self._is_of_pack(there) else {}
        checked = self.checker.check(candidate.body | named, replaces=there, outcome=self.outcome)
        if there is None:
            self._create(candidate, checked)
        elif all(getattr(there, key) == value for key, value in self._fields_for(there, checked).items()):
            self._keep(candidate, there, "identical")
        else:
            self._settle(candidate, there, checked)

    def _there(self, name: str) -> Rule | None:
        return self.of_pack.get(name.strip()) or self.here.get(name.strip())

    def _is_of_pack(self, rule: Rule) -> bool:
        return self.pack is not None and rule.pack == self.pack.name

    def _fields_for(self, there: Rule, checked: Checked) -> dict[str, Any]:
        """What is to be stored in a rule that is there; some things of a pack's rule are up to its user."""
        to_taste = OWN_TO_TASTE if self._is_of_pack(there) else set[str]()
        return {key: value for key, value in checked.fields.items() if key not in to_taste}

    def _settle(self, candidate: Candidate, there: Rule, checked: Checked) -> None:
        """The document's rule differs from the one that is there."""
        is_own = self._is_of_pack(there)
        was_edited = is_own and fingerprint_of(stored_fields(there)) != there.pack_checksum
        if self.wishes.on_conflict == "update" or (is_own and self.is_newer and not was_edited):
            self._update(candidate, there, checked)
        elif self.wishes.on_conflict == "rename" and (not is_own or there.name in self.new):
            self._create(candidate, checked, name=unique_name(checked.fields["name"], self.here))
        else:
            self._keep(candidate, there, "edited" if was_edited else "skipped")

    def _create(self, candidate: Candidate, checked: Checked, name: str = "") -> None:
        origin = Origin.PACK if self.pack else Origin.IMPORTED
        rule = Rule(ledger_id=self.ledger_id, version=self.version, origin=origin, **checked.fields)
        rule.name, name_there = name or rule.name, rule.name
        self._stamp(rule, name_there)
        self.new[rule.name] = self.here[rule.name] = rule
        self.new_tags += checked.new_tags
        self.outcome.created.append(_entry(candidate, rule) | {"renamed_from": name_there if name else None})

    def _update(self, candidate: Candidate, there: Rule, checked: Checked) -> None:
        for key, value in self._fields_for(there, checked).items():
            setattr(there, key, value)
        there.version, there.origin = self.version, Origin.PACK if self.pack else Origin.IMPORTED
        self._stamp(there, there.pack_rule if self._is_of_pack(there) else there.name)
        there.save()
        self.new_tags += checked.new_tags
        self.outcome.updated.append(_entry(candidate, there))

    def _stamp(self, rule: Rule, name_there: str) -> None:
        """Remember which pack brought the rule, and how it was stored then."""
        pack = self.pack
        rule.pack, rule.pack_version = (pack.name, pack.version) if pack else ("", "")
        rule.pack_rule = name_there if pack else ""
        rule.pack_checksum = fingerprint_of(stored_fields(rule)) if pack else ""

    def _keep(self, candidate: Candidate, there: Rule, code: str) -> None:
        self.outcome.unchanged.append(_entry(candidate, there) | {"code": code, "detail": REASONS[code]})

    def _create_tags(self) -> None:
        if self.wishes.creates_missing:
            find_or_create_tags(ledger_id=self.ledger_id, names=self.new_tags, version=self.version)

    def _bring_pack_up_to_date(self, names: list[Any]) -> None:
        """Rules of the pack that stay as they were are of its new version, too; those that it lost are named."""
        if self.pack is None:
            return
        own = Rule.objects.filter(ledger_id=self.ledger_id, pack=self.pack.name)
        own.update(pack_version=self.pack.version)
        for rule in (rule for name, rule in self.of_pack.items() if name not in names):
            entry = {"index": None, "name": rule.name, "is_active": rule.is_active}
            self.outcome.unchanged.append(entry | {"code": "not_in_pack", "detail": REASONS["not_in_pack"]})


def _entry(candidate: Candidate, rule: Rule) -> dict[str, Any]:
    return {"index": candidate.index, "name": rule.name, "is_active": rule.is_active}
