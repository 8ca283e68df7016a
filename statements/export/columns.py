"""The values of a transaction in an export. Pure, so that what is read back knows them, too."""

from typing import NamedTuple

TAG_SEPARATOR = "; "


class ExportRow(NamedTuple):
    """A transaction of an export. `amount` is signed: money out is negative; `day` is YYYY-MM-DD.

    `whole` is the id of the split transaction that it is a part of. `transfer_account` is the name of the account on
    the other side of a transfer. Texts are "" where a transaction has none.
    """

    id: int
    day: str
    kind: str
    amount: str
    currency: str
    account: str
    category: str
    parent_category: str
    merchant: str
    description: str
    raw_description: str
    notes: str
    tags: str
    payment_method: str
    iban: str
    mcc: str
    external_id: str
    transfer: int | None
    transfer_account: str
    whole: int | None
    review: str
    is_excluded_from_budget: bool
    account_id: int | None
    category_id: int | None
