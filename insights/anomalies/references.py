"""What people said of findings follows the categories that it is about."""

from expenses.hooks import ReferenceHook
from expenses.services.ledger_lock import remove_row
from insights.models import AnomalyFeedback


class FeedbackReferences(ReferenceHook):
    """Feedback names a category by id, in its key, too. It holds no category back from being deleted."""

    name = "anomaly_feedback"

    def count(self, *, ledger_id: int, category: int) -> int:
        return 0

    def follow(self, *, ledger_id: int, category: int, into: int, version: int) -> int:
        rows = list(AnomalyFeedback.objects.filter(ledger_id=ledger_id, category=category))
        for row in rows:
            key = _key_about(row.key, category, into)
            if key != row.key and AnomalyFeedback.objects.filter(ledger_id=ledger_id, key=key).exists():
                remove_row(row, ledger_id=ledger_id, version=version)  # what was said of the other one stays
            else:
                row.key, row.category_id, row.version = key, into, version
                row.save(update_fields=["key", "category", "version"])
        return len(rows)

    def forget(self, *, ledger_id: int, category: int, version: int) -> None:
        """What is about a category goes with it; what is about a payee stays without one."""
        rows = AnomalyFeedback.objects.filter(ledger_id=ledger_id, category=category)
        for row in rows.filter(payee=""):
            remove_row(row, ledger_id=ledger_id, version=version)
        rows.update(category=None, version=version)

    def restamp(self, *, ledger_id: int, category: int, version: int) -> None:
        AnomalyFeedback.objects.filter(ledger_id=ledger_id, category=category).update(version=version)

    def follow_tag(self, *, ledger_id: int, name: str, into: str, version: int) -> None:
        """It names no tags."""


def _key_about(key: str, category: int, into: int) -> str:
    """The key with the other category, if it names the category: its kind, what it is about, and a day."""
    kind, about, day = key.split("-", 2)
    return f"{kind}-{into}-{day}" if about == str(category) else key
