"""The tables of the ledger. Invariants are constraints with names; every write goes through a service."""

from expenses.models.accounts import Account, AccountType
from expenses.models.attachments import Attachment
from expenses.models.categories import Category, KindMapping, LedgerCategory
from expenses.models.duplicates import Duplicate, DuplicateStatus, StatementTrace, TraceKind
from expenses.models.hints import Hint
from expenses.models.journal import Change, Tombstone
from expenses.models.learning import BacktestResult, Classifier, ConfirmedTexts, ModelAnswer, TrackRecord
from expenses.models.ledgers import Ledger, Membership, Role
from expenses.models.model_calls import ModelCall, PrivacyChoices
from expenses.models.model_misses import ModelMiss
from expenses.models.rates import ExchangeRate
from expenses.models.runs import Omission, Plan, Run, RunStatus
from expenses.models.tags import Tag
from expenses.models.transactions import DESCRIPTION_LENGTH, CategorizationStatus, Decision, Review, Transaction
from expenses.models.transfers import Transfer, TransferStatus

__all__ = [
    "DESCRIPTION_LENGTH",
    "Account",
    "AccountType",
    "Attachment",
    "BacktestResult",
    "CategorizationStatus",
    "Category",
    "Change",
    "Classifier",
    "ConfirmedTexts",
    "Decision",
    "Duplicate",
    "DuplicateStatus",
    "ExchangeRate",
    "Hint",
    "KindMapping",
    "Ledger",
    "LedgerCategory",
    "Membership",
    "ModelAnswer",
    "ModelCall",
    "ModelMiss",
    "Omission",
    "Plan",
    "PrivacyChoices",
    "Review",
    "Role",
    "Run",
    "RunStatus",
    "StatementTrace",
    "Tag",
    "Tombstone",
    "TraceKind",
    "TrackRecord",
    "Transaction",
    "Transfer",
    "TransferStatus",
]
