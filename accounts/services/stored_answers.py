"""The first answer to each request with an idempotency key, so that a repeat gets it and changes nothing.

A key is claimed and committed before the work begins, so that a second request sees the first. The work and its answer
are committed together, under the claim's lock: a process that is killed leaves both or neither.
"""

import uuid
from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import StoredAnswer, User

#: How long a repeat gets the first answer.
KEPT = timedelta(hours=24)
#: The most time between a claim and its lock. Normally it is milliseconds.
LEASE = timedelta(seconds=60)


class KeyInUse(Exception):
    """A request with the same key is being worked on."""


class KeyReused(Exception):
    """The key came with another request before."""


def claim_key(*, by: User, key: str, fingerprint: str) -> StoredAnswer:
    """Return the first answer for this key, or a claim without a status where the caller has to do the work.

    Raises KeyInUse while another process does the work, and KeyReused for another fingerprint.
    """
    ours = StoredAnswer(user=by, key=key, fingerprint=fingerprint, claim=uuid.uuid4())
    current = StoredAnswer.objects.filter(user=by, key=key, claimed_at__gt=timezone.now() - KEPT)
    found = current.first()
    if found is None:
        with transaction.atomic():
            _expired().filter(user=by).delete()
            StoredAnswer.objects.bulk_create([ours], ignore_conflicts=True)
            found = current.first()
        if found is None:  # another request's claim, which was freed between the two statements
            raise KeyInUse
    if found.claim == ours.claim:
        return found
    if found.status is None and found.claimed_at <= timezone.now() - LEASE:
        return _take_over(found, ours=ours)
    if found.fingerprint != fingerprint:
        raise KeyReused
    if found.status is None:
        raise KeyInUse
    return found


@transaction.atomic
def _take_over(found: StoredAnswer, *, ours: StoredAnswer) -> StoredAnswer:
    """Return the claim of a process that died. Raises KeyInUse where that process lives and holds the row's lock."""
    dead = StoredAnswer.objects.select_for_update(skip_locked=True).filter(pk=found.pk, claim=found.claim, status=None)
    row = dead.first()
    if row is None:
        raise KeyInUse
    row.fingerprint, row.claim, row.claimed_at = ours.fingerprint, ours.claim, ours.claimed_at
    row.save()
    return row


def hold_key(*, answer: StoredAnswer) -> None:
    """Lock the claim until the transaction ends. Raises KeyInUse when another process has taken it over."""
    ours = StoredAnswer.objects.select_for_update().filter(pk=answer.pk, claim=answer.claim, status=None)
    if ours.first() is None:
        raise KeyInUse


def keep_answer(*, answer: StoredAnswer, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Store the answer under a held key. A request that deleted the user has deleted the key, too."""
    StoredAnswer.objects.filter(pk=answer.pk).update(status=status, headers=dict(headers), body=body)


def free_key(*, answer: StoredAnswer) -> None:
    """Delete a claim under which no work was done."""
    StoredAnswer.objects.filter(pk=answer.pk, claim=answer.claim, status=None).delete()


def prune_answers(*, is_dry_run: bool = False) -> int:
    """Delete expired answers and return their number."""
    expired = _expired()
    return expired.count() if is_dry_run else expired.delete()[0]


def _expired() -> QuerySet[StoredAnswer]:
    return StoredAnswer.objects.filter(claimed_at__lte=timezone.now() - KEPT)
