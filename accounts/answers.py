"""Keeps the first answer to each request that came with a key, so that a repeat gets it and does nothing.

A key is claimed and committed before the work begins, so that a second request sees that somebody is at it. The work
and its answer are committed together, under the claim's lock: a process that is killed leaves both or neither.
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
#: From the claim to the lock that shows that its process lives, which takes milliseconds.
LEASE = timedelta(seconds=60)


class KeyInUse(Exception):
    """A request with the same key is being worked on."""


class KeyReused(Exception):
    """The key came with another request before."""


def claim_key(*, by: User, key: str, fingerprint: str) -> StoredAnswer:
    """The answer to the first request with this key; without a status, the caller is the first and has to work.

    Raises KeyInUse while another process does, KeyReused where the fingerprint is that of another request.
    """
    ours = StoredAnswer(user=by, key=key, fingerprint=fingerprint, claim=uuid.uuid4())
    found = _kept(by, key).first() or _insert(ours)
    if found.claim == ours.claim:
        return found
    if found.status is None and found.claimed_at <= timezone.now() - LEASE:
        return _take_over(found, ours=ours)
    if found.fingerprint != fingerprint:
        raise KeyReused
    if found.status is None:
        raise KeyInUse
    return found


def hold_key(*, answer: StoredAnswer) -> None:
    """Lock the claim until the transaction ends, so that nobody takes it over. Raises KeyInUse when somebody has."""
    ours = StoredAnswer.objects.select_for_update().filter(pk=answer.pk, claim=answer.claim, status=None)
    if ours.first() is None:
        raise KeyInUse


def keep_answer(*, answer: StoredAnswer, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Store what a held key's request was answered; a request that removed the person removed the key, too."""
    StoredAnswer.objects.filter(pk=answer.pk).update(status=status, headers=dict(headers), body=body)


def free_key(*, answer: StoredAnswer) -> None:
    """Give a claim up, since nothing was done under it."""
    StoredAnswer.objects.filter(pk=answer.pk, claim=answer.claim, status=None).delete()


def prune_answers(*, is_dry_run: bool = False) -> int:
    """Remove what is kept no longer. Returns how many answers that are."""
    expired = _expired()
    return expired.count() if is_dry_run else expired.delete()[0]


def _expired() -> QuerySet[StoredAnswer]:
    return StoredAnswer.objects.filter(claimed_at__lte=timezone.now() - KEPT)


def _kept(by: User, key: str) -> QuerySet[StoredAnswer]:
    return StoredAnswer.objects.filter(user=by, key=key, claimed_at__gt=timezone.now() - KEPT)


def _insert(ours: StoredAnswer) -> StoredAnswer:
    """Claim a key that nobody has; the row that is there when two meet. The person's expired ones make room."""
    with transaction.atomic():
        _expired().filter(user=ours.user).delete()
        StoredAnswer.objects.bulk_create([ours], ignore_conflicts=True)
        found = _kept(ours.user, ours.key).first()
    if found is None:  # the other one's, freed between our two looks
        raise KeyInUse
    return found


@transaction.atomic
def _take_over(found: StoredAnswer, *, ours: StoredAnswer) -> StoredAnswer:
    """Claim what a process left that died. Raises KeyInUse when it lives after all: then it holds the row's lock."""
    dead = StoredAnswer.objects.select_for_update(skip_locked=True).filter(pk=found.pk, claim=found.claim, status=None)
    row = dead.first()
    if row is None:
        raise KeyInUse
    for name in ("fingerprint", "claim", "claimed_at"):
        setattr(row, name, getattr(ours, name))
    row.save()
    return row
