"""Deletes a person with everything of theirs."""

from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from accounts.lockout import forget_guesses
from accounts.models import User


@transaction.atomic
def erase_user(*, user: User) -> None:
    """Leave no row and no file of this person, all or nothing. Raises DoesNotExist when another request was first.

    What other apps keep, they delete themselves: each path in ACCOUNT_ERASERS leads to a function of `user`. Files go
    after the commit.
    """
    person = User.objects.select_for_update(no_key=True).get(pk=user.pk)  # others' rows refer to it meanwhile
    for path in settings.ACCOUNT_ERASERS:
        erase: Callable[..., None] = import_string(path)
        erase(user=person)
    forget_guesses(user=person)
    person.delete()
